// Bun's own HTTP server, at port 3000.
Bun.serve({ port: 3000, fetch: () => new Response('ok') });
