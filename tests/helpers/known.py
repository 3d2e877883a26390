"""Where a committed run contradicts the model of its platform, until the model is mended: the reason for each row.

Whoever mends a model deletes its rows; ``test_runs`` fails for a row that is not needed any more. The table shall become empty.
"""

from __future__ import annotations

EPIPE = "send after a reset is EPIPE: sosend looks at the closed half before it looks at so_error"
JOIN = "join of an IPv6 group by an IPv4 socket is EINVAL (ip_ctloutput)"
LINGER = "an accepted socket does not inherit SO_LINGER 0: attach makes TCP_LINGERTIME of it"
FROM_A_GROUP = "ECONNREFUSED does not reach a sender that is bound to a group"
SILENT = "a SYN to a socket that is bound and does not listen is dropped in silence (tcp_input, TCPS_CLOSED)"
MAPPED = "a socket bound to a mapped address connects to IPv6"
DESTINATION = "a mapped socket connects to the wildcard"
SHUTDOWN = "what shutdown of a socket without a connection does (soshutdown, tcp_usrclosed)"
SHUT_TWICE = "what a half that is shut does to data and to a second shutdown"
UNREAD = "close with unread data resets (tcp_disconnect)"
SHUT_OPTIONS = "setsockopt is EINVAL once both halves are shut (sosetoptlock)"
V6ONLY = "an accepted socket does not inherit IPV6_V6ONLY"
ACCEPT_UDP = "accept on UDP is EOPNOTSUPP"
AFTER_RESET = "shutdown after a reset is EINVAL"
TUPLE = "the same four-tuple across families is not looked for"
GROUP_SOURCE = "a UDP socket that is bound to a group cannot send (EADDRNOTAVAIL)"
DRAWN = "a refused connect to a mapped address has drawn a port already"

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
    "macos-11-userland-root": {
        "tcp/after-failure/reset/drawn-port": LINGER,
        "tcp/after-failure/reset/named-port": LINGER,
        "tcp/after-failure/reset/same-connection": LINGER,
        "tcp/after-failure/reset/shutdown": LINGER,
        "tcp/after-failure/reset/then-closed": LINGER,
        "tcp/calls/send-after-reset": EPIPE,
        "tcp/calls/send-after-reset/close-wait": EPIPE,
        "tcp/calls/send-to-the-shut/rd": SHUT_TWICE,
        "tcp/calls/send-to-the-shut/rdwr": SHUT_TWICE,
        "tcp/calls/shutdown-again/rd-rdwr": SHUT_TWICE,
        "tcp/calls/shutdown-again/wr": SHUT_TWICE,
        "tcp/dead-server/linger-0-in-closing/client": SHUT_OPTIONS,
        "tcp/dead-server/linger-0-in-closing/server": SHUT_OPTIONS,
        "tcp/dead-server/linger-0-on-listener/no-options": LINGER,
        "tcp/dead-server/unread-data/no-options": UNREAD,
        "tcp/outgoing/destination-wildcard/from-mapped/own-address": DESTINATION,
        "tcp/time-wait/descriptor-open/option-cleared-since": SHUT_OPTIONS,
        "tcp/time-wait/descriptor-open/option-set-since": SHUT_OPTIONS,
        "tcp4/calls/join-ipv6-group": JOIN,
        "tcp6/after-failure/mapped-bound/connect-to-ipv6": MAPPED,
        "tcp6/option-timing/accepted-inherits/v6only": V6ONLY,
        "udp/calls/accept": ACCEPT_UDP,
        "udp/calls/port-unreachable-is-told-the-sender": GROUP_SOURCE,
        "udp/calls/port-unreachable/sender-at-a-group": GROUP_SOURCE,
        "udp4/calls/join-ipv6-group": JOIN,
    },
    "netbsd-8-userland-root": {
        "tcp/after-failure/connect-to-itself/after-shutdown/rd": SHUTDOWN,
        "tcp/after-failure/connect-to-itself/after-shutdown/wr": SHUTDOWN,
        "tcp/after-failure/recv-after-early-shutdown/rd": SHUTDOWN,
        "tcp/after-failure/recv-after-early-shutdown/rdwr": SHUTDOWN,
        "tcp/after-failure/recv-after-early-shutdown/wr": SHUTDOWN,
        "tcp/after-failure/reset/accepted-shuts-down": AFTER_RESET,
        "tcp/after-failure/reset/drawn-port": LINGER,
        "tcp/after-failure/reset/error-stays": LINGER,
        "tcp/after-failure/reset/named-port": LINGER,
        "tcp/after-failure/reset/same-connection": LINGER,
        "tcp/after-failure/reset/shutdown": LINGER,
        "tcp/after-failure/reset/then-closed": LINGER,
        "tcp/after-failure/shutdown-before-connect/rd": SHUTDOWN,
        "tcp/after-failure/shutdown-before-connect/rdwr": SHUTDOWN,
        "tcp/after-failure/shutdown-before-connect/wr": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/both/shut-again": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/no-options": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/two-clients": SHUTDOWN,
        "tcp/after-failure/shutdown-before-listen/wr/who-keeps-time-wait": SHUTDOWN,
        "tcp/calls/send-after-reset": EPIPE,
        "tcp/calls/send-after-reset/close-wait": EPIPE,
        "tcp/connected/mapped/same-connection": TUPLE,
        "tcp/dead-server/linger-0-on-listener/no-options": LINGER,
        "tcp/outgoing/connect-to-unlistened/no-options": SILENT,
        "tcp/outgoing/destination-wildcard/mapped": DESTINATION,
        "tcp/outgoing/destination-wildcard/mapped-from-mapped": DESTINATION,
        "tcp/outgoing/destination-wildcard/mapped-from-wildcard": DESTINATION,
        "tcp4/calls/shutdown-unconnected": SHUTDOWN,
        "tcp4/receives/bound-only/alone": SILENT,
        "tcp4/receives/bound-only/connect": SILENT,
        "tcp6/after-failure/mapped-bound/connect-to-ipv6": MAPPED,
        "tcp6/calls/connect-mapped-v6only/then-bind": DRAWN,
        "udp/after-failure/shutdown-before-connect/rd": SHUTDOWN,
        "udp/after-failure/shutdown-before-connect/rdwr": SHUTDOWN,
        "udp/after-failure/shutdown-before-connect/wr": SHUTDOWN,
        "udp/calls/accept": ACCEPT_UDP,
        "udp/calls/port-unreachable-is-told-the-sender": GROUP_SOURCE,
        "udp/calls/port-unreachable/sender-at-a-group": GROUP_SOURCE,
        "udp4/calls/shutdown-unconnected": SHUTDOWN,
    },
}
