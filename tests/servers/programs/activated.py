"""A server that takes over the listener that its starter made: descriptor 3, as systemd passes it."""

from __future__ import annotations

import socket

with socket.socket(fileno=3) as listener:
    kept = []
    while True:
        kept.append(listener.accept())
