/* An adapter in C: the kernel's own sockets, as docs/adapter.md describes it. Replace the socket calls by those of your stack.
 *
 *     cc -o adapter kernel.c && addrinuse run --stack-command ./adapter
 *
 * The last arguments are the name of the actor, and for another user its number. A request is a line with a JSON array. Its
 * words are taken in order, whatever brackets are around them: ["create","A","tcp4",[["SO_REUSEADDR",1]]] is
 * create A tcp4 SO_REUSEADDR 1. No string in it has an escape, since names of files come as hexadecimal digits.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORDS = 64, SOCKETS = 256, WAITING = 256, BACKLOG = 128, PATIENCE = 2000 };

/* A socket by its name, and what `drain` set aside for its accept or recv. */
struct made { char name[16]; int fd, aside[WAITING], count; };
static struct made made[SOCKETS];
static int used, clients[WAITING], client_count, offered = -1;

/* What `drain` sets aside is a connection, or one of these. */
enum { DATAGRAM = -1, EMPTY_DATAGRAM = -2 };

static struct { const char *name; int level, number; } options[] = {
    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR}, {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT}, {"SO_LINGER", SOL_SOCKET, SO_LINGER},
    {"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY}, {"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, 24}, {"IP_LOCAL_PORT_RANGE", IPPROTO_IP, 51},
    {"IP_MULTICAST_ALL", IPPROTO_IP, 49}, {"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST},
};

static struct { int number; const char *name; } errors[] = {
#define E(name) {name, #name}
    E(EACCES), E(EADDRINUSE), E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(EAGAIN), E(EALREADY), E(EBADF), E(ECONNABORTED), E(ECONNREFUSED),
    E(ECONNRESET), E(EDESTADDRREQ), E(EINPROGRESS), E(EINTR), E(EINVAL), E(EISCONN), E(EMSGSIZE), E(ENETUNREACH),
    E(EHOSTUNREACH), E(ENOBUFS), E(ENODEV), E(ENOENT), E(ENOPROTOOPT), E(ENOTCONN), E(ENOTSOCK), E(EOPNOTSUPP), E(EPERM),
    E(EPIPE), E(EPROTO), E(EPROTONOSUPPORT), E(ETIMEDOUT), E(EBUSY), E(EEXIST), E(EISDIR), E(ELOOP), E(ENAMETOOLONG), E(ENOSPC),
    E(ENOTDIR), E(ENOTEMPTY), E(EPROTOTYPE), E(EROFS), E(ESOCKTNOSUPPORT), E(EXDEV),
};

static int port_of(int fd) {
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&own, &size) || own.ss_family == AF_UNIX) return -1;
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
}

/* Print the answer to a call: ok or the name of the errno, and the port if that is not negative. That this process may have no more
 * descriptors or memory has no name above: it says nothing of the call. */
static void told(int failed, int port) {
    char more[32] = "";
    if (port >= 0) snprintf(more, sizeof more, ", \"port\": %d", port);
    if (!failed) {
        printf("{\"answer\": \"ok\"%s}\n", more);
        return;
    }
    for (size_t n = 0; n < sizeof errors / sizeof *errors; n++)
        if (errors[n].number == failed) {
            printf("{\"answer\": \"%s\"%s}\n", errors[n].name, more);
            return;
        }
    printf("{\"broken\": \"errno %d\"}\n", failed);
}

/* The same of a call that just failed or not; a refused one has no port. */
static void answer(int failed, int fd) { told(failed ? errno : 0, failed ? -1 : port_of(fd)); }

static struct made *find(const char *name) {
    for (int n = 0; n < used; n++)
        if (made[n].fd >= 0 && !strcmp(made[n].name, name)) return &made[n];
    return NULL;
}

/* Give a descriptor a name, in a place that is free, and print the answer. */
static void keep(const char *name, int fd) {
    int n = 0;
    while (n < used && made[n].fd >= 0) n++;
    if (fd < 0 || n == SOCKETS) {
        if (fd >= 0) { close(fd); errno = EMFILE; }
        answer(1, -1);
        return;
    }
    if (n == used) used++;
    snprintf(made[n].name, sizeof made[n].name, "%s", name);
    made[n].fd = fd;
    made[n].count = 0;
    answer(0, fd);
}

/* Hold the socket of a client until `hangup`; whether there is room for it. */
static int hold(int fd) {
    if (fd >= 0 && client_count < WAITING) {
        clients[client_count++] = fd;
        return 1;
    }
    if (fd >= 0) close(fd);
    return 0;
}

static socklen_t address(struct sockaddr_storage *to, const char *host, int port) {
    memset(to, 0, sizeof *to);
    if (strchr(host, ':')) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        inet_pton(AF_INET6, host, &six->sin6_addr);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)to;
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    inet_pton(AF_INET, host, &four->sin_addr);
    return sizeof *four;
}

static int open_for(const char *host, int type) { return socket(strchr(host, ':') ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0); }

/* Connect or bind a new socket. */
static int new_at(const char *host, int port, int type, int (*act)(int, const struct sockaddr *, socklen_t)) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, host, port);
    int fd = open_for(host, type);
    if (fd >= 0 && act(fd, (struct sockaddr *)&to, size)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* A client connects by IPv4 to a mapped address: systems differ on whether IPv6 sockets reach one. */
static const char *unmapped(const char *host) { return !strncmp(host, "::ffff:", 7) && strchr(host, '.') ? host + 7 : host; }

static void close_with_reset(int fd) {
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static int put_option(int fd, int level, int number, int value) {
    struct linger linger = {1, value};
    unsigned range = (unsigned)value << 16 | (unsigned)value;
    if (level == SOL_SOCKET && number == SO_LINGER) return setsockopt(fd, level, number, &linger, sizeof linger);
    if (level == IPPROTO_IP && number == 51) return setsockopt(fd, level, number, &range, sizeof range);
    return setsockopt(fd, level, number, &value, sizeof value);
}

/* -1 if the option is absent, which is printed; else whether it was refused. For AF_UNIX it is there, and a refusal is an answer. */
static int set_option(int fd, const char *name, int value, int is_unix) {
    for (size_t n = 0; n < sizeof options / sizeof *options; n++)
        if (!strcmp(options[n].name, name)) {
            if (!put_option(fd, options[n].level, options[n].number, value)) return 0;
            if (is_unix || (errno != ENOPROTOOPT && errno != EOPNOTSUPP)) return 1;
        }
    printf("{\"untestable\": \"option %s is absent\"}\n", name);
    return -1;
}

static void get_option(int fd, const char *name) {
    for (size_t n = 0; n < sizeof options / sizeof *options; n++)
        if (!strcmp(options[n].name, name)) {
            int value[2] = {0, 0};
            socklen_t size = sizeof value;
            if (getsockopt(fd, options[n].level, options[n].number, value, &size)) answer(1, -1);
            else printf("{\"answer\": \"%d\"}\n", value[0] != 0);
            return;
        }
    printf("{\"untestable\": \"option %s is absent\"}\n", name);
}

/* Join a group on the loopback interface, or leave it. */
static int member(int fd, const char *group, int joins) {
    if (strchr(group, ':')) {
        struct ipv6_mreq six = {.ipv6mr_interface = if_nametoindex("lo")};
        inet_pton(AF_INET6, group, &six.ipv6mr_multiaddr);
        return setsockopt(fd, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &six, sizeof six);
    }
    struct ip_mreq four;
    inet_pton(AF_INET, group, &four.imr_multiaddr);
    inet_pton(AF_INET, "127.0.0.1", &four.imr_interface);
    return setsockopt(fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &four, sizeof four);
}

static int is_broadcast(const char *host) { return !strcmp(host, "127.255.255.255") || !strcmp(host, "255.255.255.255"); }

/* A UDP socket whose datagrams to a group, or to everybody, stay on the machine: Linux sends 255.255.255.255 from 127.0.0.1 over loopback. */
static int sender(const char *host) {
    int fd = open_for(host, SOCK_DGRAM), index = if_nametoindex("lo"), none = 0, yes = 1;
    struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = loopback};
    if (is_broadcast(host)) {
        setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
        bind(fd, (struct sockaddr *)&own, sizeof own);
    }
    if (strchr(host, ':')) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &none, sizeof none);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &none, sizeof none);
    }
    return fd;
}

/* The next connection within so many milliseconds, or EAGAIN. */
static int accept_within(int fd, int patience) {
    struct pollfd one = {fd, POLLIN, 0};
    int flags = fcntl(fd, F_GETFL), got, why;
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (got < 0 && errno == EAGAIN && patience && poll(&one, 1, patience)) got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    why = errno;
    fcntl(fd, F_SETFL, flags);
    errno = why;
    return got;
}

/* --- the requests: each gets its words, and the socket that the first one names */

#define UNUSED __attribute__((unused))
#define DO(name) static void do_##name(UNUSED struct made *on, UNUSED char **word, UNUSED int count)

static int number(const char *word) { return (int)strtol(word, NULL, 10); }

static void tell_ok(void) { printf("{\"answer\": \"ok\"}\n"); }

/* Make a socket with the options that begin at a word, and keep it. */
static void create(int family, int type, int protocol, char **word, int count) {
    int fd = socket(family, type | SOCK_CLOEXEC, protocol), refused = 0;
    for (int n = 3; fd >= 0 && n + 1 < count && !refused; n += 2) refused = set_option(fd, word[n], number(word[n + 1]), family == AF_UNIX);
    if (refused) {
        if (refused > 0) answer(1, -1);
        close(fd);
    } else if (fd < 0 && family == AF_UNIX && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
        printf("{\"untestable\": \"AF_UNIX, or this type of it, is absent\"}\n");
    else keep(word[1], fd);
}

DO(create) {
    int mptcp = word[2][0] == 'm', probe; /* IPPROTO_MPTCP is 262 */
    const char *kind = word[2] + (mptcp ? 2 : 0);
    if (mptcp) {
        probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262);
        if (probe < 0) { printf("{\"untestable\": \"Multipath TCP is absent\"}\n"); return; }
        close(probe);
    }
    create(strchr(kind, '6') ? AF_INET6 : AF_INET, kind[0] == 't' ? SOCK_STREAM : SOCK_DGRAM, mptcp ? 262 : 0, word, count);
}

DO(bind) {
    struct sockaddr_storage at;
    socklen_t size = address(&at, word[2], number(word[3]));
    answer(bind(on->fd, (struct sockaddr *)&at, size), on->fd);
}

DO(listen) { answer(listen(on->fd, count > 2 ? number(word[2]) : BACKLOG), on->fd); }

/* After a refusal the next connect would tell of this one again, so on Linux that is how to ask; elsewhere SO_ERROR tells. */
static int connected(int fd, const struct sockaddr_storage *to, socklen_t size) {
#ifdef __linux__
    return connect(fd, (const struct sockaddr *)to, size);
#else
    socklen_t of_error = sizeof errno;
    (void)to, (void)size;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &of_error) < 0 || errno ? -1 : 0;
#endif
}

/* Connect without blocking: what finds no room in a queue is EAGAIN, a quarter of a second later. */
static int connect_for_a_moment(int fd, const struct sockaddr_storage *to, socklen_t size) {
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    int failed = connect(fd, (const struct sockaddr *)to, size);
    if (failed && errno == EINPROGRESS) {
        struct pollfd wait = {fd, POLLOUT, 0};
        if (poll(&wait, 1, 250) == 1) failed = connected(fd, to, size);
        else errno = EAGAIN;
    }
    int refusal = errno;
    fcntl(fd, F_SETFL, flags);
    errno = refusal;
    return failed;
}

DO(connect) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, word[2], number(word[3]));
    answer(count > 4 ? connect_for_a_moment(on->fd, &to, size) : connect(on->fd, (struct sockaddr *)&to, size), on->fd);
}

/* A refused datagram may have bound its socket, too, so that the port is told always. */
DO(sendto) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, word[2], number(word[3]));
    int failed = sendto(on->fd, "?", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, size) < 0 ? errno : 0;
    told(failed, port_of(on->fd));
}

DO(disconnect) {
    struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
    answer(connect(on->fd, (struct sockaddr *)&none, sizeof none), on->fd);
}

/* The first of what was set aside. */
static int next_aside(struct made *on) {
    int first = on->aside[0];
    memmove(on->aside, on->aside + 1, (size_t)--on->count * sizeof *on->aside);
    return first;
}

DO(accept) {
    int fd = on->count ? next_aside(on) : accept_within(on->fd, PATIENCE);
    /* Over AF_UNIX, which has no port, nothing is late: that nobody waits is the answer. */
    if (fd < 0 && errno == EAGAIN && port_of(on->fd) >= 0) printf("{\"inconclusive\": \"accept did not end in time\"}\n");
    else if (fd < 0 && errno == EAGAIN) answer(1, -1);
    else keep(word[2], fd);
}

/* A connection has no data of its listener: only datagrams were received already. */
DO(recv) {
    static char block[1 << 16];
    struct pollfd one = {on->fd, POLLIN, 0};
    size_t asked = (size_t)number(word[2]), size = asked < sizeof block ? asked : sizeof block;
    ssize_t got;
    if (on->count && on->aside[0] < 0) got = next_aside(on) == DATAGRAM;
    else got = recv(on->fd, block, size, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN && poll(&one, 1, PATIENCE)) got = recv(on->fd, block, size, MSG_DONTWAIT);
    if (got < 0) answer(1, -1);
    else printf("{\"answer\": \"%s\"}\n", got ? "ok" : "end");
}

DO(send) {
    static char block[1 << 16];
    struct pollfd one = {on->fd, POLLOUT, 0};
    int room = 20 + (int)(atof(word[3]) * 1000);
    for (long left = atol(word[2]); left > 0;) {
        ssize_t sent = send(on->fd, block, left < (long)sizeof block ? (size_t)left : sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) left -= sent;
        else if (errno != EAGAIN) { answer(1, -1); return; }
        else if (poll(&one, 1, room) <= 0) break; /* no room appears: it is full */
    }
    tell_ok();
}

DO(shutdown) {
    answer(shutdown(on->fd, !strcmp(word[2], "RD") ? SHUT_RD : !strcmp(word[2], "WR") ? SHUT_WR : SHUT_RDWR), -1);
}

DO(setsockopt) {
    int refused = set_option(on->fd, word[2], number(word[3]), 0);
    if (refused >= 0) answer(refused, -1);
}

DO(getsockopt) { get_option(on->fd, word[2]); }

DO(join) { answer(member(on->fd, word[2], 1), -1); }

DO(leave) { answer(member(on->fd, word[2], 0), -1); }

DO(dup) { keep(word[2], fcntl(on->fd, F_DUPFD_CLOEXEC, 0)); }

/* Let another process fetch a descriptor. Where Yama is strict, it may only if it is named; another user may not. */
DO(export) {
    prctl(PR_SET_PTRACER, number(word[2]));
    printf("{\"answer\": \"ok\", \"shared\": \"%d:%d\"}\n", (int)getpid(), on->fd);
}

DO(import) {
    int from = -1, fd = -1, holder = -1;
    if (sscanf(word[2], "%d:%d", &from, &fd) == 2) holder = (int)syscall(SYS_pidfd_open, from, 0);
    fd = holder < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, holder, fd, 0);
    if (holder >= 0) close(holder);
    if (fd < 0) printf("{\"untestable\": \"this process may not fetch a descriptor of another one\"}\n");
    else keep(word[1], fd);
}

/* Close a descriptor, and what waits for it. */
static int forget(struct made *on) {
    int fd = on->fd;
    while (on->count) {
        int waiting = on->aside[--on->count];
        if (waiting >= 0) close_with_reset(waiting);
    }
    on->fd = -1;
    return fd < 0 ? 0 : close(fd);
}

DO(close) { answer(forget(on), -1); }

/* --- who receives */

DO(connect_many) {
    const char *host = unmapped(word[1]);
    int connected = 0;
    for (int n = 0; n < number(word[3]) && (connected || n < 3); n++) connected += hold(new_at(host, number(word[2]), SOCK_STREAM, connect));
    printf("{\"answer\": \"ok\", \"connected\": %d}\n", connected);
}

DO(datagrams) {
    struct sockaddr_storage to;
    const char *host = unmapped(word[1]);
    socklen_t size = address(&to, host, number(word[2]));
    int sent = 0;
    while (sent < number(word[3])) {
        int fd = sender(host);
        if (!hold(fd) || sendto(fd, "?", 1, 0, (struct sockaddr *)&to, size) != 1) break;
        sent++;
    }
    printf("{\"answer\": \"ok\", \"sent\": %d}\n", sent);
}

/* The next connection or datagram that waits at a socket, behind those that are gone; -1 if there is none. */
static int next_waiting(int fd, int tcp, int *got) {
    char bytes[16];
    for (int gone = 0; gone < BACKLOG; gone++) {
        *got = tcp ? accept_within(fd, 0) : (int)recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (*got >= 0 || (errno != ECONNABORTED && (tcp || (errno != ECONNREFUSED && errno != ECONNRESET)))) break;
    }
    if (*got < 0) return -1;
    if (!tcp) *got = *got ? DATAGRAM : EMPTY_DATAGRAM;
    return 0;
}

static int drain(struct made *on, int tcp, int aside) {
    int taken = 0, got;
    while (on && !next_waiting(on->fd, tcp, &got)) {
        taken++;
        if (aside && on->count < WAITING) on->aside[on->count++] = got;
        else if (tcp) close_with_reset(got);
    }
    return taken;
}

DO(drain) {
    int tcp = !strcmp(word[count - 2], "tcp"), aside = !strcmp(word[count - 1], "true");
    printf("{\"answer\": \"ok\", \"counts\": {");
    for (int n = 1; n < count - 2; n++) printf("%s\"%s\": %d", n > 1 ? ", " : "", word[n], drain(find(word[n]), tcp, aside));
    printf("}}\n");
}

static void hang_up(void) { while (client_count) close(clients[--client_count]); }

DO(hangup) { hang_up(); tell_ok(); }

/* --- AF_UNIX: every name is hexadecimal digits, those of a path in the folder of the experiment */

/* Where the process was before, and the folder of the experiment. */
static int home = -1;
static char *folder;

struct name { char *bytes; size_t size; };

/* The bytes that a word names, with a NUL behind them. Whoever asks frees them. */
static struct name named(const char *digits) {
    struct name name = {calloc(strlen(digits) / 2 + 1, 1), 0};
    unsigned byte;
    if (!name.bytes) abort();
    while (sscanf(digits + 2 * name.size, "%2x", &byte) == 1) name.bytes[name.size++] = (char)byte;
    return name;
}

/* Whether the part of a path before its last name lies in the folder of the experiment. What leads nowhere the kernel will refuse. */
static int is_inside(const char *path) {
    char *parent = strdup(path), *slash, *found;
    size_t length = strlen(path), own = folder ? strlen(folder) : 0;
    int inside;
    if (!parent) abort();
    while (length > 1 && parent[length - 1] == '/') parent[--length] = 0;
    slash = strrchr(parent, '/');
    const char *last = slash ? slash + 1 : parent;
    int as_it_is = !strcmp(last, ".") || !strcmp(last, "..");
    if (slash && !as_it_is) slash[slash == parent] = 0;
    found = realpath(slash || as_it_is ? parent : ".", NULL);
    inside = !found || (own && !strncmp(found, folder, own) && (!found[own] || found[own] == '/'));
    free(found);
    free(parent);
    if (!inside) printf("{\"untestable\": \"a path leads out of the folder of the experiment\"}\n");
    return inside;
}

/* Go home, and forget the folder. */
static void unsettle(void) {
    if (folder && fchdir(home) && chdir("/")) abort();
    umask(022);
    free(folder);
    folder = NULL;
}

DO(settle) {
    struct name to = named(word[1]);
    unsettle();
    folder = realpath(to.bytes, NULL);
    answer(!folder || chdir(folder), -1);
    free(to.bytes);
}

static int type_of(const char *kind) { return !strcmp(kind, "unix") ? SOCK_STREAM : !strcmp(kind, "unixgram") ? SOCK_DGRAM : SOCK_SEQPACKET; }

DO(unix_create) { create(AF_UNIX, type_of(word[2]), 0, word, count); }

/* An address with exactly these bytes: a name may be longer than sun_path, or nothing at all. NULL if it leads out. */
static struct sockaddr *unix_address(const char *digits, socklen_t *size) {
    struct name name = named(digits);
    struct sockaddr_un *at = NULL;
    if (!name.size || !name.bytes[0] || is_inside(name.bytes)) {
        at = calloc(1, sizeof *at + name.size);
        if (!at) abort();
        at->sun_family = AF_UNIX;
        memcpy((char *)at + offsetof(struct sockaddr_un, sun_path), name.bytes, name.size);
        *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.size);
    }
    free(name.bytes);
    return (struct sockaddr *)at;
}

DO(unix_name) {
    union { struct sockaddr_un at; char room[256]; } own;
    socklen_t size = sizeof own;
    size_t head = offsetof(struct sockaddr_un, sun_path), end;
    if (getsockname(on->fd, (struct sockaddr *)&own, &size)) { answer(1, -1); return; }
    end = size <= head || !own.room[head] ? size : head + strnlen(own.room + head, size - head);
    printf("{\"answer\": \"ok\", \"name\": \"");
    for (size_t n = head; n < end; n++) printf("%02x", (unsigned char)own.room[n]);
    printf("\"}\n");
}

DO(unix_bind) {
    socklen_t size;
    struct sockaddr *at = unix_address(word[2], &size);
    if (!at) return;
    if (bind(on->fd, at, size)) answer(1, -1);
    else do_unix_name(on, word, count);
    free(at);
}

DO(unix_listen) { answer(listen(on->fd, number(word[2])), -1); }

/* connect without waiting: EAGAIN if the queue is full. */
static int connect_now(int fd, const struct sockaddr *to, socklen_t size) {
    int flags = fcntl(fd, F_GETFL), failed, why;
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    failed = connect(fd, to, size);
    why = errno;
    fcntl(fd, F_SETFL, flags);
    errno = why;
    return failed;
}

DO(unix_connect) {
    socklen_t size;
    struct sockaddr *to = unix_address(word[2], &size);
    if (to) answer(connect_now(on->fd, to, size), -1);
    free(to);
}

DO(unix_sendto) {
    socklen_t size;
    struct sockaddr *to = unix_address(word[2], &size);
    if (to) answer(sendto(on->fd, "?", 1, MSG_DONTWAIT | MSG_NOSIGNAL, to, size) < 0, -1);
    free(to);
}

DO(unix_setsockopt) {
    int refused = set_option(on->fd, word[2], number(word[3]), 1);
    if (refused >= 0) answer(refused, -1);
}

DO(unix_reach) {
    socklen_t size;
    struct sockaddr *to = unix_address(word[2], &size);
    int type = type_of(word[1]), reached = 0;
    if (!to) return;
    for (int n = 0; n < number(word[3]); n++) {
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (!hold(fd) || connect_now(fd, to, size)) continue;
        reached += type != SOCK_DGRAM || send(fd, "?", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
    }
    printf("{\"answer\": \"ok\", \"reached\": %d}\n", reached);
    free(to);
}

/* --- files in the folder of the experiment */

static int ends_with_slash(const char *path) { return *path && path[strlen(path) - 1] == '/'; }

static int make(const char *path) {
    if (ends_with_slash(path)) return mkdir(path, 0777);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    return fd < 0 ? -1 : close(fd);
}

static int file_unlink(const char *path) { return ends_with_slash(path) ? rmdir(path) : unlink(path); }

/* Make a call on one path, if it lies in the folder. */
static void on_path(const char *digits, int (*act)(const char *)) {
    struct name path = named(digits);
    if (is_inside(path.bytes)) answer(act(path.bytes), -1);
    free(path.bytes);
}

static void on_two(char **word, int (*act)(const char *, const char *)) {
    struct name path = named(word[1]), to = named(word[2]);
    if (is_inside(path.bytes) && is_inside(to.bytes)) answer(act(path.bytes, to.bytes), -1);
    free(path.bytes);
    free(to.bytes);
}

static int hard(const char *path, const char *another) { return linkat(AT_FDCWD, path, AT_FDCWD, another, 0); }

static const char *kind_of(mode_t mode) {
    return S_ISSOCK(mode) ? "socket" : S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

/* What lstat tells of a path, as a word. */
static void looked_at(const char *digits, int wants_mode) {
    struct name path = named(digits);
    struct stat found;
    if (is_inside(path.bytes)) {
        int failed = lstat(path.bytes, &found);
        if (failed && errno == ENOENT && !wants_mode) printf("{\"answer\": \"none\"}\n");
        else if (failed) answer(1, -1);
        else if (wants_mode) printf("{\"answer\": \"0%03o\"}\n", (unsigned)found.st_mode & 07777);
        else printf("{\"answer\": \"%s\"}\n", kind_of(found.st_mode));
    }
    free(path.bytes);
}

DO(file) { looked_at(word[1], 0); }

DO(mode) { looked_at(word[1], 1); }

DO(make) { on_path(word[1], make); }

DO(unlink) { on_path(word[1], file_unlink); }

DO(chdir) { on_path(word[1], chdir); }

DO(rename) { on_two(word, rename); }

DO(hard) { on_two(word, hard); }

/* What a link names is looked up from where the link is. */
DO(link) {
    struct name path = named(word[1]), to = named(word[2]);
    char *slash = strrchr(path.bytes, '/'), *from_here = NULL;
    int parent = to.bytes[0] != '/' && slash ? (int)(slash - path.bytes) + 1 : 0;
    if (asprintf(&from_here, "%.*s%s", parent, path.bytes, to.bytes) < 0) abort();
    if (is_inside(from_here) && is_inside(path.bytes)) answer(symlink(to.bytes, path.bytes), -1);
    free(from_here);
    free(path.bytes);
    free(to.bytes);
}

DO(chmod) {
    struct name path = named(word[1]);
    if (is_inside(path.bytes)) answer(chmod(path.bytes, (mode_t)strtol(word[2], NULL, 8)), -1);
    free(path.bytes);
}

DO(umask) { umask((mode_t)strtol(word[1], NULL, 8)); tell_ok(); }

/* --- what the stack is */

DO(states) {
    static const char *words[] = {"", "ESTABLISHED", "", "", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSED", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"};
    const char *tables[] = {"/proc/net/tcp", "/proc/net/tcp6"}, *comma = "";
    char line[512];
    int port = number(word[1]);
    printf("{\"answer\": \"ok\", \"states\": [");
    for (int n = 0; n < 2; n++) {
        FILE *table = fopen(tables[n], "r");
        unsigned local, state;
        while (table && fgets(line, sizeof line, table))
            if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) == 2 && (int)local == port && state < 12 && *words[state]) {
                printf("%s\"%s\"", comma, words[state]);
                comma = ", ";
            }
        if (table) fclose(table);
    }
    printf("]}\n");
}

static int can_bind(const char *host, int type, int port) {
    int fd = new_at(host, port, type, bind);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static const char *boolean(int value) { return value ? "true" : "false"; }

DO(free) {
    int port = number(word[1]);
    int is_free = can_bind("127.0.0.1", SOCK_STREAM, port) && can_bind("127.0.0.1", SOCK_DGRAM, port);
    is_free = is_free && (!can_bind("::1", SOCK_STREAM, 0) || (can_bind("::1", SOCK_STREAM, port) && can_bind("::1", SOCK_DGRAM, port)));
    printf("{\"answer\": \"ok\", \"free\": %s}\n", boolean(is_free));
}

static int hears(const char *group, const char *wildcard) {
    int fd = new_at(wildcard, 0, SOCK_DGRAM, bind), from = sender(group), heard;
    struct sockaddr_storage own, to;
    socklen_t size = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &size);
    member(fd, group, 1);
    size = address(&to, group, ntohs(((struct sockaddr_in *)&own)->sin_port));
    heard = sendto(from, "?", 1, 0, (struct sockaddr *)&to, size) == 1;
    struct pollfd one = {fd, POLLIN, 0};
    heard = heard && poll(&one, 1, 300) > 0;
    close(fd);
    close(from);
    return heard;
}

DO(probe) {
    printf("{\"answer\": \"ok\", \"ipv6\": %s, \"second\": \"127.0.0.2\", \"multicast4\": %s, \"multicast6\": %s, \"broadcast\": %s, "
           "\"orphans\": true, \"time_wait\": true}\n",
           boolean(can_bind("::1", SOCK_STREAM, 0)), boolean(hears("224.0.0.251", "0.0.0.0")), boolean(hears("ff05::fb", "::")),
           boolean(hears("127.255.255.255", "0.0.0.0")));
}

DO(offer) {
    offered = new_at("127.0.0.1", 0, SOCK_STREAM, bind);
    answer(offered < 0 || listen(offered, 1), offered);
}

DO(withdraw) {
    if (offered >= 0) close(offered);
    offered = -1;
    tell_ok();
}

DO(reach) {
    int fd = new_at("127.0.0.1", number(word[1]), SOCK_STREAM, connect);
    if (fd >= 0) close_with_reset(fd);
    printf("{\"answer\": \"ok\", \"reached\": %s}\n", boolean(fd >= 0));
}

DO(reset) {
    hang_up();
    while (used) forget(&made[--used]);
    unsettle();
    tell_ok();
}

/* How many words a request has at least, and whether the first of them is the name of a socket. */
static const struct { const char *verb; void (*act)(struct made *, char **, int); int words, on; } requests[] = {
#define ON(verb, words) {#verb, do_##verb, words, 1}
#define OF(verb, words) {#verb, do_##verb, words, 0}
    OF(create, 3), ON(bind, 4), ON(connect, 4), ON(sendto, 4), ON(disconnect, 2), ON(listen, 2), ON(accept, 3), ON(send, 3), ON(recv, 3),
    ON(shutdown, 3), ON(setsockopt, 4), ON(getsockopt, 3), ON(join, 3), ON(leave, 3), ON(dup, 3), ON(close, 2),
    OF(reset, 1), ON(export, 3), OF(import, 3),
    OF(connect_many, 4), OF(datagrams, 4), OF(drain, 3), OF(hangup, 1),
    OF(probe, 1), OF(states, 2), OF(free, 2), OF(offer, 1), OF(reach, 2), OF(withdraw, 1),
    OF(settle, 2), OF(unix_create, 3), ON(unix_bind, 3), ON(unix_connect, 3), ON(unix_sendto, 3), ON(unix_listen, 3), ON(unix_setsockopt, 4),
    ON(unix_name, 2), OF(unix_reach, 4),
    OF(file, 2), OF(mode, 2), OF(make, 2), OF(link, 3), OF(hard, 3), OF(rename, 3), OF(unlink, 2), OF(chmod, 3), OF(chdir, 2), OF(umask, 2),
};

static void perform(char **word, int count) {
    for (size_t n = 0; n < sizeof requests / sizeof *requests; n++)
        if (!strcmp(requests[n].verb, word[0])) {
            struct made *on = requests[n].on && count > 1 ? find(word[1]) : NULL;
            if (count < requests[n].words) printf("{\"broken\": \"%s needs more words\"}\n", requests[n].verb);
            else if (requests[n].on && !on) told(EBADF, -1);
            else requests[n].act(on, word, count);
            return;
        }
    printf("{\"untestable\": \"this adapter has no %s\"}\n", word[0]);
}

/* Cut a line into its words. An empty string is a word, and what a request does not have is an empty one. */
static int words_of(char *line, char **word) {
    static char none[] = "";
    int count = 0;
    while (count < WORDS && *(line += strspn(line, "[], \n"))) {
        int quoted = *line == '"';
        word[count++] = line += quoted;
        line += strcspn(line, quoted ? "\"" : "[], \n");
        if (*line) *line++ = 0;
    }
    for (int n = count; n < WORDS; n++) word[n] = none;
    return count;
}

static int become(uid_t user) { return setgroups(0, NULL) || setgid(user) || setuid(user); }

int main(int count, char **arguments) {
    char *line = NULL, *word[WORDS];
    size_t room = 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    home = open(".", O_PATH | O_CLOEXEC);
    if (count > 2 && become((uid_t)number(arguments[2]))) {
        printf("{\"failed\": \"another user needs root\"}\n");
        return 1;
    }
    printf("{\"ready\": true}\n");
    fflush(stdout);
    while (getline(&line, &room, stdin) > 0) {
        int words = words_of(line, word);
        if (words) perform(word, words);
        else printf("{\"broken\": \"an empty request\"}\n");
        fflush(stdout);
    }
    free(line);
    return 0;
}
