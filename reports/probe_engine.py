#!/usr/bin/env python
"""addrinuse's probe: one file, standard library only, Python 2.7 or later, for systems where nothing else installs.

    python probe.py [--output FILE] [--only WORD] [--option NAME=NUMBER] [--list]

It performs the experiments of addrinuse on loopback (no packet leaves the machine), and writes every call
with its answer to a file, a run. It judges nothing: send the file to the project, which does.
"""

from __future__ import print_function

import errno
import hashlib
import json
import os
import platform
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

# --- generated from the suites: begin
SUITE = ""
FORMAT = ""
NAMES = {}
EPHEMERAL = {}
SYSCTLS = ()
STATES = ()
LINUX_STATES = {}
STATE_WORDS = {}
STRANGERS = {}
ENOUGH = 0
EXPERIMENTS = []
# --- generated from the suites: end

SEND_TO = "attach it to an issue of the project that gave you this file (there: python -m reports add FILE)"
BACKLOG = 128
DEADLINE = 15
RECEIVE_TIMEOUT = 2.0
CONNECT_TIMEOUT = 5.0
ARRIVAL_DEADLINE = 2.0
SILENCE = 0.15
ATTEMPTS = 3

LINUX = sys.platform.startswith("linux")
ERRORS = (socket.error, OSError, IOError, select.error)
LINGER = struct.Struct("ii")
LOOPBACK4 = socket.inet_aton("127.0.0.1")
IPPROTO_IPV6 = getattr(socket, "IPPROTO_IPV6", 41)


class Untestable(Exception):
    """Something that the experiment needs is absent."""


class Inconclusive(Exception):
    """A foreign process or a deadline interfered."""


class Broken(Exception):
    """What must work did not."""


WORDS = {"untestable": Untestable, "inconclusive": Inconclusive, "broken": Broken}


# --- names of errors, options, states


def soon(sock, act):
    """Act at once, and where that would wait, with patience. A socket that never becomes readable may refuse at once."""
    sock.settimeout(0)
    try:
        return act(sock)
    except ERRORS as error:
        if error_name(error) not in ("EAGAIN", "EWOULDBLOCK"):
            raise
    finally:
        sock.settimeout(RECEIVE_TIMEOUT)
    return act(sock)


def error_name(error):
    """The symbolic name of what a call was refused with."""
    number = error.args[0] if error.args else None
    for preferred in ("EAGAIN", "EOPNOTSUPP"):
        if getattr(errno, preferred, None) == number:
            return preferred
    return errno.errorcode.get(number, "errno-%s" % number)


def known_options():
    """The options that this Python names: level and number."""
    found = {}
    for name in ("SO_REUSEADDR", "SO_REUSEPORT", "SO_LINGER"):
        if hasattr(socket, name):
            found[name] = (socket.SOL_SOCKET, getattr(socket, name))
    if hasattr(socket, "IPV6_V6ONLY"):
        found["IPV6_V6ONLY"] = (IPPROTO_IPV6, socket.IPV6_V6ONLY)
    if sys.platform.startswith("sunos"):
        found["SO_EXCLBIND"] = (socket.SOL_SOCKET, 0x1015)
    return found


OPTIONS = known_options()


def option(name):
    """Level and number of an option."""
    if name not in OPTIONS:
        raise Untestable("option %s is absent" % name)
    return OPTIONS[name]


def set_option(sock, name, value):
    """Set an option by its name."""
    level, number = option(name)
    try:
        sock.setsockopt(level, number, LINGER.pack(1, value) if name == "SO_LINGER" else value)
    except ERRORS as error:
        if error_name(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
            raise Untestable("option %s is absent" % name)
        raise


def get_option(sock, name):
    """Whether an option is on."""
    level, number = option(name)
    try:
        if name == "SO_LINGER":
            return bool(LINGER.unpack(sock.getsockopt(level, number, LINGER.size))[0])
        return bool(sock.getsockopt(level, number))
    except ERRORS as error:
        if error_name(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
            raise Untestable("option %s is absent" % name)
        raise


def parse_proc_net_tcp(text, port):
    """The states of the blocks with this local port in the text of Linux's table."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[1].endswith(":%04X" % port) and words[3] in LINUX_STATES:
            found.append(LINUX_STATES[words[3]])
    return found


def parse_netstat(text, port):
    """The states of the blocks with this local port in the output of ``netstat -an``."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].lower().startswith("udp"):
            continue
        local = ([word for word in words if port_of(word)] or [""])[0]
        keys = [word.upper().replace("_", "").replace("-", "") for word in reversed(words)]
        states = [STATE_WORDS[key] for key in keys if key in STATE_WORDS]
        if states and port_of(local) == str(port):
            found.append(states[0])
    return found


def port_of(word):
    """The port of ``127.0.0.1.80``, ``*.80``, ``[::1]:80``; empty for anything else."""
    cut = max(word.rfind("."), word.rfind(":"))
    port = word[cut + 1 :]
    return port if cut > 0 and (port.isdigit() or port == "*") else ""


def tcp_states(port):
    """The states of the blocks with this local port."""
    if LINUX:
        found = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if os.path.exists(table):
                with open(table) as file:
                    found += parse_proc_net_tcp(file.read(), port)
        return sorted(found)
    try:
        process = subprocess.Popen(["netstat", "-an"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        text = process.communicate()[0].decode("ascii", "replace")
    except ERRORS:
        raise Untestable("the states of connections cannot be seen here: there is no netstat")
    return sorted(parse_netstat(text, port))


# --- sockets


def family_of(host):
    """The address family of an address."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def is_multicast(host):
    """Whether an address is a group's."""
    return host.lower().startswith("ff") if ":" in host else 224 <= int(host.split(".")[0]) < 240


def unmapped(host):
    """The IPv4 address that clients use for a mapped one."""
    return host[7:] if host.lower().startswith("::ffff:") and "." in host else host


def open_socket(family, kind):
    """A socket with the timeout of all."""
    try:
        sock = socket.socket(family, kind)
    except ERRORS as error:
        if error_name(error) in ("EAFNOSUPPORT", "EPROTONOSUPPORT"):
            raise Untestable("the address family %s is absent" % ("IPv6" if family == socket.AF_INET6 else "IPv4"))
        raise
    sock.settimeout(RECEIVE_TIMEOUT)
    return sock


def multicast_index():
    """The interface for IPv6 multicast."""
    for name in ("lo", "lo0"):
        try:
            return socket.if_nametoindex(name)
        except (AttributeError,) + ERRORS:
            continue
    return 1


def join(sock, group):
    """Join a group on loopback."""
    if ":" in group:
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", multicast_index())
        sock.setsockopt(IPPROTO_IPV6, getattr(socket, "IPV6_JOIN_GROUP", 20), request)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + LOOPBACK4)


def sender_to(host):
    """A UDP socket that sends there; what it sends to a group stays on the machine."""
    sock = open_socket(family_of(host), socket.SOCK_DGRAM)
    if is_multicast(host) and ":" in host:
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, multicast_index())
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 0)
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    elif is_multicast(host):
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, LOOPBACK4)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("B", 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, struct.pack("B", 1))
    return sock


def can_bind(family, kind, host, port):
    """Whether an address can be bound now."""
    try:
        sock = open_socket(family, kind)
    except (Untestable,) + ERRORS:
        return False
    try:
        sock.bind((host, port))
        return True
    except ERRORS:
        return False
    finally:
        sock.close()


def second_address():
    """Another local address than 127.0.0.1, or None. Nothing is sent to find it."""
    if can_bind(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.2", 0):
        return "127.0.0.2"
    try:
        sock = open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.connect(("192.0.2.1", 9))
            host = sock.getsockname()[0]
        finally:
            sock.close()
    except ERRORS:
        return None
    return host if not host.startswith("127.") and can_bind(socket.AF_INET, socket.SOCK_STREAM, host, 0) else None


def hears_itself(group, wildcard):
    """Whether multicast works on loopback."""
    opened = []
    try:
        opened.append(open_socket(family_of(group), socket.SOCK_DGRAM))
        opened.append(sender_to(group))
        opened[0].bind((wildcard, 0))
        join(opened[0], group)
        opened[0].settimeout(0.3)
        opened[1].sendto(b"?", (group, opened[0].getsockname()[1]))
        return opened[0].recv(16) == b"?"
    except (Untestable, AttributeError) + ERRORS:
        return False
    finally:
        for sock in opened:
            sock.close()


class Hands(object):
    """The sockets of one process, by name; each ``do_`` method is a request."""

    def __init__(self):
        self.sockets = {}
        self.clients = []

    def ask(self, verb, *args):
        """Answer one request with a dictionary."""
        signal.alarm(DEADLINE)
        try:
            return getattr(self, "do_" + verb)(*args)
        except Untestable as absent:
            return {"untestable": str(absent)}
        except Inconclusive as late:
            return {"inconclusive": str(late)}
        except ERRORS as error:
            if isinstance(error, socket.timeout) and not isinstance(error.args[0], int):
                return {"inconclusive": "%s did not end in time" % verb}
            return {"answer": error_name(error)}
        except Exception as error:
            return {"broken": "%s: %s: %s" % (verb, type(error).__name__, error)}
        finally:
            signal.alarm(0)

    def do_create(self, name, kind, options):
        """Make a socket and set its options."""
        family = socket.AF_INET6 if kind[-1] == "6" else socket.AF_INET
        sock = open_socket(family, socket.SOCK_STREAM if kind[:3] == "tcp" else socket.SOCK_DGRAM)
        try:
            for word, value in options:
                set_option(sock, word, value)
        except BaseException:
            sock.close()
            raise
        self.sockets[name] = sock
        return {"answer": "ok"}

    def do_setsockopt(self, name, word, value):
        """Set an option."""
        set_option(self.get(name), word, value)
        return {"answer": "ok"}

    def do_getsockopt(self, name, word):
        """Read an option."""
        return {"answer": "1" if get_option(self.get(name), word) else "0"}

    def do_bind(self, name, host, port):
        """Bind."""
        self.get(name).bind((host, port))
        return self.ok(name)

    def do_listen(self, name):
        """Listen."""
        self.get(name).listen(BACKLOG)
        return self.ok(name)

    def do_connect(self, name, host, port):
        """Connect, waiting."""
        sock = self.get(name)
        sock.settimeout(None)
        try:
            sock.connect((host, port))
        finally:
            sock.settimeout(RECEIVE_TIMEOUT)
        return self.ok(name)

    def do_accept(self, name, new):
        """Accept one connection."""
        accepted = soon(self.get(name), lambda sock: sock.accept())[0]
        accepted.settimeout(RECEIVE_TIMEOUT)
        self.sockets[new] = accepted
        return self.ok(new)

    def do_send(self, name, size):
        """Send until all is sent or no more fits."""
        sock, sent = self.get(name), 0
        sock.settimeout(0)
        block = b"\0" * min(size, 1 << 20)
        try:
            while sent < size:
                try:
                    sent += sock.send(block[: size - sent])
                except ERRORS as error:
                    if error_name(error) not in ("EAGAIN", "EWOULDBLOCK", "EINTR"):
                        raise
                    if not select.select([], [sock], [], 0.02)[1]:
                        break
        finally:
            sock.settimeout(RECEIVE_TIMEOUT)
        return {"answer": "ok"}

    def do_recv(self, name, size):
        """Wait for data, or for the end of the stream."""
        return {"answer": "ok" if soon(self.get(name), lambda sock: sock.recv(size)) else "end"}

    def do_shutdown(self, name, how):
        """Shut down."""
        self.get(name).shutdown(getattr(socket, {"RD": "SHUT_RD", "WR": "SHUT_WR", "RDWR": "SHUT_RDWR"}[how]))
        return {"answer": "ok"}

    def do_close(self, name):
        """Close one descriptor."""
        self.get(name)
        self.sockets.pop(name).close()
        return {"answer": "ok"}

    def do_dup(self, name, new, kind):
        """Duplicate a descriptor."""
        family = socket.AF_INET6 if kind[-1] == "6" else socket.AF_INET
        copy = socket.fromfd(self.get(name).fileno(), family, socket.SOCK_STREAM if kind[:3] == "tcp" else socket.SOCK_DGRAM)
        copy.settimeout(RECEIVE_TIMEOUT)
        self.sockets[new] = copy
        return {"answer": "ok"}

    def do_join(self, name, group):
        """Join a group."""
        join(self.get(name), group)
        return {"answer": "ok"}

    def do_connect_many(self, host, port, count):
        """Open connections and hold them."""
        host, connected = unmapped(host), 0
        for attempt in range(count):
            if attempt == 3 and not connected:
                break
            client = open_socket(family_of(host), socket.SOCK_STREAM)
            self.clients.append(client)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER.pack(1, 0))
            client.settimeout(CONNECT_TIMEOUT)
            try:
                client.connect((host, port))
                connected += 1
            except socket.timeout:
                raise Inconclusive("connection %d was not made in time" % (attempt + 1))
            except ERRORS:
                pass
        return {"answer": "ok", "count": connected}

    def do_datagrams(self, host, port, count):
        """Send datagrams, each from a socket of its own."""
        host, sent = unmapped(host), 0
        for _ in range(count):
            sender = sender_to(host)
            self.clients.append(sender)
            try:
                sender.sendto(b"?", (host, port))
                sent += 1
            except ERRORS:
                break
        return {"answer": "ok", "count": sent}

    def do_drain(self, names, protocol):
        """Take all that waits, and count it."""
        take = take_connection if protocol == "tcp" else take_datagram
        return {"answer": "ok", "counts": dict((name, count_all(self.get(name), take)) for name in names)}

    def do_hangup(self):
        """Close what connect_many and datagrams opened."""
        for client in self.clients:
            client.close()
        self.clients = []
        return {"answer": "ok"}

    def do_reset(self):
        """Close everything."""
        self.do_hangup()
        for sock in self.sockets.values():
            sock.close()
        self.sockets.clear()
        return {"answer": "ok"}

    def get(self, name):
        """A socket by its name."""
        if name not in self.sockets:
            raise socket.error(errno.EBADF, "closed")
        return self.sockets[name]

    def ok(self, name):
        """The answer with the port that the socket has."""
        return {"answer": "ok", "port": self.get(name).getsockname()[1]}


def take_connection(listener):
    """Accept one connection, and reset it."""
    accepted = listener.accept()[0]
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER.pack(1, 0))
    accepted.close()


def take_datagram(sock):
    """Receive one datagram."""
    sock.recv(16)


def count_all(sock, take):
    """How often something can be taken now."""
    count = 0
    sock.settimeout(0)
    try:
        while True:
            try:
                take(sock)
            except ERRORS as error:
                if error_name(error) in ("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EINTR"):
                    continue
                return count
            count += 1
    finally:
        sock.settimeout(RECEIVE_TIMEOUT)


class Actor(object):
    """Another process, forked before there are any sockets."""

    def __init__(self, name, others):
        there, back = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                for descriptor in [there[1], back[0]] + [end for other in others for end in other.ends]:
                    os.close(descriptor)
                serve(there[0], back[1], STRANGERS.get(name))
            finally:
                os._exit(0)
        os.close(there[0])
        os.close(back[1])
        self.ends = (there[1], back[0])
        self.replies = os.fdopen(back[0], "rb")
        self.ready = self.read()

    def ask(self, verb, *args):
        """Have one request answered."""
        try:
            os.write(self.ends[0], json.dumps([verb] + list(args)).encode("ascii") + b"\n")
        except ERRORS:
            return {"broken": "the other process died"}
        return self.read()

    def read(self):
        """Read one reply."""
        line = self.replies.readline()
        return json.loads(line.decode("ascii")) if line else {"broken": "the other process died"}

    def end(self):
        """Let the process end."""
        os.close(self.ends[0])
        self.replies.close()
        os.waitpid(self.pid, 0)


def serve(source, sink, uid):
    """Answer requests until the input ends, as another user where one is named."""
    reply = {"answer": "ok"}
    if uid is not None:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        except ERRORS as error:
            reply = {"untestable": "another user needs root: %s" % error_name(error)}
    hands = Hands()
    requests = os.fdopen(source, "rb")
    while True:
        os.write(sink, json.dumps(reply).encode("ascii") + b"\n")
        line = requests.readline()
        if not line:
            requests.close()
            return
        # Python 2 gives Unicode here, for which it would load a codec that another user may not read.
        reply = hands.ask(*[native(word) for word in json.loads(line.decode("ascii"))])


def native(word):
    """A word of a request with plain strings."""
    if isinstance(word, list):
        return [native(part) for part in word]
    return word if isinstance(word, int) or word is None else str(word)


# --- the notation

LINE = re.compile(r"(?:([A-Z]\d*) = )?(?:([a-z]\w*): )?(?:([A-Z]\d*)\.)?([a-z]\w*)\((.*)\)$")


class Call(object):
    """One line of a script."""

    def __init__(self, text):
        self.text = text
        self.makes, self.actor, self.on, self.verb, args = LINE.match(text).groups()
        self.args = args.split(", ") if args else []


class Place(object):
    """A socket by one of its names: in which process, and what it is."""

    def __init__(self, name, agent, kind, shared=None):
        self.name, self.agent, self.kind, self.open = name, agent, kind, True
        self.shared = {"port": 0, "listens": False} if shared is None else shared


class Bench(object):
    """This machine: its processes, its ports, what it has."""

    def __init__(self):
        self.main = Hands()
        self.actors = {}
        for name in ("other",) + tuple(sorted(STRANGERS)):
            if hasattr(os, "fork"):
                self.actors[name] = Actor(name, list(self.actors.values()))
        self.ipv6 = socket.has_ipv6 and can_bind(socket.AF_INET6, socket.SOCK_STREAM, "::1", 0)
        self.second = second_address()
        self.multicast = {4: hears_itself("224.0.0.251", "0.0.0.0"), 6: self.ipv6 and hears_itself("ff05::fb", "::")}
        self.ports = candidate_ports()

    def agent(self, name):
        """Who acts."""
        if name is None:
            return self.main
        if name not in self.actors:
            raise Untestable("there are no other processes here")
        actor = self.actors[name]
        if "untestable" in actor.ready:
            raise Untestable(actor.ready["untestable"])
        return actor

    def new_port(self):
        """A port that was not used before."""
        while self.ports:
            port = self.ports.pop()
            if all(can_bind(socket.AF_INET, kind, "127.0.0.1", port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)) and (
                not self.ipv6 or all(can_bind(socket.AF_INET6, kind, "::1", port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
            ):
                return port
        raise Broken("no port is left that this run has not used")

    def everybody(self):
        """Every process."""
        return [self.main] + [actor for actor in self.actors.values() if "untestable" not in actor.ready]

    def reset(self):
        """Close every socket."""
        for agent in self.everybody():
            agent.ask("reset")

    def end(self):
        """End the other processes."""
        for actor in self.actors.values():
            actor.end()


def candidate_ports():
    """Ports outside those that the system gives away, in an order of chance."""
    first, last = 32768, 65535
    for prefix, known in EPHEMERAL.items():
        if sys.platform.startswith(prefix):
            first, last = known
    if LINUX:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            first, last = map(int, file.read().split())
    ports = [port for port in range(2000, 65536) if not first <= port <= last]
    random.shuffle(ports)
    return ports


class Play(object):
    """One experiment on this machine."""

    def __init__(self, bench):
        self.bench, self.made, self.named, self.held, self.trace = bench, {}, {}, set(), []

    def run(self, plan):
        """Make the calls of a plan; where the suite's script asks for an answer, follow it."""
        while plan:
            text, branches = (plan, {}) if isinstance(plan, str) else plan
            answer, lines = "", text.split("; ")
            for at, line in enumerate(lines, 1):
                answer = self.call(Call(line), bool(branches) and at == len(lines))
            plan = branches.get(answer, branches.get("", ""))

    def call(self, call, asked):
        """Make one call, and write it down with its answer; one that makes a socket may be refused only where that is asked."""
        kind = call.verb[:3] in ("tcp", "udp")
        answer = self.create(call) if kind else getattr(self, "do_" + call.verb, self.simple)(call)
        self.trace.append(call.text if call.makes and answer == "ok" else "%s = %s" % (call.text, answer))
        if kind and answer != "ok":
            raise Untestable("%s(%s): %s" % (call.verb, ", ".join(call.args), answer))
        if call.makes and answer != "ok" and not asked:
            raise Broken("%s.%s(): %s" % (call.on, call.verb, answer))
        return answer

    def create(self, call):
        """Make a socket."""
        if call.verb[-1] == "6" and not self.bench.ipv6:
            raise Untestable("IPv6 is not usable here")
        agent = self.bench.agent(call.actor)
        options = [(word.partition("=")[0], int(word.partition("=")[2] or 1)) for word in call.args]
        reply = checked(agent.ask("create", call.makes, call.verb, options))
        if reply["answer"] == "ok":
            self.made[call.makes] = Place(call.makes, agent, call.verb)
        return reply["answer"]

    def simple(self, call):
        """send, recv, shutdown, setsockopt, getsockopt."""
        on = self.made[call.on]
        return checked(on.agent.ask(call.verb, on.name, *[int(word) if word.isdigit() else word for word in call.args]))["answer"]

    def ported(self, on, reply):
        """Note which port a socket has got."""
        if checked(reply)["answer"] == "ok":
            on.shared["port"] = reply["port"]
            self.held.add(reply["port"])
        return reply["answer"]

    def do_bind(self, call):
        """Bind."""
        on, (host, port) = self.made[call.on], self.where(call.args[0])
        answer = self.ported(on, on.agent.ask("bind", on.name, host, port))
        if answer == "EADDRINUSE" and port and port not in self.held:
            raise Inconclusive("port %d was taken by a foreign process" % port)
        return answer

    def do_listen(self, call):
        """Listen."""
        on = self.made[call.on]
        answer = self.ported(on, on.agent.ask("listen", on.name))
        on.shared["listens"] = on.shared["listens"] or answer == "ok"
        return answer

    def do_connect(self, call):
        """Connect."""
        on, (host, port) = self.made[call.on], self.where(call.args[0])
        return self.ported(on, on.agent.ask("connect", on.name, host, port))

    def do_accept(self, call):
        """Accept."""
        on = self.made[call.on]
        reply = checked(on.agent.ask("accept", on.name, call.makes))
        if reply["answer"] == "ok":
            self.made[call.makes] = Place(call.makes, on.agent, on.kind, {"port": reply["port"], "listens": False})
        return reply["answer"]

    def do_dup(self, call):
        """Duplicate."""
        on = self.made[call.on]
        reply = checked(on.agent.ask("dup", on.name, call.makes, on.kind))
        if reply["answer"] == "ok":
            self.made[call.makes] = Place(call.makes, on.agent, on.kind, on.shared)
        return reply["answer"]

    def do_close(self, call):
        """Close."""
        on = self.made[call.on]
        on.open = False
        return checked(on.agent.ask("close", on.name))["answer"]

    def do_join(self, call):
        """Join a group."""
        on, group = self.made[call.on], call.args[0].strip("[]")
        self.need_multicast(group)
        return checked(on.agent.ask("join", on.name, group))["answer"]

    def do_shows(self, call):
        """Prove that there is a connection in this state."""
        port, state = self.where(call.args[0])[1], call.args[1]
        end = time.time() + ARRIVAL_DEADLINE
        while True:
            states = tcp_states(port)
            if state in states or (state == "CLOSED" and not states):
                return "ok"
            if time.time() > end:
                raise Inconclusive("port %d does not show %s but %s" % (port, state, ", ".join(states) or "nothing"))
            time.sleep(0.002)

    def do_connections(self, call):
        """Who receives."""
        host, port = self.where(call.args[0])
        if is_multicast(host):
            self.need_multicast(host)
        udp = is_multicast(host) or self.is_udp(port)
        places = self.candidates("udp" if udp else "tcp", port)
        self.drain(places, "udp" if udp else "tcp")
        try:
            sent = checked(self.bench.main.ask("datagrams" if udp else "connect_many", host, port, ENOUGH))["count"]
            counts = dict((place.name, 0) for place in places)
            enough = sent * len(places) if is_multicast(host) else sent
            whole = self.collect(places, "udp" if udp else "tcp", counts, enough, SILENCE if udp else ARRIVAL_DEADLINE)
        finally:
            self.bench.main.ask("hangup")
        if not udp and not whole:
            raise Inconclusive("%d of %d connections to port %d reached a socket of the experiment" % (sum(counts.values()), sent, port))
        return who_receives(counts, sent)

    def is_udp(self, port):
        """Whether only UDP sockets hold a port."""
        there = [place for place in self.made.values() if place.shared["port"] == port]
        holders = [place for place in there if place.open] or there
        return bool(holders) and all(place.kind[:3] == "udp" for place in holders)

    def candidates(self, protocol, port):
        """The open sockets that may receive, each once."""
        found = []
        for name in sorted(self.made, key=lambda name: (len(name), name)):
            place = self.made[name]
            fits = place.open and place.kind[:3] == protocol and place.shared["port"] == port
            if fits and (protocol == "udp" or place.shared["listens"]) and not [one for one in found if one.shared is place.shared]:
                found.append(place)
        return found

    def drain(self, places, protocol):
        """Take all that waits."""
        counts = {}
        for agent in self.bench.everybody():
            names = [place.name for place in places if place.agent is agent]
            if names:
                counts.update(checked(agent.ask("drain", names, protocol))["counts"])
        return counts

    def collect(self, places, protocol, counts, enough, patience):
        """Drain until enough came or nothing comes any more; say whether it was enough."""
        end = time.time() + patience
        while True:
            before = sum(counts.values())
            for name, count in self.drain(places, protocol).items():
                counts[name] += count
            total = sum(counts.values())
            if total >= enough:
                return True
            if total > before:
                end = time.time() + patience
            elif time.time() > end or not places:
                return False
            time.sleep(0.001)

    def where(self, text):
        """The host and port for which an address stands here."""
        host, _, port = text.rpartition(":")
        host = host.strip("[]")
        if host.endswith("127.0.0.2"):
            if not self.bench.second:
                raise Untestable("no second local address")
            host = host.replace("127.0.0.2", self.bench.second)
        if port.isdigit():
            return host, int(port)
        if port.startswith("port("):
            return host, self.made[port[5:-1]].shared["port"]
        if port not in self.named:
            self.named[port] = self.bench.new_port()
        return host, self.named[port]

    def need_multicast(self, host):
        """See that multicast works here."""
        family = 6 if ":" in host else 4
        if not self.bench.multicast[family]:
            raise Untestable("IPv%d multicast does not work on loopback here" % family)


def checked(reply):
    """A reply that is an answer."""
    for word, error in WORDS.items():
        if word in reply:
            raise error(reply[word])
    return reply


def who_receives(counts, sent):
    """The names of the receivers, or ``both``, ``each``, ``none``."""
    receivers = [name for name in sorted(counts, key=lambda name: (len(name), name)) if counts[name]]
    if len(receivers) > 1 and all(count == sent for count in counts.values()):
        return "each"
    if len(receivers) == 2:
        return "both"
    return "+".join(receivers) if receivers else "none"


# --- the run


def perform(bench, experiment):
    """One experiment as a record; tried again when something interfered."""
    identifier, chapter, question, plan = experiment
    attempt, verdict = 0, "inconclusive"
    while verdict == "inconclusive" and attempt < ATTEMPTS:
        attempt += 1
        play = Play(bench)
        verdict, why = "unrecorded", "recorded by probe.py: nothing is judged"
        try:
            play.run(plan)
        except tuple(WORDS.values()) as problem:
            verdict, why = type(problem).__name__.lower(), str(problem)
        except Exception as error:
            verdict, why = "broken", "%s: %s" % (type(error).__name__, error)
        bench.reset()
    return {
        "id": identifier,
        "chapter": chapter,
        "question": question,
        "verdict": verdict,
        "why": " ".join(why.split()),
        "held": None,
        "attempts": attempt,
        "trace": play.trace,
        "variants": [],
    }


def this_platform():
    """The platform in the names of the models, with its release."""
    release = platform.release()
    name = sys.platform
    for prefix in sorted(NAMES):
        if sys.platform.startswith(prefix):
            name = NAMES[prefix]
    if name == "macos":
        release = platform.mac_ver()[0]
    elif name == "aix":
        release = "%s.%s" % (platform.version(), platform.release())
    elif sys.platform.startswith("sunos"):
        if release == "5.11":
            release = platform.version()
            name = "solaris" if release.startswith("11.") else "illumos"
        elif release.startswith("5."):
            release = release[2:]
    release = re.sub(r"^[A-Z]\.?(?=\d)", "", release)
    name = re.sub(r"[^a-z0-9_]", "", name.lower()) or "unknown"
    release = re.sub(r"[^!-.0-~]", "", release)
    return "%s@%s" % (name, release) if release else name


def fingerprint():
    """Everything about this machine that can change an outcome."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    settings = {}
    for name in SYSCTLS:
        path = "/proc/sys/" + name.replace(".", "/")
        if LINUX and os.path.exists(path):
            with open(path) as file:
                settings[name] = " ".join(file.read().split())
    found = {
        "system": platform.system(),
        "release": platform.release(),
        "version": platform.version(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "python": "%s %s" % (platform.python_implementation(), platform.python_version()),
        "suite": SUITE,
        "privilege": "root" if root else "user",
        "isolation": "host",
        "recorder": "probe.py",
    }
    found = dict((name, " ".join(value.split())) for name, value in found.items())
    found["settings"] = settings
    return found


def line_of(record):
    """A record as a line."""
    return json.dumps(record, ensure_ascii=True, sort_keys=True, separators=(",", ":")) + "\n"


def write_run(path, header, records):
    """Write the run in one step."""
    lines = [line_of(header)] + [line_of(record) for record in sorted(records, key=lambda record: record["id"])]
    counts = {}
    for record in records:
        counts[record["verdict"]] = counts.get(record["verdict"], 0) + 1
    digest = hashlib.sha256("".join(lines).encode("ascii")).hexdigest()
    lines.append(line_of({"footer": len(records), "verdicts": counts, "sha256": digest}))
    partial = "%s.%d" % (path, os.getpid())
    try:
        with open(partial, "wb") as file:
            file.write("".join(lines).encode("ascii"))
        os.rename(partial, path)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def usage(words):
    """The options of the command line; SystemExit where they are wrong."""
    found = {"output": "", "only": "", "list": False}
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-h", "--help"):
            print(__doc__)
            raise SystemExit(0)
        if word == "--list":
            found["list"] = True
        elif word in ("--output", "--only", "--option") and words:
            if word != "--option":
                found[word[2:]] = words.pop(0)
                continue
            name, _, number = words.pop(0).partition("=")
            try:
                level = IPPROTO_IPV6 if name.startswith("IPV6_") else socket.SOL_SOCKET
                OPTIONS[name] = (level, int(number, 0))
            except ValueError:
                raise SystemExit("probe.py: --option takes NAME=NUMBER, as in --option SO_REUSEPORT=0x200 (see sys/socket.h)")
        else:
            raise SystemExit("probe.py: %s: no such option, or its value is missing (--help shows the usage)" % word)
    return found


def late(number, frame):
    """A call did not end."""
    raise Inconclusive("a call did not end within %d s" % DEADLINE)


def main(words):
    """Perform the experiments and write the run."""
    options = usage(words)
    chosen = [experiment for experiment in EXPERIMENTS if options["only"] in experiment[0]]
    if not chosen:
        raise SystemExit("probe.py: no experiment has %r in its id (--list shows them)" % options["only"])
    if options["list"]:
        print("\n".join("%s  %s" % (experiment[0], experiment[2]) for experiment in chosen))
        return
    signal.signal(signal.SIGALRM, late)
    here = this_platform()
    machine = fingerprint()
    path = options["output"] or "addrinuse-%s-%s.jsonl" % (re.sub(r"[^A-Za-z0-9._]+", "-", here), machine["privilege"])
    bench = Bench()
    records = []
    try:
        for number, experiment in enumerate(chosen, 1):
            records.append(perform(bench, experiment))
            if number % 50 == 0 and sys.stderr.isatty():
                sys.stderr.write("\r%d of %d" % (number, len(chosen)))
    finally:
        bench.end()
    write_run(path, {"format": FORMAT, "platform": here, "stack": "kernel", "fingerprint": machine}, records)
    ended = len([record for record in records if record["verdict"] == "unrecorded"])
    print("%s: %s, %d experiments recorded, %d of them to their end." % (path, here, len(records), ended))
    print("Please " + SEND_TO + ".")


if __name__ == "__main__":
    main(sys.argv[1:])
