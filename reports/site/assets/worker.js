// Python with the models, apart from the page, so that the page stays quick while it starts and answers.
let started;

async function start(engine, models) {
  const { loadPyodide } = await import(`${engine}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: engine });
  const response = await fetch(models);
  if (!response.ok) throw new Error(`${models} is missing`);
  python.unpackArchive(await response.arrayBuffer(), "zip");
  return python.runPython("from reports.asked import answered; answered");
}

onmessage = async ({ data: { id, engine, models, request } }) => {
  try {
    started ??= start(engine, models);
    const answered = await started;
    postMessage({ id, answer: answered(request) });
  } catch (error) {
    started = undefined;
    postMessage({ id, failed: String(error) });
  }
};
