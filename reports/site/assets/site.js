// What JavaScript adds: search, remembered columns, permalinks by id, and the whole story of one experiment.
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const asked = new URLSearchParams(location.search);
const release = document.documentElement.dataset.release;

/** An element with text or children; what begins with "on" is a listener. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Columns.

const KEY = "addrinuse-hidden";
/** Where many columns do not fit, as many are shown at first. */
const NARROW = 640, FEW = ["linux", "windows", "freebsd", "macos"];

function remembered() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function remember(words) {
  try { localStorage.setItem(KEY, words); } catch { /* a file may have no storage */ }
}

/** The platforms that a table shows. */
const platforms = (table) => [...table.tHead.rows[0].cells].slice(1).map((th) => th.textContent.trim());

/** What is hidden is remembered, for not every page has every platform. */
function columns() {
  const tables = all(".m");
  if (!tables.length) return;
  if (!$(".choose")) addChooser(platforms(tables[0]));
  const boxes = all(".choose input");
  const nameOf = (box) => box.parentElement.textContent.trim();
  const names = boxes.map(nameOf), wanted = asked.get("platforms")?.split(","), kept = remembered();
  const hidden = new Set(wanted ? names.filter((name) => !wanted.includes(name)) : kept?.split(",").filter(Boolean) ?? (innerWidth < NARROW ? names.filter((name) => !FEW.includes(name)) : []));
  for (const box of boxes) box.checked = !hidden.has(nameOf(box));
  if (!boxes.some((box) => box.checked)) for (const box of boxes) box.checked = true;
  const changed = () => {
    for (const box of boxes) hidden[box.checked ? "delete" : "add"](nameOf(box));
    remember([...hidden].join());
  };
  const tick = (wanted) => { for (const box of boxes) box.checked = wanted(nameOf(box)); changed(); };
  $(".choose").addEventListener("change", changed);
  $(".choose fieldset").append(
    make("button", { type: "button", onclick: () => tick(() => true) }, "All"),
    make("button", { type: "button", onclick: () => tick((name) => FEW.includes(name)) }, "Few"),
  );
  for (const th of tables.flatMap((table) => [...table.tHead.rows[0].cells].slice(1))) th.replaceChildren(make("a", { href: `platforms.html#${th.textContent.trim()}` }, th.textContent.trim()));
}

function addChooser(names) {
  const labels = names.map((name, n) => make("label", {}, make("input", { type: "checkbox", id: `c${n + 2}`, checked: "" }), ` ${name}`));
  const chooser = make("details", { class: "choose" }, make("summary", {}, "Choose platforms"), make("fieldset", {}, make("legend", {}, "Columns"), ...labels));
  $(".scroll").before(chooser);
}

// Search and filter.

const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

function search() {
  const first = $("#matrix"), box = (type, id) => make("input", { type, id, name: id, autocomplete: "off" });
  if (!first && !anchors().length) return;
  const form = make("form", { class: "tools", role: "search" }, make("label", {}, first ? "Search questions and ids " : "Filter ", box("search", "q")));
  if (!first) form.append(make("label", {}, box("checkbox", "odd"), " only where platforms differ"));
  form.append(make("span", { id: "found", role: "status" }));
  $(".choose").before(form);
  form.addEventListener("submit", (event) => { event.preventDefault(); open(form.q.value.trim()); });
  form.addEventListener("input", () => filter(form));
  form.addEventListener("focusin", () => identify(form), { once: true });
  if (asked.has("q")) { form.q.value = asked.get("q"); filter(form); }
}

/** The ids behind the lines of the first page, to search in. */
const behind = new Map();

async function identify(form) {
  if (anchors().length) return;
  for (const { id, page, anchor } of (await load()).experiments.values()) behind.set(`${page}#${anchor}`, `${behind.get(`${page}#${anchor}`) ?? ""} ${id}`);
  filter(form);
}

/** The lines that have every word, in their own text or in what stands above them; and, if that is asked, different answers. */
function filter(form) {
  const wanted = words(form.q.value), odd = form.odd?.checked;
  let found = 0;
  for (const body of all(".m tbody")) {
    const head = body.rows[0], about = head.textContent.toLowerCase();
    let kept = 0;
    for (const row of $("details", head) ? all("li", body) : [...body.rows].slice(1)) {
      const text = `${about} ${row.textContent.toLowerCase()} ${behind.get($("a", row)?.getAttribute("href")) ?? ""}`;
      row.hidden = !wanted.every((word) => text.includes(word)) || (odd && !differs(row));
      if (!row.hidden) kept += all("th p", row).length || 1;
    }
    body.hidden = kept === 0;
    const details = $("details", head);
    if (details && wanted.length) details.open = kept > 0;
    found += kept;
  }
  $("#found").textContent = wanted.length || odd ? `${found} found` : "";
}

const differs = (row) => new Set([...row.cells].slice(1).map((cell) => cell.firstChild?.textContent[0]).filter((mark) => mark !== "-" && mark !== "?")).size > 1;

// The data of single experiments, loaded when they are needed.

let waiting;
window.addrinuse = async (packed) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  waiting.resolve(unfold(await new Response(stream).json()));
};

function load() {
  if (!waiting) {
    waiting = {};
    waiting.promise = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    document.head.append(make("script", { src: "data.js", onerror: () => waiting.reject(new Error("data.js is missing")) }));
  }
  return waiting.promise;
}

function unfold(data) {
  data.experiments = new Map();
  const families = {};
  for (const [page, rule, id, names, rows] of data.families) {
    const anchor = `f${families[page] = (families[page] ?? 0) + 1}`;
    for (const [values, places] of rows) {
      const put = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => values[names.indexOf(name)] ?? whole);
      const [platform, ...script] = places.map((place) => data.lines[place]);
      data.experiments.set(put(id), { id: put(id), page, anchor, rule, put, platform, script });
    }
  }
  return data;
}

// Permalinks: index.html?id=ID&release=RELEASE, on every release's site.

async function permalink() {
  const id = asked.get("id"), other = asked.get("release");
  if (!id) return;
  if (other && other !== release && /^[\w.+-]+$/.test(other)) {
    const inRelease = location.pathname.split("/").at(-2) === release;
    location.replace(`${inRelease ? "../" : ""}${other}/index.html?${asked}`);
    return;
  }
  await open(id, true);
}

/** Go to the experiment of this id, if there is one. */
async function open(id, loud = false) {
  const { experiments } = await load();
  const found = experiments.get(id);
  if (found) location.replace(`${found.page}#${id}`);
  else if (loud && $("#found")) { $(".tools").q.value = id; filter($(".tools")); $("#found").textContent = `There is no experiment ${id}.`; }
}

// One experiment.

const anchors = () => all(".m th p[id], .m tbody th[id]");

/** Make the ids text and links. What the ids of a family have in common is left out of sight. */
function name() {
  for (const body of all(".m tbody")) {
    const own = all("th p[id], th[id]", body), ids = own.map((each) => each.id);
    const cut = ids.length > 1 ? common(ids) : 0;
    for (const each of own) each.append(make("a", { href: `#${each.id}`, title: each.id }, each.id.slice(cut)));
  }
}

function common(ids) {
  let end = 0;
  while (ids[0][end] && ids.every((id) => id[end] === ids[0][end])) end++;
  return ids[0].lastIndexOf("/", end - 1) + 1;
}

async function show() {
  const hash = location.hash.slice(1), id = decodeURIComponent(hash), place = anchors().find((each) => each.id === id);
  $("dialog")?.remove();
  if (!place) {
    const own = all("th p[id], th[id]", document.getElementById(id)?.closest("tbody") ?? make("p"));
    if (/^f\d+$/.test(id) && own.length === 1) location.replace(`#${own[0].id}`);
    return;
  }
  const data = await load(), about = data.experiments.get(id);
  if (!about || location.hash.slice(1) !== hash) return;
  place.scrollIntoView({ block: "center" });
  const dialog = make("dialog", { "aria-labelledby": "what" });
  dialog.append(
    make("button", { class: "shut", onclick: () => dialog.close() }, "Close"),
    make("h2", { id: "what" }, id),
    make("p", {}, question(place, about)),
    make("h3", {}, `Script, as ${about.platform} answers it`),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Script" }, life(about.script)),
    make("h3", {}, `Rule ${about.rule}`),
    make("p", {}, `${data.rules[about.rule][0]} `, make("cite", {}, $("p", place.closest("tbody")).textContent.slice(about.rule.length))),
    make("h3", {}, "Answers"),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Answers" }, answers(place.closest("tr"), data)),
    make("h3", {}, "Run and cite"),
    ...["run", "explain", "cite", "link", "bibtex"].map((what) => copyable(lines(what, id, data))),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); history.replaceState(null, "", location.pathname + location.search); $("a", place)?.focus(); });
  dialog.showModal();
}

/** The question of its script, with what the experiment puts in the place of each parameter. */
function question(place, about) {
  const asked = $("h2", place.closest("tbody")).cloneNode(true);
  for (const name of all("var", asked)) name.replaceWith(about.put(`{${name.textContent}}`));
  return asked.textContent;
}

function lines(what, id, data) {
  const link = new URL(`index.html?id=${encodeURIComponent(id).replaceAll("%2F", "/")}&release=${release}`, location.href);
  return { run: `${data.run} ${id}`, explain: `addrinuse explain ${id}`, cite: data.cite.replace("ID", id), bibtex: data.bibtex.replace("ID", id), link: link.href }[what];
}

function copyable(text) {
  const said = make("span", { role: "status" });
  const copy = async () => {
    try { await navigator.clipboard.writeText(text); said.textContent = "copied"; } catch { said.textContent = "not allowed here"; }
  };
  return make("p", { class: "copy" }, make("code", {}, text), make("button", { onclick: copy, "aria-label": `Copy: ${text.split("\n")[0]}` }, "Copy"), said);
}

/** The script with a lane for each socket, which shows its state from call to call. */
function life(script) {
  const steps = script.map((line) => line.split(" # ")), now = new Map(), rows = [];
  const sockets = [...new Set(steps.flatMap(([call, changes]) => [/^(\w+) = /.exec(call)?.[1], ...(changes ?? "").split(", ").map((each) => each.split(" ")[0])]))];
  const lanes = sockets.filter(Boolean);
  for (const [call, changes] of steps) {
    const made = /^(\w+) = /.exec(call)?.[1], fresh = new Set();
    if (made && !call.includes("accept") && !now.has(made)) { now.set(made, "open"); fresh.add(made); }
    for (const change of (changes ?? "").split(", ").filter(Boolean)) { const [socket, state] = change.split(" "); now.set(socket, state); fresh.add(socket); }
    const cells = lanes.map((socket) => {
      const state = now.get(socket), gone = !state || state === "gone";
      return make("td", gone ? {} : { "data-s": state }, gone ? (fresh.has(socket) ? "×" : "") : fresh.has(socket) ? state : "│");
    });
    rows.push(make("tr", {}, make("td", {}, make("code", {}, call)), ...cells));
  }
  const head = ["call", ...lanes].map((word) => make("th", { scope: "col" }, word));
  return make("table", { class: "life" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

const LETTERS = { O: "observed", L: "observed on its stack", S: "source", T: "tested elsewhere", D: "documented", R: "reported", P: "predicted", X: "disputed" };

/** The line of the table, turned: each platform with its answer, how that is known, and why. */
function answers(row, data) {
  const shown = platforms(row.closest("table"));
  const lines = data.platforms.map(([platform, clauses]) => {
    const text = row.cells[shown.indexOf(platform) + 1 || row.cells.length]?.textContent.trim() ?? "-", [, answer, letter, number] = /^(=|.*?)\s?([OLSTDRPX]?)(\d*)!?$/.exec(text);
    const clause = data.clauses[clauses[number - 1]];
    const said = answer === "=" ? "the rule holds" : answer === "-" ? "lacks what is needed" : answer.startsWith("?") ? "unknown" : answer;
    const why = clause ? [make("a", { href: `platforms.html#${clause[0]}` }, clause[0]), `: ${clause[1]} `, make("cite", {}, clause[2])] : [];
    return make("tr", {}, make("th", { scope: "row" }, platform), make("td", {}, said), make("td", {}, LETTERS[letter] ?? ""), make("td", {}, ...why));
  });
  const head = ["platform", "answer", "known", "why"].map((word) => make("th", { scope: "col" }, word));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines));
}

document.documentElement.classList.add("js");
columns();
name();
search();
permalink();
addEventListener("hashchange", show);
if (location.hash) show();
