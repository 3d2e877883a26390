// Deno's own HTTP server, at port 8000.
Deno.serve({ port: 8000 }, () => new Response('ok'));
