// The function that searches. MiniSearch is loaded before this script, window.addrinuseIndex is above.
{
  const { kinds, pages, ids } = window.addrinuseIndex;
  const MOST = 30;
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  // SO_REUSEADDR is found by reuseaddr. WSAEADDRINUSE is EADDRINUSE on Windows.
  const parts = (word) => (/^wsae/.test(word) ? [word.slice(3), "windows"] : word.includes("_") ? [word, ...word.split("_")] : [word]);
  // One server is found by servers: an s at the end of a plain word says nothing.
  const singular = (word) => (/^[a-z]{3,}[^su\W_]s$/.test(word) ? word.slice(0, -1) : word);
  const terms = (text) => words(text).flatMap(parts).map(singular);
  const WORN = new Set(["a", "an", "the", "of", "to", "is", "it", "in", "on", "my", "does", "do", "may", "and", "or", "i"]);
  const index = new MiniSearch({
    fields: ["title", "text", "more", "symptoms"],
    tokenize: terms,
    processTerm: (term) => (WORN.has(term) || !term ? null : term),
    searchOptions: {
      boost: { title: 2.5, text: 1.2, more: 1, symptoms: 2 },
      prefix: (term) => term.length > 3,
      boostDocument: (id) => kinds[pages[id][0]][1],
    },
  });
  // What people type when they have the trouble leads to the situation before it leads to what only mentions the word.
  index.addAll(pages.map(([kind, , title, text, more], id) => ({ id, title, text, [kinds[kind][0] === "Situation" ? "symptoms" : "more"]: more })));

  const experiment = (id) => ({ path: `e/${id}/index.html`, title: id, kind: "Experiment", text: "" });
  // A word that nothing has may be misspelt; one that something has is meant as it is written.
  const isUnknown = (term) => index.search(term, { tokenize: (text) => [text] }).length === 0;
  const fuzzy = (term) => (term.length > 5 && !/\d/.test(term) && isUnknown(term) ? 0.2 : false);

  // That an errno is of Windows is only a hint: what is in use matters more.
  const hint = (asked) => (/window/i.test(asked) ? null : "window");

  /** The pages for these words, best first: path, title, kind and a line of text. A page counts less for each word that it lacks. */
  window.addrinuseSearch = (asked) => {
    const wanted = asked.trim().toLowerCase();
    const named = wanted.includes("/") ? ids.filter((id) => id.includes(wanted)).slice(0, MOST).map(experiment) : [];
    const mere = hint(asked);
    const met = ({ score, queryTerms }) => score * new Set(queryTerms.filter((term) => term !== mere)).size;
    const hits = index.search(asked, { fuzzy, boostTerm: (term) => (term === mere ? 0.2 : 1) });
    const found = hits.sort((a, b) => met(b) - met(a)).slice(0, MOST - named.length);
    return [...named, ...found.map(({ id }) => {
      const [kind, path, title, text] = pages[id];
      return { path, title, kind: kinds[kind][0], text };
    })];
  };
}
