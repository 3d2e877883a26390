"""An experiment, call by call."""

import time

from fixtures.language.stack import ENOUGH
from fixtures.machine.kernel import ARRIVAL_DEADLINE, SILENCE
from fixtures.machine.options import unmapped
from fixtures.machine.sockets import is_broadcast, is_multicast
from reports.probe_engine.bench import Call, Place
from reports.probe_engine.states import tcp_states
from reports.probe_engine.words import WORDS, Broken, Inconclusive, Untestable


class Play(object):
    """One experiment on this machine."""

    def __init__(self, bench):
        self.bench, self.made, self.named, self.held, self.trace = bench, {}, {}, set(), []
        self.may_wait = False

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
        answer = self.ported(on, on.agent.ask("listen", on.name, *map(int, call.args)))
        on.shared["listens"] = on.shared["listens"] or answer == "ok"
        self.may_wait = self.may_wait or bool(call.args)
        return answer

    def do_connect(self, call):
        """Connect."""
        on, (host, port) = self.made[call.on], self.where(call.args[0])
        self.need_broadcast(host)
        return self.ported(on, on.agent.ask("connect", on.name, host, port, self.may_wait))

    def do_disconnect(self, call):
        """Connect to no family. What has no port any more is still asked for by the one that it had."""
        on = self.made[call.on]
        answer = checked(on.agent.ask("disconnect", on.name))["answer"]
        on.shared["listens"] = on.shared["listens"] and answer != "ok"
        return answer

    def do_sendto(self, call):
        """Send a datagram, and note the port that an unbound socket has got."""
        on, (host, port) = self.made[call.on], self.where(call.args[0])
        self.need_broadcast(host)
        return self.ported(on, on.agent.ask("sendto", on.name, host, port))

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

    def do_leave(self, call):
        """Leave a group."""
        on, group = self.made[call.on], call.args[0].strip("[]")
        self.need_multicast(group)
        return checked(on.agent.ask("leave", on.name, group))["answer"]

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
        self.need_broadcast(host)
        udp = is_multicast(host) or self.is_udp(port)
        places = self.candidates("udp" if udp else "tcp", port)
        self.drain(places, "udp" if udp else "tcp")
        try:
            sent = checked(self.bench.main.ask("datagrams" if udp else "connect_many", host, port, ENOUGH))["count"]
            counts = dict((place.name, 0) for place in places)
            enough = sent * len(places) if is_multicast(host) or is_broadcast(unmapped(host)) else sent
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

    def need_broadcast(self, host):
        """Skip what would leave the machine."""
        host = unmapped(host)
        if is_broadcast(host) and (host == "255.255.255.255" or not self.bench.broadcast):
            raise Untestable("nothing is sent to %s here" % host)

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
