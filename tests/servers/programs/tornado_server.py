"""Tornado with two processes that share one listener, at port 8888."""

from __future__ import annotations

import asyncio
from importlib import import_module

netutil, process, httpserver, web = (import_module(f"tornado.{name}") for name in ("netutil", "process", "httpserver", "web"))
sockets = netutil.bind_sockets(8888)
process.fork_processes(2)


async def main() -> None:
    httpserver.HTTPServer(web.Application()).add_sockets(sockets)
    await asyncio.Event().wait()


asyncio.run(main())
