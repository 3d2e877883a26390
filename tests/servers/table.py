"""The servers, and what is known to differ."""

from __future__ import annotations

from tests.servers.server import Server

SERVERS = (
    Server(
        "haproxy",
        ("apt:haproxy",),
        "haproxy -db -f {state}/haproxy.cfg",
        ("tcp:8080",),
        {
            "haproxy.cfg": "defaults\n mode http\n timeout client 60s\n timeout server 60s\n timeout connect 1s\n"
            "frontend f\n bind 0.0.0.0:8080\n default_backend b\nbackend b\n server s 127.0.0.1:1\n"
        },
        minimum=True,
    ),
    Server(
        "nginx",
        ("apt:nginx-light",),
        "nginx -c {state}/nginx.conf",
        ("tcp:80",),
        {
            "nginx.conf": "daemon off; user nobody nogroup; worker_processes 2; pid {state}/nginx.pid; error_log stderr;\n"
            "events {} http { access_log off; server { listen 80; listen [::]:80; } }\n"
        },
        minimum=True,
    ),
    Server(
        "dnsmasq",
        ("apt:dnsmasq",),
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --user=root --group=root --pid-file={state}/pid",
        ("tcp:53", "udp:53"),
        minimum=True,
    ),
    Server("memcached", ("apt:memcached",), "memcached -u nobody -l 0.0.0.0 -U 11211", ("tcp:11211", "udp:11211"), minimum=True),
    Server(
        "unbound",
        ("apt:unbound",),
        "unbound -d -p -c {state}/unbound.conf",
        ("tcp:53", "udp:53"),
        {
            "unbound.conf": 'server:\n interface: 127.0.0.1\n username: ""\n chroot: ""\n directory: "{state}"\n use-syslog: no\n num-threads: 2\n'
            "remote-control:\n control-enable: no\n"
        },
        minimum=True,
    ),
)
BY_NAME = {server.name: server for server in SERVERS}
