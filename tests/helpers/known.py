"""Where a committed run contradicts the model of its platform, until the model is mended: the reason for each row.

Whoever mends a model deletes its rows; ``test_runs`` fails for a row that is not needed any more. The table shall become empty.
"""

from __future__ import annotations

EPIPE = "send after a reset is EPIPE: sosend looks at the closed half before it looks at so_error"
JOIN = "join of an IPv6 group by an IPv4 socket is EINVAL (ip_ctloutput)"
LINGER = "an accepted socket does not inherit SO_LINGER 0: attach makes TCP_LINGERTIME of it"
FROM_A_GROUP = "ECONNREFUSED does not reach a sender that is bound to a group"
MAPPED = "a socket bound to a mapped address connects to IPv6"
DESTINATION = "a mapped socket connects to the wildcard"
SHUTDOWN = "what shutdown of a socket without a connection does (soshutdown, tcp_usrclosed)"

#: By run, then by experiment.
KNOWN: dict[str, dict[str, str]] = {
    "freebsd-11-userland-root": {
        "tcp/after-failure/reset/drawn-port": LINGER,
        "tcp/after-failure/reset/named-port": LINGER,
        "tcp/after-failure/reset/same-connection": LINGER,
        "tcp/after-failure/reset/shutdown": LINGER,
        "tcp/after-failure/reset/then-closed": LINGER,
        "tcp/calls/send-after-reset": EPIPE,
        "tcp/calls/send-after-reset/close-wait": EPIPE,
        "tcp/dead-server/linger-0-on-listener/no-options": LINGER,
        "tcp4/calls/join-ipv6-group": JOIN,
        "udp/calls/port-unreachable/sender-at-a-group": FROM_A_GROUP,
        "udp4/calls/join-ipv6-group": JOIN,
    },
    "freebsd-13-userland-root": {
        "tcp/calls/send-after-reset": EPIPE,
        "tcp/calls/send-after-reset/close-wait": EPIPE,
        "tcp/outgoing/destination-wildcard/from-mapped/own-address": DESTINATION,
        "tcp4/calls/join-ipv6-group": JOIN,
        "tcp6/after-failure/mapped-bound/connect-to-ipv6": MAPPED,
        "udp/after-failure/shutdown-before-connect/rdwr": SHUTDOWN,
        "udp/after-failure/shutdown-before-connect/wr": SHUTDOWN,
        "udp/calls/port-unreachable/sender-at-a-group": FROM_A_GROUP,
        "udp4/calls/join-ipv6-group": JOIN,
    },
    "netbsd-8-userland-root": {
        "tcp/after-failure/shutdown-before-listen/no-options": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/two-clients": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/wr/who-keeps-time-wait": SHUTDOWN,
    },
}
