"""Stacks that lie: the Linux model, but for one thing."""

from __future__ import annotations

from fixtures.language.kinds import KINDS
from fixtures.language.notation import Call
from fixtures.language.stack import Broken, Inconclusive
from fixtures.language.words import EADDRINUSE, OK, Answer
from fixtures.models.block import Block
from fixtures.models.linux import Linux
from fixtures.specification.rules import LISTEN_IS_FREE


class AlwaysOk(Linux):
    def perform(self, call: Call) -> Answer:
        return OK


class AlwaysInUse(Linux):
    def perform(self, call: Call) -> Answer:
        return OK if call.verb in KINDS else EADDRINUSE


class IgnoresSecondListen(Linux):
    def may_listen(self, block: Block) -> Answer:
        return Answer("ok", LISTEN_IS_FREE)


class RefusesTooLate(Linux):
    """What bind should have refused, listen does."""

    def perform(self, call: Call) -> Answer:
        answer = super().perform(call)
        if call.verb == "bind" and answer != OK:
            assert call.on
            self.owed = call.on
            return OK
        return EADDRINUSE if call.verb == "listen" and call.on == getattr(self, "owed", None) else answer


class Crashes(Linux):
    def perform(self, call: Call) -> Answer:
        if call.verb == "bind":
            raise Broken("the process died in bind")
        return super().perform(call)


class Hangs(Linux):
    def perform(self, call: Call) -> Answer:
        if call.verb == "bind":
            raise Inconclusive("bind did not end within 15 s")
        return super().perform(call)
