// Pages that were visited are there offline, too: from the network if there is one, else as they were last seen.
"use strict";

const KEPT = "addrinuse-pages";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const kept = await caches.open(KEPT);
  // The engine of the playground is large, and the same as long as its name is.
  const isLasting = request.url.includes("/pyodide-");
  if (isLasting) { const old = await kept.match(request); if (old) return old; }
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await kept.put(request, fresh.clone());
    return fresh;
  } catch (error) {
    const old = await kept.match(request, { ignoreSearch: true });
    if (old) return old;
    throw error;
  }
}
