"""Where a committed run contradicts the model of its platform, until the model is mended: the reason for each row.

Whoever mends a model deletes its rows; ``test_runs`` fails for a row that is not needed any more. The table shall become empty.
"""

from __future__ import annotations

SHUTDOWN = "what shutdown of a socket without a connection does (soshutdown, tcp_usrclosed)"

#: By run, then by experiment.
KNOWN: dict[str, dict[str, str]] = {
    "netbsd-8-userland-root": {
        "tcp/after-failure/shutdown-before-listen/no-options": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/two-clients": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/wr/who-keeps-time-wait": SHUTDOWN,
    },
}
