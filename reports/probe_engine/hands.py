"""A process that makes socket calls: its sockets, and what it answers."""

import errno
import os
import select
import signal
import socket
import sys

from fixtures.machine.crowd import BACKLOG, CONNECT_PATIENCE, CONNECT_TIMEOUT
from fixtures.machine.options import family_of, unmapped
from fixtures.machine.sockets import RECEIVE_TIMEOUT, join, leave, sender_to
from reports.probe_engine.options import get_option, refusal, set_option, soon
from reports.probe_engine.sockets import open_socket
from reports.probe_engine.words import DEADLINE, ERRORS, LINGER, Inconclusive, Untestable


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
            return {"answer": refusal(error)}
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

    def do_listen(self, name, backlog=BACKLOG):
        """Listen."""
        self.get(name).listen(backlog)
        return self.ok(name)

    def do_connect(self, name, host, port, may_wait=False):
        """Connect, waiting; for a moment only if a queue may be full."""
        sock = self.get(name)
        if may_wait and sock.type & 15 == socket.SOCK_STREAM:
            return self.connect_for_a_moment(name, sock, (host, port))
        sock.settimeout(None)
        try:
            sock.connect((host, port))
        finally:
            sock.settimeout(RECEIVE_TIMEOUT)
        return self.ok(name)

    def connect_for_a_moment(self, name, sock, to):
        """Connect; EAGAIN if the connection is not made in time."""
        sock.settimeout(0)
        try:
            error = sock.connect_ex(to)
            if error in (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK):
                if not any(select.select([], [sock], [sock], CONNECT_PATIENCE)[1:]):
                    return dict(self.ok(name), answer="EAGAIN")
                linux = sys.platform.startswith("linux")
                error = sock.connect_ex(to) if linux else sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise socket.error(error, os.strerror(error))
        finally:
            sock.settimeout(RECEIVE_TIMEOUT)
        return self.ok(name)

    def do_disconnect(self, name):
        """Connect to an address of no family, which is all zeros."""
        sock = self.get(name)
        try:
            import ctypes
        except ImportError:
            raise Untestable("this Python has no ctypes, without which it cannot connect to an address of no family")
        size = 28 if sock.family == socket.AF_INET6 else 16
        if ctypes.CDLL(None, use_errno=True).connect(sock.fileno(), ctypes.create_string_buffer(size), size):
            raise socket.error(ctypes.get_errno(), "connect to no family")
        return {"answer": "ok"}

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
                    if refusal(error) not in ("EAGAIN", "EWOULDBLOCK", "EINTR"):
                        raise
                    if not select.select([], [sock], [], 0.02)[1]:
                        break
        finally:
            sock.settimeout(RECEIVE_TIMEOUT)
        return {"answer": "ok"}

    def do_sendto(self, name, host, port):
        """Send a datagram."""
        self.get(name).sendto(b"?", (host, port))
        return self.ok(name)

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

    def do_leave(self, name, group):
        """Leave a group."""
        leave(self.get(name), group)
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
                if refusal(error) in ("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EINTR"):
                    continue
                return count
            count += 1
    finally:
        sock.settimeout(RECEIVE_TIMEOUT)
