"""The pairs of options that the chapters share, with what Stevens' rules say of them."""

from __future__ import annotations

from fixtures.language.words import EADDRINUSE, NONE, OK, REUSEADDR, REUSEBOTH, REUSEPORT

#: Two sockets bind the same address and port: (first, second, the answer to the second bind).
DUPLICATES = [
    # The second asks for nothing.
    (NONE, NONE, EADDRINUSE),
    (REUSEADDR, NONE, EADDRINUSE),
    (REUSEPORT, NONE, EADDRINUSE),
    (REUSEBOTH, NONE, EADDRINUSE),
    # SO_REUSEADDR alone never permits a completely duplicate binding.
    (NONE, REUSEADDR, EADDRINUSE),
    (REUSEADDR, REUSEADDR, EADDRINUSE),
    (REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEBOTH, REUSEADDR, EADDRINUSE),
    # SO_REUSEPORT permits it if both have set it.
    (NONE, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEPORT, EADDRINUSE),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEBOTH, REUSEPORT, OK),
    (NONE, REUSEBOTH, EADDRINUSE),
    (REUSEADDR, REUSEBOTH, EADDRINUSE),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]

#: One of the two binds the wildcard, the other a specific address: what the second asks for decides alone.
OVERLAPS = [(first, second, EADDRINUSE if second == NONE else OK) for first, second, _ in DUPLICATES]

#: A server starts again where its predecessor's connections are left, (old, new, the answer to bind): only the new socket is asked.
RESTARTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (NONE,      REUSEPORT, OK),
    (NONE,      REUSEBOTH, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEADDR, REUSEPORT, OK),
    (REUSEADDR, REUSEBOTH, OK),
    (REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, NONE,      EADDRINUSE),
    (REUSEBOTH, REUSEADDR, OK),
    (REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip
