"""The servers, each in a row; their configurations lie in ``files/NAME``.

Those of the minimum are run with every change. They cover what the report is most often asked about: a listener that the workers
inherit or share, several sockets in one program, a low port, datagrams, multicast, and one each from PyPI's and Debian's runtimes.
"""

from __future__ import annotations

from tests.servers.server import Server

_CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 2>&1"
#: Several avahis need a /run/avahi-daemon each.
_AVAHI = "unshare --mount sh -c 'mount -t tmpfs none /run/avahi-daemon; exec avahi-daemon -f {state}/avahi.conf --no-drop-root --no-chroot'"
_COTURN = "turnserver -n --no-tls --no-dtls --no-cli -L 127.0.0.1 -p 3478 --pidfile {state}/pid --log-file stdout --userdb {state}/db"
_DNSMASQ = "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --user=root --group=root --pid-file={state}/pid"
_ETCD = (
    "etcd --data-dir {state}/data --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379"
    " --listen-peer-urls http://127.0.0.1:2380"
)
_MARIADB = "mariadbd --no-defaults --user=root --datadir={state}/data --port=3306 --socket={state}/socket --pid-file={state}/pid"
_JAVA = "ln -s $(ls -d /usr/lib/jvm/*/bin/rmiregistry | head -n 1) rmiregistry"
_GRANIAN = "{python} -m granian --interface asgi --port 8000 --workers 2 --working-dir {programs} web:asgi"
_WAITRESS = "sh -c 'cd {programs}; exec {python} -m waitress --listen=127.0.0.1:8080 web:wsgi'"

_RESETS = "It sets SO_LINGER to 0 on the connections that it accepts: the kernel resets them, and nothing is left to restart over."

SERVERS = (
    # Web servers and proxies.
    Server("haproxy", ("apt:haproxy",), "haproxy -db -f {state}/haproxy.cfg", ("tcp:8080",), minimum=True),
    Server("nginx", ("apt:nginx-light",), "nginx -c {state}/nginx.conf", ("tcp:80",), minimum=True),
    Server("nginx-reuseport", ("apt:nginx-light",), "nginx -c {state}/nginx.conf", ("tcp:8080",)),
    Server("apache", ("apt:apache2",), "apache2 -DFOREGROUND -f {state}/apache.conf", ("tcp:80",), says="G"),
    Server("lighttpd", ("apt:lighttpd",), "lighttpd -D -f {state}/lighttpd.conf", ("tcp:8080",)),
    Server("caddy", ("apt:caddy",), "caddy run --config {state}/Caddyfile --adapter caddyfile", ("tcp:8080",)),
    Server("varnish", ("apt:varnish",), "varnishd -F -a 127.0.0.1:6081 -b 127.0.0.1:1 -n {state}/work -j none -T none", ("tcp:6081",)),
    Server("squid", ("apt:squid",), "squid -N -f {state}/squid.conf", ("tcp:3128",)),
    Server("tinyproxy", ("apt:tinyproxy",), "tinyproxy -d -c {state}/tinyproxy.conf", ("tcp:8888",)),
    Server("stunnel", ("apt:stunnel4",), "stunnel4 {state}/stunnel.conf", ("tcp:4433",), before=_CERTIFICATE),
    Server("php", ("apt:php-cli",), "{state}/php -S 127.0.0.1:8000 -t {state}", ("tcp:8000",), before="ln -s /usr/bin/php[0-9].[0-9] php"),
    Server("puma", ("apt:puma",), "puma -C {state}/puma.rb", ("tcp:9292",)),
    # Names, time, and other datagrams.
    Server("dnsmasq", ("apt:dnsmasq",), _DNSMASQ, ("tcp:53", "udp:53"), minimum=True),
    Server("unbound", ("apt:unbound",), "unbound -d -p -c {state}/unbound.conf", ("tcp:53", "udp:53"), minimum=True),
    Server("bind", ("apt:bind9",), "named -f -n 2 -c {state}/named.conf", ("tcp:53", "udp:53")),
    Server("nsd", ("apt:nsd",), "nsd -d -c {state}/nsd.conf", ("tcp:53", "udp:53")),
    Server("knot", ("apt:knot",), "knotd -c {state}/knot.conf", ("tcp:53", "udp:53")),
    Server("chrony", ("apt:chrony",), "chronyd -d -x -U -u root -f {state}/chrony.conf", ("udp:123", "udp:323")),
    Server("coturn", ("apt:coturn",), _COTURN, ("tcp:3478", "udp:3478", "udp:3478"), differs=dict.fromkeys(("live", "time_wait"), _RESETS)),
    Server("snmpd", ("apt:snmpd",), "snmpd -f -Lo -C -c {state}/snmpd.conf -p {state}/pid udp:161", ("udp:161",)),
    Server("atftpd", ("apt:atftpd",), "atftpd --daemon --no-fork --port 6969 --user nobody.nogroup --logfile - {state}", ("udp:6969",)),
    # Multicast.
    Server(
        "avahi",
        ("apt:avahi-daemon",),
        _AVAHI,
        ("udp:5353",),
        before="mkdir -p /run/avahi-daemon",
        users=("avahi",),
        minimum=True,
        differs={
            "second": "It binds without options first, and sets SO_REUSEADDR and SO_REUSEPORT when that is refused. "
            "A second one makes calls that the first did not make."
        },
    ),
    Server("minidlna", ("apt:minidlna",), "minidlnad -S -f {state}/minidlna.conf -P {state}/pid", ("tcp:8200", "udp:1900")),
    Server("zeroconf", ("pypi:zeroconf",), "{python} {programs}/zeroconf_server.py", ("udp:5353",), python=True),
    # Mail, shells and files.
    Server(
        "exim",
        ("apt:exim4-daemon-light",),
        "exim4 -bdf -oX 2525 -oP {state}/pid -C {state}/exim.conf",
        ("tcp:2525",),
        users=("Debian-exim",),
    ),
    Server("dovecot", ("apt:dovecot-imapd",), "dovecot -F -c {state}/dovecot.conf", ("tcp:143",)),
    Server(
        "sshd",
        ("apt:openssh-server",),
        "/usr/sbin/sshd -D -e -f {state}/sshd.conf",
        ("tcp:22",),
        before="ssh-keygen -q -t ed25519 -N '' -f key; mkdir -p /run/sshd",
        users=("sshd",),
        minimum=True,
    ),
    Server(
        "dropbear",
        ("apt:dropbear-bin",),
        "dropbear -F -E -p 2222 -r {state}/key -P {state}/pid",
        ("tcp:2222",),
        before="dropbearkey -t ed25519 -f key 2>&1",
    ),
    Server("vsftpd", ("apt:vsftpd",), "vsftpd {state}/vsftpd.conf", ("tcp:21",)),
    # Stores, queues and brokers.
    Server("redis", ("apt:redis-server",), "redis-server --port 6379 --save '' --dir {state}", ("tcp:6379",)),
    Server("memcached", ("apt:memcached",), "memcached -u nobody -l 0.0.0.0 -U 11211", ("tcp:11211", "udp:11211"), minimum=True),
    Server("mosquitto", ("apt:mosquitto",), "mosquitto -c {state}/mosquitto.conf", ("tcp:1883",)),
    Server(
        "mariadb",
        ("apt:mariadb-server",),
        _MARIADB,
        ("tcp:3306",),
        before="mariadb-install-db --no-defaults --user=root --datadir={state}/data --skip-test-db",
    ),
    Server("etcd", ("apt:etcd-server",), _ETCD, ("tcp:2379", "tcp:2380")),
    Server("beanstalkd", ("apt:beanstalkd",), "beanstalkd -l 0.0.0.0 -p 11300", ("tcp:11300",)),
    Server("iperf3", ("apt:iperf3",), "iperf3 -s", ("tcp:5201",)),
    # Runtimes.
    Server("epmd", ("apt:erlang-base",), "epmd -port 4369", ("tcp:4369",)),
    Server("rmiregistry", ("apt:default-jre-headless",), "{state}/rmiregistry 1099", ("tcp:1099",), before=_JAVA),
    Server(
        "socket-activate", ("apt:systemd",), "systemd-socket-activate -l 127.0.0.1:8000 {python} {programs}/activated.py", ("tcp:8000",)
    ),
    # Python.
    Server("http.server", (), "{python} -m http.server 8000", ("tcp:8000",), python=True),
    Server(
        "gunicorn",
        ("pypi:gunicorn",),
        "{python} -m gunicorn -b 127.0.0.1:8000 -w 2 --chdir {programs} web:wsgi",
        ("tcp:8000",),
        python=True,
        minimum=True,
    ),
    Server(
        "uvicorn",
        ("pypi:uvicorn",),
        "{python} -m uvicorn --port 8000 --workers 2 --app-dir {programs} web:asgi",
        ("tcp:8000",),
        python=True,
    ),
    Server("granian", ("pypi:granian",), _GRANIAN, ("tcp:8000",), minimum=True),
    Server(
        "hypercorn", ("pypi:hypercorn",), "{python} -m hypercorn -b 127.0.0.1:8000 -w 2 {programs}/web:asgi", ("tcp:8000",), python=True
    ),
    Server("twisted", ("pypi:twisted",), "{python} -m twisted web --listen tcp:8080 --path {state}", ("tcp:8080",), python=True),
    Server("waitress", ("pypi:waitress",), _WAITRESS, ("tcp:8080",), python=True),
    Server("tornado", ("pypi:tornado",), "{python} {programs}/tornado_server.py", ("tcp:8888",), python=True),
    Server(
        "aioquic",
        ("pypi:aioquic",),
        "{python} {programs}/quic_server.py {state}/cert.pem {state}/key.pem",
        ("udp:4433",),
        before=_CERTIFICATE,
        python=True,
    ),
    Server("grpc", ("pypi:grpcio",), "{python} {programs}/grpc_server.py", ("tcp:50051",)),
    # JavaScript.
    Server("node-cluster", ("apt:nodejs",), "node {programs}/cluster.cjs", ("tcp:3000",), minimum=True),
    Server("http-server", ("apt:nodejs", "npm:http-server"), "http-server {state} -p 8080", ("tcp:8080",)),
    Server("ws", ("apt:nodejs", "npm:ws"), "node {programs}/websocket.cjs", ("tcp:8080",)),
    Server("aedes", ("apt:nodejs", "npm:aedes"), "node {programs}/mqtt.cjs", ("tcp:1883",)),
    Server("bun", ("npm:bun",), "bun {programs}/bun.js", ("tcp:3000",), says="G"),
    Server("deno", ("npm:deno",), "deno run --allow-net {programs}/deno.js", ("tcp:8000",)),
)
#: Tried under `addrinuse as`, besides rows of the table.
OTHERS = (Server("http.server", (), "{python} -m http.server 8000 --bind 127.0.0.1", ("tcp:8000",), python=True),)
BY_NAME = {server.name: server for server in (*SERVERS, *OTHERS)}
#: Of these a run under `addrinuse as` is made: one for each runtime. Caddy is the one in Go.
UNDER_AS = ("nginx", "redis", "memcached", "caddy", "node-cluster", "gunicorn", "uvicorn", "http.server")
