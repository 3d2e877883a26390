"""Processes and ports for the experiments, and a call of the notation."""

import os
import random
import re
import socket

from fixtures.machine.bench import STRANGERS
from fixtures.machine.ports import ephemeral_range, outside
from reports.probe_engine.actors import Actor
from reports.probe_engine.hands import Hands
from reports.probe_engine.sockets import broadcasts, can_bind, hears_itself, second_address
from reports.probe_engine.words import LINUX, Broken, Untestable

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
        self.broadcast = broadcasts()
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
    text = ""
    if LINUX:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            text = file.read()
    ports = outside(ephemeral_range(text), 2000)
    random.shuffle(ports)
    return ports
