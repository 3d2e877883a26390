"""The servers, and what is known to differ. One row each; the minimum is run with every change."""

from __future__ import annotations

from tests.servers.server import Server

_CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 2>/dev/null"

SERVERS = (
    # Web servers and proxies.
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
        "nginx-reuseport",
        ("apt:nginx-light",),
        "nginx -c {state}/nginx.conf",
        ("tcp:8080",),
        {
            "nginx.conf": "daemon off; user nobody nogroup; worker_processes 2; pid {state}/nginx.pid; error_log stderr;\n"
            "events {} http { access_log off; server { listen 127.0.0.1:8080 reuseport; } }\n"
        },
    ),
    Server(
        "apache",
        ("apt:apache2",),
        "apache2 -DFOREGROUND -f {state}/apache.conf",
        ("tcp:80",),
        {
            "apache.conf": "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n"
            "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
            "DefaultRuntimeDir {state}\nPidFile {state}/pid\nErrorLog /dev/stderr\nServerName localhost\n"
            "User nobody\nGroup nogroup\nListen 80\n"
        },
        says="G",
    ),
    Server(
        "lighttpd",
        ("apt:lighttpd",),
        "lighttpd -D -f {state}/lighttpd.conf",
        ("tcp:8080",),
        {"lighttpd.conf": 'server.document-root = "{state}"\nserver.port = 8080\nserver.bind = "127.0.0.1"\n'},
    ),
    Server(
        "caddy",
        ("apt:caddy",),
        "caddy run --config {state}/Caddyfile --adapter caddyfile",
        ("tcp:8080",),
        {"Caddyfile": "{\n admin off\n}\nhttp://:8080 {\n respond ok\n}\n"},
    ),
    Server("varnish", ("apt:varnish",), "varnishd -F -a 127.0.0.1:6081 -b 127.0.0.1:1 -n {state}/work -j none -T none", ("tcp:6081",)),
    Server(
        "squid",
        ("apt:squid",),
        "squid -N -f {state}/squid.conf",
        ("tcp:3128",),
        {
            "squid.conf": "http_port 3128\npid_filename {state}/pid\ncache_log /dev/null\naccess_log none\ncache_store_log none\n"
            "cache_effective_user nobody\ncoredump_dir {state}\npinger_enable off\nshutdown_lifetime 0 seconds\n"
        },
    ),
    Server(
        "tinyproxy",
        ("apt:tinyproxy",),
        "tinyproxy -d -c {state}/tinyproxy.conf",
        ("tcp:8888",),
        {"tinyproxy.conf": "Port 8888\nListen 127.0.0.1\nMaxClients 100\n"},
    ),
    Server(
        "stunnel",
        ("apt:stunnel4",),
        "stunnel4 {state}/stunnel.conf",
        ("tcp:4433",),
        {
            "stunnel.conf": "foreground = yes\npid = {state}/pid\n[s]\naccept = 127.0.0.1:4433\nconnect = 127.0.0.1:1\n"
            "cert = {state}/cert.pem\nkey = {state}/key.pem\n"
        },
        before=_CERTIFICATE,
    ),
    Server("php", ("apt:php-cli",), "{state}/php -S 127.0.0.1:8000 -t {state}", ("tcp:8000",), before="ln -s /usr/bin/php[0-9].[0-9] php"),
    Server(
        "puma",
        ("apt:puma",),
        "puma -C {state}/puma.rb",
        ("tcp:9292",),
        {"puma.rb": 'bind "tcp://127.0.0.1:9292"\napp { |env| [200, {}, ["ok"]] }\n'},
    ),
    # Names, time, and other datagrams.
    Server(
        "dnsmasq",
        ("apt:dnsmasq",),
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --user=root --group=root --pid-file={state}/pid",
        ("tcp:53", "udp:53"),
        minimum=True,
    ),
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
    Server(
        "bind",
        ("apt:bind9",),
        "named -f -n 2 -c {state}/named.conf",
        ("tcp:53", "udp:53"),
        {
            "named.conf": 'options { directory "{state}"; pid-file none; session-keyfile "{state}/key"; listen-on { 127.0.0.1; };\n'
            "listen-on-v6 { none; }; recursion no; dnssec-validation no; lock-file none; }; controls { };\n"
        },
    ),
    Server(
        "nsd",
        ("apt:nsd",),
        "nsd -d -c {state}/nsd.conf",
        ("tcp:53", "udp:53"),
        {
            "nsd.conf": 'server:\n ip-address: 127.0.0.1\n username: root\n zonesdir: "{state}"\n database: ""\n pidfile: "{state}/pid"\n'
            ' xfrdfile: "{state}/xfrd"\n xfrdir: "{state}"\n zonelistfile: "{state}/zones"\n server-count: 2\n reuseport: yes\nremote-control:\n control-enable: no\n'
        },
    ),
    Server(
        "knot",
        ("apt:knot",),
        "knotd -c {state}/knot.conf",
        ("tcp:53", "udp:53"),
        {
            "knot.conf": "server:\n  rundir: {state}\n  listen: 127.0.0.1@53\n  udp-workers: 2\n  tcp-workers: 2\n  tcp-reuseport: on\n  user: root\n"
            "database:\n  storage: {state}\ncontrol:\n  listen: {state}/control\nlog:\n  - target: stderr\n    any: info\n"
        },
    ),
    Server(
        "chrony",
        ("apt:chrony",),
        "chronyd -d -x -U -u root -f {state}/chrony.conf",
        ("udp:123", "udp:323"),
        {"chrony.conf": "allow 127.0.0.1\npidfile {state}/pid\nbindcmdaddress {state}/chronyd.sock\n"},
    ),
    Server(
        "coturn",
        ("apt:coturn",),
        "turnserver -n --no-tls --no-dtls --no-cli -L 127.0.0.1 -p 3478 --pidfile {state}/pid --log-file stdout --userdb {state}/db",
        ("tcp:3478", "udp:3478"),
    ),
    Server(
        "snmpd",
        ("apt:snmpd",),
        "snmpd -f -Lo -C -c {state}/snmpd.conf -p {state}/pid udp:161",
        ("udp:161",),
        {"snmpd.conf": "rocommunity public\n"},
    ),
    Server("atftpd", ("apt:atftpd",), "atftpd --daemon --no-fork --port 6969 --user nobody.nogroup --logfile - {state}", ("udp:6969",)),
    # Multicast.
    Server(
        "avahi",
        ("apt:avahi-daemon",),
        "unshare --mount sh -c 'mount -t tmpfs none /run/avahi-daemon; exec avahi-daemon -f {state}/avahi.conf --no-drop-root --no-chroot --no-rlimits'",
        ("udp:5353",),
        {"avahi.conf": "[server]\nuse-ipv6=no\nenable-dbus=no\nallow-interfaces=multicast0\n"},
        before="mkdir -p /run/avahi-daemon; echo avahi:x:101:65534::/:/usr/sbin/nologin >> /etc/passwd; echo avahi:x:101: >> /etc/group",
        minimum=True,
        differs={
            "second": "It binds without options first, and sets SO_REUSEADDR and SO_REUSEPORT when that is refused. A second one makes calls "
            "that the first did not make."
        },
    ),
    Server(
        "minidlna",
        ("apt:minidlna",),
        "minidlnad -S -f {state}/minidlna.conf -P {state}/pid",
        ("tcp:8200", "udp:1900"),
        {"minidlna.conf": "port=8200\nnetwork_interface=multicast0\nmedia_dir={state}\ndb_dir={state}/db\nlog_dir={state}\ninotify=no\n"},
    ),
    Server("zeroconf", ("pypi:zeroconf",), "{python} {programs}/zeroconf_server.py", ("udp:5353",)),
    # Mail, shells and files.
    Server(
        "exim",
        ("apt:exim4-daemon-light",),
        "exim4 -bdf -oX 2525 -oP {state}/pid -C {state}/exim.conf",
        ("tcp:2525",),
        {
            "exim.conf": "exim_user = nobody\nexim_group = nogroup\nspool_directory = {state}/spool\nlog_file_path = {state}/%slog\nprimary_hostname = localhost\n"
            "local_interfaces = 127.0.0.1\n"
        },
        before="echo Debian-exim:x:102:65534::/:/usr/sbin/nologin >> /etc/passwd; echo Debian-exim:x:102: >> /etc/group",
    ),
    Server(
        "dovecot",
        ("apt:dovecot-imapd",),
        "dovecot -F -c {state}/dovecot.conf",
        ("tcp:143",),
        {
            "dovecot.conf": "base_dir = {state}/run\nstate_dir = {state}/lib\nprotocols = imap\nssl = no\nlog_path = /dev/stderr\nlisten = 127.0.0.1\n"
            "default_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = daemon\n"
            "service imap-login {\n inet_listener imaps {\n port = 0\n }\n}\n"
        },
    ),
    Server(
        "sshd",
        ("apt:openssh-server",),
        "/usr/sbin/sshd -D -e -f {state}/sshd.conf",
        ("tcp:22",),
        {"sshd.conf": "Port 22\nHostKey {state}/key\nPidFile {state}/pid\nUsePAM no\n"},
        before="ssh-keygen -q -t ed25519 -N '' -f key; mkdir -p /run/sshd; id sshd 2>/dev/null || echo sshd:x:100:65534::/run/sshd:/usr/sbin/nologin >> /etc/passwd",
        minimum=True,
    ),
    Server(
        "dropbear",
        ("apt:dropbear-bin",),
        "dropbear -F -E -p 2222 -r {state}/key -P {state}/pid",
        ("tcp:2222",),
        before="dropbearkey -t ed25519 -f key 2>&1",
    ),
    Server(
        "vsftpd",
        ("apt:vsftpd",),
        "vsftpd {state}/vsftpd.conf",
        ("tcp:21",),
        {
            "vsftpd.conf": "listen=YES\nbackground=NO\nnopriv_user=nobody\nsecure_chroot_dir={state}\nanonymous_enable=YES\nanon_root={state}\nseccomp_sandbox=NO\n"
        },
    ),
    # Stores, queues and brokers.
    Server("redis", ("apt:redis-server",), "redis-server --port 6379 --save '' --dir {state}", ("tcp:6379",)),
    Server("memcached", ("apt:memcached",), "memcached -u nobody -l 0.0.0.0 -U 11211", ("tcp:11211", "udp:11211"), minimum=True),
    Server(
        "mosquitto",
        ("apt:mosquitto",),
        "mosquitto -c {state}/mosquitto.conf",
        ("tcp:1883",),
        {"mosquitto.conf": "listener 1883\nallow_anonymous true\nuser root\n"},
    ),
    Server(
        "mariadb",
        ("apt:mariadb-server",),
        "mariadbd --no-defaults --user=root --datadir={state}/data --port=3306 --socket={state}/socket --pid-file={state}/pid",
        ("tcp:3306",),
        before="mariadb-install-db --no-defaults --user=root --datadir={state}/data --skip-test-db",
    ),
    Server(
        "etcd",
        ("apt:etcd-server",),
        "etcd --data-dir {state}/data --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380",
        ("tcp:2379", "tcp:2380"),
    ),
    Server("beanstalkd", ("apt:beanstalkd",), "beanstalkd -l 0.0.0.0 -p 11300", ("tcp:11300",)),
    Server("iperf3", ("apt:iperf3",), "iperf3 -s", ("tcp:5201",)),
    Server("epmd", ("apt:erlang-base",), "epmd -port 4369", ("tcp:4369",)),
    Server("rmiregistry", ("apt:openjdk-17-jre-headless",), "/usr/lib/jvm/java-17-openjdk-amd64/bin/rmiregistry 1099", ("tcp:1099",)),
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
    Server(
        "granian",
        ("pypi:granian",),
        "{python} -m granian --interface asgi --port 8000 --workers 2 --working-dir {programs} web:asgi",
        ("tcp:8000",),
        minimum=True,
    ),
    Server(
        "hypercorn", ("pypi:hypercorn",), "{python} -m hypercorn -b 127.0.0.1:8000 -w 2 {programs}/web:asgi", ("tcp:8000",), python=True
    ),
    Server("twisted", ("pypi:twisted",), "{python} -m twisted web --listen tcp:8080 --path {state}", ("tcp:8080",), python=True),
    Server(
        "waitress",
        ("pypi:waitress",),
        "sh -c 'cd {programs}; exec {python} -m waitress --listen=127.0.0.1:8080 web:wsgi'",
        ("tcp:8080",),
        python=True,
    ),
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
    Server("bun", ("npm:bun",), "bun {programs}/bun.js", ("tcp:3000",)),
    Server("deno", ("npm:deno",), "deno run --allow-net {programs}/deno.js", ("tcp:8000",)),
)
BY_NAME = {server.name: server for server in SERVERS}
