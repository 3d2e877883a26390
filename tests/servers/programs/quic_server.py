"""aioquic's server at 127.0.0.1:4433. It gets its certificate by its arguments."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module


async def main(certificate: str, key: str) -> None:
    configuration = import_module("aioquic.quic.configuration").QuicConfiguration(is_client=False)
    configuration.load_cert_chain(certificate, key)
    await import_module("aioquic.asyncio").serve("127.0.0.1", 4433, configuration=configuration)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
