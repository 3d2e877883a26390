"""Programs and systems by the names that people type, and what we say of them besides what libraries and incidents do."""

from __future__ import annotations

from dataclasses import dataclass

from reports import incidents

_STUB = "tcp/duplicate/specific-then-wildcard/bind-listen-bind-listen/none-then-none"
_REUSEPORT_TWICE = "tcp/duplicate/specific/bind-listen-bind-listen/reuseport-then-reuseport"


@dataclass(frozen=True)
class Known:
    """What is said of a program: a sentence or two, the experiments that show it, and the reports (owner/name#number) that tell it.

    ``library`` is the entry of the libraries under which it is found.
    """

    words: tuple[str, ...]
    says: str
    experiments: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    library: str = ""


KNOWN = (
    Known(
        ("docker", "docker-proxy", "docker-compose"),
        "docker-proxy binds each published port with what Go sets (explain go). A stub resolver on 127.0.0.53 refuses it 0.0.0.0:53:"
        " publish one address.",
        (_STUB,),
        ("moby/moby#32545", "sameersbn/docker-bind#65", "docker/for-linux#1340"),
        "go-net",
    ),
    Known(
        ("systemd", "socket-activation"),
        "Process 1 holds the sockets of socket units and hands them to a service: systemctl list-sockets names the unit. IPV6_V6ONLY on a"
        " socket that came bound is EINVAL.",
        ("tcp/dual-stack/option-after-bind/v6only", "tcp/descriptors/still-receives/inherit"),
        ("NLnetLabs/unbound#741",),
    ),
    Known(
        ("systemd-resolved", "resolved", "resolvconf", "pi-hole", "pihole", "bind9", "named"),
        "systemd-resolved holds port 53 of 127.0.0.53 and 127.0.0.54. Beside it a DNS server binds single addresses, not the wildcard, or"
        " DNSStubListener=no ends it (resolved.conf(5)).",
        (_STUB, "tcp/different-addresses/listening"),
        ("pi-hole/pi-hole#6646", "4km3/docker-dnsmasq#21"),
    ),
    Known(
        ("dnsmasq",),
        "dnsmasq is refused port 53 beside a stub resolver on 127.0.0.53 while it binds the wildcard: have it bind single addresses.",
        (_STUB, "tcp/different-addresses/listening"),
        ("4km3/docker-dnsmasq#21",),
    ),
    Known(
        ("avahi", "avahi-daemon", "mdns", "bonjour", "mdnsresponder", "zeroconf"),
        "Whoever binds UDP 5353 beside an mDNS daemon needs the option that the daemon has; on Linux SO_REUSEADDR and SO_REUSEPORT do not"
        " mix.",
        ("udp4/multicast/bind/reuseport-reuseaddr", "udp4/multicast/wildcard/reuseaddr"),
        ("grandcat/zeroconf#63", "tmds/Tmds.MDns#28", "novotnyllc/Zeroconf#128"),
    ),
    Known(
        ("caddy",),
        "Caddy sets SO_REUSEPORT, so that a second one of the same user starts without a word.",
        (_REUSEPORT_TWICE,),
        ("caddyserver/caddy#6515",),
    ),
    Known(
        ("php", "php-fpm"),
        "What PHP's own server sets nobody has read for this list.",
        ("tcp/time-wait/server-closes-first/old-none/new-none",),
    ),
    Known(
        ("kubernetes", "kubelet", "nomad", "calico"),
        "A node port can be drawn by an outgoing connection before its server starts: reserve it with net.ipv4.ip_local_reserved_ports.",
        ("tcp/outgoing/server-on-client-port/wildcard/client-none/server-reuseaddr",),
        ("hashicorp/nomad#3456", "kubernetes/kubernetes#40920", "projectcalico/calico#3424"),
    ),
    Known(
        ("android",),
        "Two apps are two users: SO_REUSEPORT does not let the second in.",
        ("tcp/takeover/listening/stranger-stranger2/reuseport",),
        ("opendocument-app/OpenDocument.droid#537",),
    ),
    Known(
        ("esp32", "esp-idf", "esp8266", "arduino", "nodemcu", "circuitpython"),
        "Its stack is lwIP, whose errno 112 is EADDRINUSE: TIME_WAIT refuses a restart for two minutes unless SO_REUSEADDR is set and the"
        " firmware was built with it (SO_REUSE).",
        ("tcp/time-wait/server-closes-first/old-none/new-none",),
        ("espressif/esp-idf#5622", "adafruit/circuitpython#7119", "nodemcu/nodemcu-firmware#1835"),
    ),
    Known(
        ("vite", "webpack", "next.js", "nextjs"),
        "localhost is 127.0.0.1 and ::1, which are two places: two servers on one port may each have one of them.",
        ("tcp/dual-stack/apart/v6only-then-any4", "tcp/different-addresses/listening"),
        ("vitejs/vite#12205", "vitejs/vite#10638", "vitejs/vite#21381"),
        "node",
    ),
    Known(
        ("httpclient", "requests", "urllib3", "10048", "wsaeaddrinuse"),
        "10048 at connect means that no local port is left for this destination: keep connections open and use them again.",
        ("tcp/ephemeral/connect/other-destination/no-options", "tcp/outgoing/duplicate-four-tuple/reuseaddr"),
        ("psf/requests#3031", "dotnet/runtime#45544", "dotnet/runtime#109141"),
    ),
    Known(
        ("10013", "wsaeacces"),
        "10013 at bind: the port is held exclusively, or the other socket lacks SO_REUSEADDR while yours has it, or Windows reserves the"
        " range (netsh interface ipv4 show excludedportrange tcp).",
        ("tcp/duplicate/exclusive/bind-listen-bind-listen/exclusiveaddruse-then-reuseaddr",),
        ("microsoft/WSL#5514", "docker/for-win#3171"),
    ),
)
_BY_WORD = {word: one for one in KNOWN for word in one.words}


def known(word: str) -> Known | None:
    """What is said of a program or a number, whole words only."""
    return _BY_WORD.get(word.lower())


def note(word: str) -> list[str]:
    """What is said of it, for a person."""
    one = known(word)
    if one is None:
        return []
    return [f"{word}: {one.says}", *(f"  {name}" for name in one.experiments), *([f"  [{', '.join(one.reports)}]"] if one.reports else [])]


def happened(word: str) -> list[str]:
    """The incidents in which the word occurs, for a person."""
    met = [incident for incident in incidents.load() if incidents.mentions(incident, word)]
    return [f"{word}, in incidents:", *incidents.as_text(met).splitlines()] if met else []
