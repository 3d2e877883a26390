"""Zeroconf that answers for one service. It joins 224.0.0.251 at port 5353."""

from __future__ import annotations

import signal
from importlib import import_module

zeroconf = import_module("zeroconf")
running = zeroconf.Zeroconf(interfaces=["192.0.2.1"], ip_version=zeroconf.IPVersion.V4Only)
signal.pause()
