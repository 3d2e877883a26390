// The function that searches. MiniSearch is loaded before this script, window.addrinuseIndex is above.
{
  const { kinds, pages, ids } = window.addrinuseIndex;
  const MOST = 30;
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  // SO_REUSEADDR is found by reuseaddr, WSAEADDRINUSE by EADDRINUSE.
  const terms = (text) => words(text).flatMap((word) => [word, ...(word.includes("_") ? word.split("_") : []), ...(/^wsae/.test(word) ? [word.slice(3)] : [])]);
  const WORN = new Set(["a", "an", "the", "of", "to", "is", "it", "in", "on", "my", "does", "do", "may", "and", "or", "i"]);
  const index = new MiniSearch({
    fields: ["title", "text", "more"],
    tokenize: terms,
    processTerm: (term) => (WORN.has(term) || !term ? null : term),
    searchOptions: {
      boost: { title: 2.5, text: 1.2, more: 1 },
      prefix: (term) => term.length > 3,
      fuzzy: (term) => (term.length > 5 && !/\d/.test(term) ? 0.2 : false),
      boostDocument: (id) => kinds[pages[id][0]][1],
    },
  });
  index.addAll(pages.map(([, , title, text, more], id) => ({ id, title, text, more })));

  const experiment = (id) => ({ path: `e/${id}/index.html`, title: id, kind: "Experiment", text: "" });

  /** The pages for these words, best first: path, title, kind and a line of text. */
  window.addrinuseSearch = (asked) => {
    const wanted = asked.trim().toLowerCase();
    const named = wanted.includes("/") ? ids.filter((id) => id.includes(wanted)).slice(0, MOST).map(experiment) : [];
    const found = index.search(asked).slice(0, MOST - named.length);
    return [...named, ...found.map(({ id }) => {
      const [kind, path, title, text] = pages[id];
      return { path, title, kind: kinds[kind][0], text };
    })];
  };
}
