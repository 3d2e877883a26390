// The playground: the script and the platforms go to a worker, in which Python has the models; its answers become a table.
"use strict";
{
  const form = $(".playground"), field = $("#script"), trouble = $("#trouble"), state = $("#state"), results = $("#results");
  const chosen = () => all("[name=platform]:checked", form).map((box) => box.value);
  const titles = new Map(all("[name=platform]", form).map((box) => [box.value, box.parentElement.textContent.trim()]));
  let worker, count = 0;
  const waiting = new Map();

  /** The answer to a request. The first one starts the worker. */
  function ask(request) {
    if (!worker) {
      worker = new Worker(new URL("../worker.js", location.href), { type: "module" });
      worker.onmessage = ({ data }) => { waiting.get(data.id)[data.failed ? "reject" : "resolve"](data.failed ?? JSON.parse(data.answer)); waiting.delete(data.id); };
      worker.onerror = () => { for (const { reject } of waiting.values()) reject("the engine did not start"); waiting.clear(); worker = undefined; };
    }
    const id = ++count, folder = new URL(".", location.href);
    const engine = new URL(form.dataset.engine, folder).href, models = new URL(form.dataset.models, folder).href;
    worker.postMessage({ id, engine, models, request: JSON.stringify(request) });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  window.addrinuseAsk = ask;

  function tell(error) {
    trouble.hidden = !error;
    trouble.className = error ? "error" : "";
    trouble.textContent = error ? `${error.line ? `Line ${error.line}: ` : ""}${error.message}` : "";
    field.toggleAttribute("aria-invalid", Boolean(error));
    if (!error?.line) return;
    const lines = field.value.split("\n"), start = lines.slice(0, error.line - 1).join("\n").length + (error.line > 1 ? 1 : 0);
    field.focus();
    field.setSelectionRange(start, start + lines[error.line - 1].length);
  }

  async function answer() {
    const platforms = chosen();
    if (!platforms.length) { tell({ message: "Choose a platform." }); return; }
    state.textContent = worker ? "Answering" : "Loading Python and the models, 13 MB";
    keep();
    try {
      const told = await ask({ script: field.value, platforms });
      state.textContent = "";
      tell(told.error);
      results.hidden = Boolean(told.error);
      if (told.error) return;
      if (told.script !== field.value) { field.value = told.script; keep(); }
      show(told, platforms);
    } catch (why) {
      state.textContent = "";
      tell({ message: isServed ? `That did not work: ${why}` : "A page that was opened as a file may not start the engine. Serve the folder: python3 -m http.server" });
    }
  }

  function show({ calls, answers, errors }, platforms) {
    const able = platforms.filter((name) => answers[name]);
    const parting = calls.find((call) => call.parts);
    $("#parted").textContent = able.length < 2 ? "" : parting ? `They part at line ${parting.line}: ${parting.call}` : "All of them answer alike.";
    const head = make("tr", {}, make("th", { scope: "col" }, "Line"), make("th", { scope: "col" }, "Call"), ...able.map((name) => make("th", { scope: "col" }, titles.get(name))));
    const rows = calls.map((call, at) => make("tr", {}, make("td", {}, String(call.line)), make("th", { scope: "row", "data-line": call.line, ...(call.parts ? { class: "parts" } : {}) }, make("code", {}, call.call)),
      ...able.map((name) => cell(answers[name][at], titles.get(name)))));
    const table = make("table", { class: "results" }, make("caption", {}, "What each platform answers; the clause that decides, and how it is known. A bar marks where they part."), make("thead", {}, head), make("tbody", {}, ...rows));
    const refused = Object.entries(errors).map(([name, why]) => make("p", { class: "error" }, `${titles.get(name)}: ${why}`));
    $("#results .scroll").replaceChildren(table, ...refused);
    results.scrollIntoView({ block: "nearest" });
  }

  function cell({ answer: names, by, why, basis, source, expected }, title) {
    const kind = names.includes("unknown") ? "unknown" : names.length > 1 ? "either" : names[0] === "ok" ? "granted" : /^E[A-Z]+$/.test(names[0]) ? "refused" : "says";
    const page = by.includes("/") ? `${root}clause/${by}/index.html` : `${root}rule/${by}/index.html`;
    const reason = by ? make("details", {}, make("summary", {}, make("small", {}, "why")), make("small", {}, `${why} `, make("a", { href: page }, by), ` ${basis}. ${source}`)) : "";
    return make("td", { "data-h": title }, make("span", { class: `chip ${kind}` }, names.join(" or ")), expected ? make("small", {}, ` you expected ${expected}`) : "", reason);
  }

  /** The script and the choice, in the address. */
  function keep() {
    history.replaceState(null, "", `#${new URLSearchParams({ script: field.value, platforms: chosen().join() })}`);
  }

  function restore() {
    const kept = new URLSearchParams(location.hash.slice(1));
    if (!kept.has("script")) return;
    field.value = kept.get("script");
    const wanted = kept.get("platforms")?.split(",").filter((name) => titles.has(name));
    if (wanted?.length) for (const box of all("[name=platform]", form)) box.checked = wanted.includes(box.value);
    results.hidden = true;
    tell();
    if (worker) answer(); else state.textContent = "Press Answer.";
    form.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); answer(); });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); answer(); } });
  $("#share").addEventListener("click", async () => {
    keep();
    try { await navigator.clipboard.writeText(location.href); state.textContent = "The link is copied."; } catch { state.textContent = "The link is in the address bar."; }
  });
  addEventListener("hashchange", restore);
  restore();
}
