// What JavaScript adds to every page: copy buttons, permalinks, the remembered choice of platforms, search. See docs/site.md.
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const asked = new URLSearchParams(location.search);
const { release, root } = document.documentElement.dataset;
const isServed = location.protocol.startsWith("http");

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

// Addresses. Links name index.html so that they work from a file; on a server the address is the shorter one.

if (isServed && location.pathname.endsWith("/index.html") && !asked.has("id")) history.replaceState(null, "", location.pathname.slice(0, -10) + location.search + location.hash);

/** The page of something that had an anchor on a long page once: platforms.html#linux/listener-blocks. */
const MOVED = { "platforms.html": "clause/" };

function moved() {
  const name = decodeURIComponent(location.hash.slice(1)), page = location.pathname.split("/").at(-1);
  if (page === "platforms.html" && /^[a-z0-9]+\/[\w./-]+$/.test(name)) location.replace(`${root}${MOVED[page]}${name}/index.html`);
}

/** Permalinks: index.html?id=ID&release=RELEASE, on every release's site. */
async function permalink() {
  const id = asked.get("id"), other = asked.get("release");
  if (!id || !/^[\w./+-]+$/.test(id)) return;
  if (other && other !== release && /^[\w.+-]+$/.test(other)) {
    const inRelease = location.pathname.split("/").at(-2) === release;
    location.replace(`${inRelease ? "../" : ""}${other}/index.html?${asked}`);
    return;
  }
  const page = `${root}e/${id}/index.html`, response = isServed ? await fetch(page) : null;
  // A request that is not over when the page is left counts as failed.
  await response?.text();
  if (!response || response.ok) location.replace(page);
  else $("main").prepend(make("p", { class: "error", role: "alert" }, `There is no experiment ${id}.`));
}

// Copying.

function copyable(figure) {
  const said = make("span", { role: "status" }), code = $("code", figure);
  if (code.textContent.startsWith("index.html?id=")) code.textContent = new URL(root + code.textContent, location.href).href;
  const copy = async () => {
    try { await navigator.clipboard.writeText(code.textContent); said.textContent = "copied "; } catch { said.textContent = "not allowed here "; }
  };
  $("figcaption", figure).append(make("span", {}, said, make("button", { type: "button", onclick: copy, "aria-label": `Copy: ${$("figcaption", figure).textContent}` }, "Copy")));
}

// The choice of platforms: remembered, and in the address, so that a link shows what its sender saw.

const KEY = "addrinuse-platforms";

function remembered() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function remember(words) {
  try { localStorage.setItem(KEY, words); } catch { /* a file may have no storage */ }
}

function columns() {
  const boxes = all(".choose input");
  if (!boxes.length) return;
  const nameOf = (box) => box.id.slice("show-".length), usual = boxes.filter((box) => box.checked).map(nameOf);
  const wanted = (asked.get("platforms") ?? remembered())?.split(",").filter((name) => boxes.some((box) => nameOf(box) === name));
  if (wanted?.length) for (const box of boxes) box.checked = wanted.includes(nameOf(box));
  const changed = () => {
    const shown = boxes.filter((box) => box.checked).map(nameOf).join();
    remember(shown);
    const address = new URL(location.href);
    if (shown === usual.join()) address.searchParams.delete("platforms"); else address.searchParams.set("platforms", shown);
    history.replaceState(null, "", address.href.replaceAll("%2C", ","));
  };
  const tick = (ticked) => { for (const box of boxes) box.checked = ticked(nameOf(box)); changed(); };
  $(".choose").addEventListener("change", changed);
  $(".choose fieldset").append(
    make("button", { type: "button", onclick: () => tick(() => true) }, "All"),
    make("button", { type: "button", onclick: () => tick((name) => usual.includes(name)) }, "The main six"),
  );
}

// Search: the index is a script, loaded when somebody is about to search.

const loaded = new Map();

/** Load a script once. */
function load(name) {
  if (!loaded.has(name)) loaded.set(name, new Promise((resolve, reject) => document.head.append(make("script", { src: root + name, onload: resolve, onerror: () => reject(new Error(`${name} is missing`)) }))));
  return loaded.get(name);
}

/** What searches. The index needs MiniSearch when it runs, and of two scripts that load at once either may run first. */
async function loadSearch() {
  await load("minisearch.js");
  await load("search.js");
}

function search() {
  addEventListener("hashchange", () => { if (location.hash === "#q") $("#q")?.focus(); });
  const form = $("[data-search]");
  if (!form || !form.dataset.search) return;
  form.hidden = false;
  const field = $("input", form), found = $("#found"), hits = $("#hits");
  const look = async () => {
    const words = field.value.trim();
    if (!words) { hits.replaceChildren(); found.textContent = ""; return; }
    if (!window.addrinuseSearch) found.textContent = "Loading the index";
    try { await loadSearch(); } catch (error) { found.textContent = `Search does not work here: ${error.message}.`; return; }
    if (words !== field.value.trim()) return;
    const results = window.addrinuseSearch(words);
    found.textContent = results.length ? `${results.length === 30 ? "The first 30" : results.length} found` : "Nothing found. Try a call, an option or an errno.";
    hits.replaceChildren(...results.map(({ path, title, kind, text }) => make("li", {}, make("a", { href: root + path }, title), " ", make("small", {}, `${kind}. ${text}`))));
  };
  field.addEventListener("input", look);
  field.addEventListener("focus", () => loadSearch().catch(() => 0), { once: true });
  form.addEventListener("submit", async (event) => { event.preventDefault(); await look(); $("a", hits)?.focus(); });
  if (location.hash === "#q") field.focus();
  if (asked.has("q")) { field.value = asked.get("q"); look(); }
}

document.documentElement.classList.add("js");
moved();
permalink();
all(".copy").forEach(copyable);
columns();
search();
addEventListener("hashchange", moved);
if (isServed && "serviceWorker" in navigator) navigator.serviceWorker.register(`${root}sw.js`).catch(() => 0);
