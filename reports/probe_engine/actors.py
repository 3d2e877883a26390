"""Other processes, of this user and of others."""

import json
import os

from fixtures.machine.bench import STRANGERS
from reports.probe_engine.hands import Hands
from reports.probe_engine.options import refusal
from reports.probe_engine.words import ERRORS


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
            reply = {"untestable": "another user needs root: %s" % refusal(error)}
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
