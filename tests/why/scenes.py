"""Scenes in which an address is in use, made for real: who must be named, for which cause, and by which cure it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.why.patient import Cure
from reports.why.world import Newcomer
from tests.why.stage import PORT, STRANGER, USER, Player, Stage

RA, RP = "SO_REUSEADDR", "SO_REUSEPORT"
Build = Callable[[Stage], "Staged"]


@dataclass
class Staged:
    """What a scene has put on: who wants the port, the processes that must be named, and how a cure is carried out that changes others."""

    newcomer: Newcomer
    culprits: tuple[int, ...] = ()
    before_stop: Callable[[], object] | None = None
    both: Callable[[Cure], object] | None = None


@dataclass(frozen=True)
class Scene:
    """A scene: the cause that must be named, and the kind of cure that is carried out. ``root``: it takes root to make it."""

    build: Build
    cause: str
    cure: str
    root: bool = False
    answer: str = "EADDRINUSE"
    #: The reports (owner/name#number) that it reduces.
    reports: tuple[str, ...] = ()


def wants(
    stage: Stage, host: str = "127.0.0.1", *options: str, protocol: str = "tcp", port: int = PORT, uid: int | None = None
) -> Newcomer:
    return Newcomer(protocol, host, port, tuple((name, 1) for name in options), stage.uid if uid is None else uid)


# Children.


def a_child_outlives_the_server(stage: Stage) -> Staged:
    server = stage.play(f"held = hold('tcp4', '0.0.0.0', '{RA}')\nchild = os.fork()\nif child:\n    ready(child)\n    os._exit(0)\nstay()")
    child = int(server.words[0])
    stage.also_end(child)
    server.process.wait()
    return Staged(wants(stage, "0.0.0.0", RA), (child,))


def a_child_beside_its_server(stage: Stage) -> Staged:
    server = stage.play(f"held = hold('tcp4', '127.0.0.1', '{RA}')\nchild = os.fork()\nif child:\n    ready(child)\nstay()")
    child = int(server.words[0])
    stage.also_end(child)
    return Staged(wants(stage, "127.0.0.1", RA), (server.pid, child))


# Listeners.


def a_listener(stage: Stage) -> Staged:
    return Staged(wants(stage, "127.0.0.1", RA), (stage.play("held = hold('tcp4', '127.0.0.1')\nready()\nstay()").pid,))


def the_wildcard_beside_one_address(stage: Stage) -> Staged:
    return Staged(wants(stage, "127.0.0.1", RA), (stage.play(f"held = hold('tcp4', '0.0.0.0', '{RA}')\nready()\nstay()").pid,))


def a_dual_stack_listener(stage: Stage) -> Staged:
    return Staged(wants(stage, "0.0.0.0"), (stage.play("held = hold('tcp6', '::', v6only=0)\nready()\nstay()").pid,))


def ipv4_is_taken_for_a_dual_stack_server(stage: Stage) -> Staged:
    return Staged(wants(stage, "::", RA), (stage.play("held = hold('tcp4', '0.0.0.0')\nready()\nstay()").pid,))


def one_address_is_taken_for_the_wildcard(stage: Stage) -> Staged:
    return Staged(wants(stage, "0.0.0.0", RA), (stage.play("held = hold('tcp4', '127.0.0.1')\nready()\nstay()").pid,))


def loopback6_is_taken(stage: Stage) -> Staged:
    return Staged(wants(stage, "::1"), (stage.play("held = hold('tcp6', '::1')\nready()\nstay()").pid,))


def another_user_with_reuseport(stage: Stage) -> Staged:
    return Staged(wants(stage, "127.0.0.1", RP), (stage.play(f"held = hold('tcp4', '127.0.0.1', '{RP}')\nready()\nstay()", STRANGER).pid,))


def two_workers_with_reuseport(stage: Stage) -> Staged:
    workers = [stage.play(f"held = hold('tcp4', '127.0.0.1', '{RP}')\nready()\nstay()") for _ in range(2)]
    return Staged(wants(stage, "127.0.0.1"), tuple(worker.pid for worker in workers))


def a_listener_and_the_option_on_both(stage: Stage) -> Staged:
    old = stage.play("held = hold('tcp4', '127.0.0.1')\nready()\nstay()")
    return Staged(wants(stage, "127.0.0.1"), (old.pid,), both=lambda cure: _again(stage, old, "tcp4", "127.0.0.1", cure))


def bound_and_not_listening(stage: Stage) -> Staged:
    return Staged(wants(stage, "127.0.0.1", RA), (stage.play("held = hold('tcp4', '127.0.0.1', listen=False)\nready()\nstay()").pid,))


def a_listener_on_one_device(stage: Stage) -> Staged:
    return Staged(wants(stage, "127.0.0.1", RA), (stage.play("held = hold('tcp4', '127.0.0.1', device=b'lo')\nready()\nstay()").pid,))


def a_stub_resolver(stage: Stage) -> Staged:
    stub = stage.play("one, two = hold('tcp4', '127.0.0.53'), hold('udp4', '127.0.0.53')\nready()\nstay()", port=53)
    return Staged(wants(stage, "0.0.0.0", port=53, protocol="udp"), (stub.pid,))


# Connections.

#: A port that no client draws.
_SERVERS = 8443

#: A server that closes a connection first, and then ends. It has the options in the braces.
_CLOSES_FIRST = """
held = hold('tcp4', '127.0.0.1'{options})
client = socket.create_connection(('127.0.0.1', PORT))
server, _ = held.accept()
server.close(); client.recv(1); client.close(); held.close()
ready(); stay()
"""


def time_wait_and_the_option_everywhere(stage: Stage) -> Staged:
    stage.play(_CLOSES_FIRST.format(options=f", '{RA}'"))
    return Staged(wants(stage, "127.0.0.1"))


def time_wait_of_a_server_without_the_option(stage: Stage) -> Staged:
    stage.play(_CLOSES_FIRST.format(options=""))
    return Staged(wants(stage, "127.0.0.1", RA))


def an_accepted_connection(stage: Stage) -> Staged:
    served = stage.play(
        "held = hold('tcp4', '127.0.0.1')\nclient = socket.create_connection(('127.0.0.1', PORT))\nserver, _ = held.accept()\n"
        "client.close(); held.close()\nready()\nstay()"
    )
    return Staged(wants(stage, "127.0.0.1", RA), (served.pid,))


def nobody_has_it_and_it_waits_for_the_other_end(stage: Stage) -> Staged:
    stage.play(
        "held = hold('tcp4', '127.0.0.1')\nclient = socket.create_connection(('127.0.0.1', PORT))\nserver, _ = held.accept()\n"
        "server.close(); held.close()\nready()\nstay()"
    )
    return Staged(wants(stage, "127.0.0.1", RA))


def an_outgoing_connection(stage: Stage) -> Staged:
    server = stage.play("held = hold('tcp4', '127.0.0.1')\nready()\nmade, _ = held.accept()\nstay()", port=_SERVERS)
    client = stage.play("made = socket.create_connection(('127.0.0.1', PORT))\nready(made.getsockname()[1])\nstay()", port=_SERVERS)
    return Staged(wants(stage, "0.0.0.0", RA, port=int(client.words[0])), (client.pid,), lambda: stage.end(server))


def time_wait_of_an_outgoing_connection(stage: Stage) -> Staged:
    stage.play("held = hold('tcp4', '127.0.0.1')\nready()\nmade, _ = held.accept()\nmade.recv(1)\nmade.close()\nstay()")
    client = stage.play(
        "made = socket.create_connection(('127.0.0.1', PORT))\nport = made.getsockname()[1]\nmade.shutdown(1)\nmade.recv(1)\nmade.close()\n"
        "time.sleep(0.1)\nready(port)\nstay()"
    )
    return Staged(wants(stage, "0.0.0.0", RA, port=int(client.words[0])))


def a_client_connected_to_itself(stage: Stage) -> Staged:
    client = stage.play(
        "made = hold('tcp4', '127.0.0.1', listen=False)\nmade.connect(('127.0.0.1', PORT))\nready()\nsys.stdin.readline()\n"
        "made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')\nmade.close()\nready()\nstay()"
    )
    return Staged(wants(stage, "127.0.0.1", RA), (client.pid,), client.go_on)


# UDP.


def udp_without_the_option(stage: Stage) -> Staged:
    return Staged(wants(stage, "0.0.0.0", RA, protocol="udp"), (stage.play("held = hold('udp4', '0.0.0.0')\nready()\nstay()").pid,))


def mdns_with_the_other_option(stage: Stage) -> Staged:
    daemon = stage.play(f"held = hold('udp4', '0.0.0.0', '{RP}')\nready()\nstay()", port=5353)
    newcomer = wants(stage, "0.0.0.0", RA, protocol="udp", port=5353)
    return Staged(newcomer, (daemon.pid,), both=lambda cure: _again(stage, daemon, "udp4", "0.0.0.0", cure))


def a_udp_client(stage: Stage) -> Staged:
    client = stage.play(
        "made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nmade.connect(('127.0.0.1', PORT))\nready(made.getsockname()[1])\nstay()"
    )
    return Staged(wants(stage, "0.0.0.0", protocol="udp", port=int(client.words[0])), (client.pid,))


# Before bind asks who is there.


def a_privileged_port(stage: Stage) -> Staged:
    return Staged(wants(stage, "0.0.0.0", port=80, uid=USER))


def an_address_that_nobody_has(stage: Stage) -> Staged:
    return Staged(wants(stage, "192.0.2.1"))


def _again(stage: Stage, player: Player, kind: str, host: str, cure: Cure) -> None:
    """Start the holder anew, with the options of a cure."""
    assert cure.newcomer
    stage.end(player)
    options = "".join(f", '{name}'" for name, value in cure.newcomer.options if value)
    stage.play(f"held = hold('{kind}', '{host}'{options})\nready()\nstay()", port=cure.newcomer.port)


SCENES = {
    "a child outlives the server": Scene(
        a_child_outlives_the_server,
        "left-over",
        "stop",
        reports=(
            "cesanta/mongoose#1302",
            "zeek/zeek#5798",
            "toitlang/toit#3106",
            "unbit/uwsgi#498",
            "amule-project/amule#552",
            "samhocevar/rinetd#10",
        ),
    ),
    "a child beside its server": Scene(a_child_beside_its_server, "inherited", "stop"),
    "a listener": Scene(a_listener, "listener", "stop", reports=("jdx/pitchfork#345",)),
    "the wildcard beside one address": Scene(
        the_wildcard_beside_one_address,
        "other-address",
        "stop",
        reports=("jinhailang/blog#42", "apache/apisix#9571", "envoyproxy/envoy#38146"),
    ),
    "a dual-stack listener": Scene(a_dual_stack_listener, "other-address", "stop", reports=("dgraph-io/dgraph#2097",)),
    "IPv4 is taken for a dual-stack server": Scene(
        ipv4_is_taken_for_a_dual_stack_server, "other-address", "v6only", reports=("nodejs/node#26274",)
    ),
    "one address is taken for the wildcard": Scene(
        one_address_is_taken_for_the_wildcard, "other-address", "specific", root=True, reports=("vitejs/vite#12205",)
    ),
    "::1 is taken": Scene(
        loopback6_is_taken,
        "listener",
        "stop",
        reports=("vitejs/vite#10638", "vitejs/vite#21381", "vitejs/vite#21646", "vitejs/vite#5241", "PostgREST/postgrest#3509"),
    ),
    "another user with SO_REUSEPORT": Scene(
        another_user_with_reuseport, "other-user", "user", root=True, reports=("opendocument-app/OpenDocument.droid#537",)
    ),
    "two workers with SO_REUSEPORT": Scene(two_workers_with_reuseport, "listener", "stop"),
    "a listener, and the option on both": Scene(a_listener_and_the_option_on_both, "listener", "both"),
    "bound and not listening": Scene(bound_and_not_listening, "bound", "stop"),
    "a listener on one device": Scene(a_listener_on_one_device, "listener", "stop", reports=("FRRouting/frr#5390",)),
    "a stub resolver": Scene(
        a_stub_resolver,
        "stub",
        "specific",
        root=True,
        reports=("moby/moby#32545", "sameersbn/docker-bind#65", "pi-hole/pi-hole#6646", "docker/for-linux#1340", "4km3/docker-dnsmasq#21"),
    ),
    "TIME_WAIT, and the option everywhere": Scene(time_wait_and_the_option_everywhere, "time-wait", "option"),
    "TIME_WAIT of a server without the option": Scene(
        time_wait_of_a_server_without_the_option, "time-wait", "wait", reports=("espressif/esp-idf#5622",)
    ),
    "an accepted connection": Scene(an_accepted_connection, "connection", "stop"),
    "nobody has it, and it waits for the other end": Scene(nobody_has_it_and_it_waits_for_the_other_end, "time-wait", "wait"),
    "an outgoing connection": Scene(
        an_outgoing_connection,
        "outgoing",
        "stop",
        reports=(
            *("hashicorp/nomad#3456", "kubernetes/kubernetes#40920", "bottlerocket-os/bottlerocket#1386", "projectcalico/calico#3424"),
            *("onedr0p/home-ops#11712", "xanmod/linux#250"),
        ),
    ),
    "TIME_WAIT of an outgoing connection": Scene(time_wait_of_an_outgoing_connection, "outgoing", "wait"),
    "a client connected to itself": Scene(
        a_client_connected_to_itself,
        "itself",
        "stop",
        reports=(
            *("tokio-rs/tokio#3405", "zeromq/libzmq#4588", "nodejs/node#2927", "ktorio/ktor#2237", "OpenIdentityPlatform/OpenDJ#729"),
            "oven-sh/bun#41336",
        ),
    ),
    "UDP without the option": Scene(udp_without_the_option, "udp", "stop", reports=("godotengine/godot#87723",)),
    "mDNS with the other option": Scene(
        mdns_with_the_other_option, "udp", "both", reports=("grandcat/zeroconf#63", "tmds/Tmds.MDns#28", "novotnyllc/Zeroconf#128")
    ),
    "a UDP client": Scene(a_udp_client, "udp-outgoing", "stop"),
    "a privileged port": Scene(
        a_privileged_port, "", "setting", root=True, answer="EACCES", reports=("jekyll/jekyll#1895", "cesanta/mongoose#511")
    ),
    "an address that nobody has": Scene(
        an_address_that_nobody_has,
        "",
        "nonlocal",
        root=True,
        answer="EADDRNOTAVAIL",
        reports=("openwrt/uhttpd#29", "n0-computer/iroh#4369", "Start9Labs/start-technologies#3490", "gdnsd/gdnsd#30", "puma/puma#1062"),
    ),
}
