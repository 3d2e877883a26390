"""Error messages of programs, read: which call failed with which errno, where, for which protocol, and on which kind of system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from fixtures.libraries import policies

#: The numbers that systems give to the errnos in question, and the platforms that do: sys/errno.h, and Microsoft's Winsock error codes.
NUMBERS = {
    13: ("EACCES", ()),
    98: ("EADDRINUSE", ("linux", "gvisor", "wsl1")),
    99: ("EADDRNOTAVAIL", ("linux", "gvisor", "wsl1")),
    48: ("EADDRINUSE", ("macos", "freebsd", "netbsd", "openbsd", "dragonfly")),
    49: ("EADDRNOTAVAIL", ("macos", "freebsd", "netbsd", "openbsd", "dragonfly")),
    125: ("EADDRINUSE", ("solaris", "illumos")),
    126: ("EADDRNOTAVAIL", ("solaris", "illumos")),
    112: ("EADDRINUSE", ("lwip", "cygwin")),
    10013: ("EACCES", ("windows", "wine")),
    10048: ("EADDRINUSE", ("windows", "wine")),
    10049: ("EADDRNOTAVAIL", ("windows", "wine")),
}
#: What systems and runtimes say of each errno, in lower case.
_WORDS = (
    ("EADDRINUSE", ("address already in use", "address in use", "addrinuse", "only one usage of each socket address", "connection in use")),
    ("EADDRINUSE", ("port is already allocated", "was already in use", "is already in use", "port already in use")),
    ("EADDRNOTAVAIL", ("cannot assign requested address", "can't assign requested address", "addrnotavail")),
    ("EADDRNOTAVAIL", ("requested address is not valid in its context", "address not available")),
    ("EACCES", ("permission denied", "eacces", "forbidden by its access permissions", "permissiondenied")),
)
#: Sentences that Windows alone says.
_WINDOWS = ("only one usage of each socket address", "forbidden by its access permissions", "not valid in its context", "winerror", "wsae")
_NUMBER = re.compile(
    r"(?:\berrno:? ?|winerror |os error |\bcode: |socketexception \(|failed \(|^\(|[\s\[]\()-?(\d{2,5})\b(?=[\]):, }]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_V4 = r"\d{1,3}(?:\.\d{1,3}){3}"
#: How a host and a port are written, the surest first.
_PLACES = (
    re.compile(rf"\(['\"](?P<host>{_V4}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|localhost|)['\"], (?P<port>\d{{1,5}})\b"),
    re.compile(r"\[(?P<host>[0-9a-fA-F:.]+)\]:(?P<port>\d{1,5})\b"),
    re.compile(rf"(?P<host>{_V4}|localhost):(?P<port>\d{{1,5}})\b"),
    re.compile(rf"['\"](?P<host>{_V4}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|localhost)['\"],? port:? (?P<port>\d{{1,5}})\b"),
    re.compile(rf"address: ['\"](?P<host>{_V4}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|localhost)['\"],\s*port: (?P<port>\d{{1,5}})\b"),
    re.compile(r"(?<![\w:])(?P<host>::|::1):(?P<port>\d{1,5})\b"),
    re.compile(r"(?<![\w.:\]])(?P<host>\*?):(?P<port>\d{2,5})\b"),
    re.compile(r"\bport:? (?P<host>)(?P<port>\d{1,5})\b", re.IGNORECASE),
)
#: Who speaks so, and which entry of the libraries says what it sets.
_RUNTIMES = (
    ("nginx", re.compile(r"nginx: \[|\[emerg\]"), "nginx"),
    ("Apache httpd", re.compile(r"AH00072|make_sock"), "apache-httpd"),
    ("Docker", re.compile(r"userland proxy|port is already allocated|ports are not available|docker", re.IGNORECASE), "go-net"),
    ("Go", re.compile(r"\b(?:listen|dial) (?:tcp|udp)[46]? "), "go-net"),
    ("Node.js", re.compile(r"\b(?:listen|bind|connect) E[A-Z]+\b|syscall: '"), "node"),
    ("Rust", re.compile(r"os error \d|Os \{ code"), "rust-std"),
    ("Java", re.compile(r"java\.|BindException|JVM_Bind|Web server failed to start"), "java"),
    ("Ruby", re.compile(r"Errno::E|bind\(2\) for"), "ruby"),
    (".NET", re.compile(r"SocketException|Failed to bind to address http"), "dotnet"),
    ("asyncio", re.compile(r"error while attempting to bind on address"), "asyncio"),
    ("gunicorn", re.compile(r"Connection in use: \("), "gunicorn"),
    ("Python", re.compile(r"(?:OSError|PermissionError|socket\.error)\b|\[Errno \d+\]|\[WinError \d+\]"), ""),
)


@dataclass(frozen=True)
class Message:
    """What a message says. ``host`` and ``port`` are empty where it does not say; ``platforms`` are those that have its number."""

    errno: str
    runtime: str = ""
    call: str = "bind"
    protocol: str = "tcp"
    host: str | None = None
    port: int | None = None
    platforms: tuple[str, ...] = ()
    library: str = ""

    def options(self, platform: str) -> tuple[tuple[str, int], ...] | None:
        """What the library that speaks so sets on a platform; None if that is not known."""
        if not self.library:
            return None
        (policy, *_) = policies.find(self.library)
        setting = policy.on(platform)
        chosen = {option.name: option.value for option in setting.options if option.name != "IPV6_V6ONLY"}
        return tuple(chosen.items()) if setting.known else None


def read(text: str) -> Message | None:
    """Read a message; None if it names none of the errnos in question."""
    number = next((int(found[1]) for found in _NUMBER.finditer(text) if int(found[1]) in NUMBERS), 0)
    errno = NUMBERS[number][0] if number else _by_words(text)
    if not errno:
        return None
    platforms = NUMBERS[number][1] if number else ()
    if not platforms and any(word in text.lower() for word in _WINDOWS):
        platforms = ("windows",)
    runtime, library = next(((name, library) for name, pattern, library in _RUNTIMES if pattern.search(text)), ("", ""))
    host, port = _place(text)
    return Message(errno, runtime, _call(text), _protocol(text, runtime), host, port, platforms, library)


def _by_words(text: str) -> str:
    found = re.search(r"\b(?:WSA)?(EADDRINUSE|EADDRNOTAVAIL|EACCES)\b", text, re.IGNORECASE)
    if found:
        return found[1].upper()
    lower = text.lower()
    return next((errno for errno, several in _WORDS if any(words in lower for words in several)), "")


def _place(text: str) -> tuple[str | None, int | None]:
    """The host (None: every address) and the port."""
    for pattern in _PLACES:
        for found in pattern.finditer(text):
            if 0 < int(found["port"]) < 65536 and (host := _host(found["host"])) is not None:
                return host or None, int(found["port"])
    return None, None


def _host(word: str) -> str | None:
    if word in ("", "*"):
        return ""
    if word == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(word))
    except ValueError:
        return None


def _call(text: str) -> str:
    return "connect" if re.search(r"\bconnect(?:ing|ion to)?\b|\bdial (?:tcp|udp)", text) and "bind" not in text else "bind"


def _protocol(text: str, runtime: str) -> str:
    is_udp = re.search(r"\budp[46]?\b", text, re.IGNORECASE) or (runtime == "Node.js" and re.search(r"\bbind E", text))
    return "udp" if is_udp else "tcp"
