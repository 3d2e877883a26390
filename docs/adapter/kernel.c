/* An adapter in C: the kernel's own sockets, as docs/adapter.md describes it. Replace the socket calls by those of your stack.
 *
 *     cc -o adapter kernel.c && addrinuse run --stack-command ./adapter
 *
 * The last arguments are the name of the actor, and for another user its number. A request is a line with a JSON array. Its
 * words are taken in order, whatever brackets are around them: ["create","A","tcp4",[["SO_REUSEADDR",1]]] is
 * create A tcp4 SO_REUSEADDR 1.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORDS = 64, SOCKETS = 256, WAITING = 256, BACKLOG = 128, PATIENCE = 2000 };

/* A socket by its name, and what `drain` set aside for its accept or recv: connections, or a number of datagrams. */
struct made { char name[16]; int fd, aside[WAITING], count; };
static struct made made[SOCKETS];
static int used, clients[WAITING], client_count, offered = -1;

static struct { const char *name; int level, number; } options[] = {
    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR}, {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT}, {"SO_LINGER", SOL_SOCKET, SO_LINGER},
    {"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY}, {"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, 24}, {"IP_LOCAL_PORT_RANGE", IPPROTO_IP, 51},
    {"IP_MULTICAST_ALL", IPPROTO_IP, 49}, {"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST},
};

static struct { int number; const char *name; } errors[] = {
#define E(name) {name, #name}
    E(EACCES), E(EADDRINUSE), E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(EAGAIN), E(EALREADY), E(EBADF), E(ECONNABORTED), E(ECONNREFUSED),
    E(ECONNRESET), E(EDESTADDRREQ), E(EINPROGRESS), E(EINTR), E(EINVAL), E(EISCONN), E(EMFILE), E(EMSGSIZE), E(ENETUNREACH),
    E(EHOSTUNREACH), E(ENOBUFS), E(ENODEV), E(ENOENT), E(ENOMEM), E(ENOPROTOOPT), E(ENOTCONN), E(ENOTSOCK), E(EOPNOTSUPP), E(EPERM),
    E(EPIPE), E(EPROTO), E(EPROTONOSUPPORT), E(ETIMEDOUT),
};

static int port_of(int fd) {
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&own, &size)) return -1;
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
}

/* Print the answer to a call: ok or the name of the errno, and the port if that is not negative. */
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

static void keep(const char *name, int fd) {
    struct made *one = &made[used++];
    snprintf(one->name, sizeof one->name, "%s", name);
    one->fd = fd;
    one->count = 0;
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

static void reset(int fd) {
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* -1 if the option is absent, which is printed; else whether it was refused. */
static int set_option(int fd, const char *name, int value) {
    for (size_t n = 0; n < sizeof options / sizeof *options; n++)
        if (!strcmp(options[n].name, name)) {
            struct linger linger = {1, value};
            unsigned range = (unsigned)value << 16 | value;
            int is_linger = options[n].number == SO_LINGER && options[n].level == SOL_SOCKET, is_range = options[n].number == 51;
            const void *what = is_linger ? (void *)&linger : is_range ? (void *)&range : (void *)&value;
            if (!setsockopt(fd, options[n].level, options[n].number, what, is_linger ? sizeof linger : sizeof value)) return 0;
            if (errno != ENOPROTOOPT && errno != EOPNOTSUPP) return 1;
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

static void do_accept(struct made *on, const char *name) {
    int fd;
    if (on->count) {
        fd = on->aside[0];
        memmove(on->aside, on->aside + 1, --on->count * sizeof *on->aside);
    } else {
        fd = accept_within(on->fd, PATIENCE);
    }
    if (fd >= 0) keep(name, fd);
    if (fd < 0 && errno == EAGAIN) printf("{\"inconclusive\": \"accept did not end in time\"}\n");
    else answer(fd < 0, fd);
}

static void do_recv(struct made *on, int size) {
    static char block[1 << 16];
    struct pollfd one = {on->fd, POLLIN, 0};
    ssize_t got;
    if (on->count) {
        on->count--;
        printf("{\"answer\": \"ok\"}\n");
        return;
    }
    got = recv(on->fd, block, size < (int)sizeof block ? size : (int)sizeof block, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN && poll(&one, 1, PATIENCE)) got = recv(on->fd, block, sizeof block, MSG_DONTWAIT);
    if (got < 0) answer(1, -1);
    else printf("{\"answer\": \"%s\"}\n", got ? "ok" : "end");
}

static void do_send(int fd, long size) {
    static char block[1 << 16];
    while (size > 0) {
        ssize_t sent = send(fd, block, size < (long)sizeof block ? size : (long)sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
        struct pollfd one = {fd, POLLOUT, 0};
        if (sent >= 0) size -= sent;
        else if (errno != EAGAIN) { answer(1, -1); return; }
        else if (poll(&one, 1, 20) <= 0) break; /* no room appears: it is full */
    }
    printf("{\"answer\": \"ok\"}\n");
}

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

/* With patience a connect that finds no room in a queue is EAGAIN, a quarter of a second later. */
static void do_connect(int fd, const char *host, int port, int patient) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, host, port);
    int flags = fcntl(fd, F_GETFL);
    if (patient) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    int failed = connect(fd, (struct sockaddr *)&to, size);
    if (failed && patient && (errno == EINPROGRESS || errno == EALREADY)) {
        struct pollfd wait = {fd, POLLOUT, 0};
        if (poll(&wait, 1, 250) == 1) failed = connected(fd, &to, size);
        else errno = EAGAIN;
    }
    int number = errno;
    fcntl(fd, F_SETFL, flags);
    errno = number;
    answer(failed, fd);
}

/* A refused datagram may have bound its socket, too, so that the port is told always. */
static void do_sendto(int fd, const char *host, int port) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, host, port);
    int failed = sendto(fd, "?", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, size) < 0 ? errno : 0;
    told(failed, port_of(fd));
}

static void do_disconnect(int fd) {
    struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
    answer(connect(fd, (struct sockaddr *)&none, sizeof none), fd);
}

static void do_connect_many(const char *host, int port, int count) {
    int connected = 0;
    for (int n = 0; n < count && (connected || n < 3); n++) {
        int fd = new_at(unmapped(host), port, SOCK_STREAM, connect);
        if (fd >= 0) { clients[client_count++] = fd; connected++; }
    }
    printf("{\"answer\": \"ok\", \"connected\": %d}\n", connected);
}

static void do_datagrams(const char *host, int port, int count) {
    struct sockaddr_storage to;
    socklen_t size = address(&to, unmapped(host), port);
    int sent = 0;
    while (sent < count) {
        int fd = sender(unmapped(host));
        clients[client_count++] = fd;
        if (sendto(fd, "?", 1, 0, (struct sockaddr *)&to, size) != 1) break;
        sent++;
    }
    printf("{\"answer\": \"ok\", \"sent\": %d}\n", sent);
}

/* Take everything that waits, by name; set it aside, or do away with it. */
static void do_drain(char **names, int count, int tcp, int aside) {
    printf("{\"answer\": \"ok\", \"counts\": {");
    for (int n = 0; n < count; n++) {
        struct made *on = find(names[n]);
        int taken = 0, gone = 0;
        while (on) {
            char byte[16];
            int got = tcp ? accept_within(on->fd, 0) : (int)recv(on->fd, byte, sizeof byte, MSG_DONTWAIT);
            if (got < 0 && (errno == ECONNABORTED || (!tcp && errno == ECONNREFUSED)) && gone++ < BACKLOG) continue;
            if (got < 0) break;
            taken++;
            if (aside && on->count < WAITING) on->aside[on->count++] = got;
            else if (tcp) reset(got);
        }
        printf("%s\"%s\": %d", n ? ", " : "", names[n], taken);
    }
    printf("}}\n");
}

static void do_states(int port) {
    static const char *words[] = {"", "ESTABLISHED", "", "", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSED", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"};
    const char *tables[] = {"/proc/net/tcp", "/proc/net/tcp6"}, *comma = "";
    char line[512];
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

static void do_free(int port) {
    int free = can_bind("127.0.0.1", SOCK_STREAM, port) && can_bind("127.0.0.1", SOCK_DGRAM, port);
    free = free && (!can_bind("::1", SOCK_STREAM, 0) || (can_bind("::1", SOCK_STREAM, port) && can_bind("::1", SOCK_DGRAM, port)));
    printf("{\"answer\": \"ok\", \"free\": %s}\n", free ? "true" : "false");
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

static void do_probe(void) {
    printf("{\"answer\": \"ok\", \"ipv6\": %s, \"second\": \"127.0.0.2\", \"multicast4\": %s, \"multicast6\": %s, \"broadcast\": %s, "
           "\"orphans\": true, \"time_wait\": true}\n",
           can_bind("::1", SOCK_STREAM, 0) ? "true" : "false", hears("224.0.0.251", "0.0.0.0") ? "true" : "false",
           hears("ff05::fb", "::") ? "true" : "false", hears("127.255.255.255", "0.0.0.0") ? "true" : "false");
}

static void do_reset(void) {
    while (client_count) close(clients[--client_count]);
    while (used) {
        struct made *one = &made[--used];
        if (one->fd >= 0) close(one->fd);
        for (int n = 0; n < one->count; n++)
            if (one->aside[n] > 2) reset(one->aside[n]);
        one->count = 0;
    }
}

static void perform(char **word, int count) {
    const char *verb = word[0];
    struct made *on = count > 1 ? find(word[1]) : NULL;
    int number = count > 2 ? atoi(word[count - 1]) : count > 1 ? atoi(word[1]) : 0;
#define IS(name) !strcmp(verb, name)
    if (IS("create")) {
        int mptcp = word[2][0] == 'm'; /* IPPROTO_MPTCP is 262 */
        const char *kind = word[2] + (mptcp ? 2 : 0);
        int type = (kind[0] == 't' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
        int fd = socket(kind[3] == '6' ? AF_INET6 : AF_INET, type, mptcp ? 262 : 0), refused = fd < 0;
        if (refused && mptcp) { printf("{\"untestable\": \"Multipath TCP is absent\"}\n"); return; }
        for (int n = 3; n + 1 < count && !refused; n += 2)
            if ((refused = set_option(fd, word[n], atoi(word[n + 1]))) < 0) { close(fd); return; }
        if (refused) answer(1, -1);
        else { keep(word[1], fd); printf("{\"answer\": \"ok\"}\n"); }
    } else if (IS("drain")) {
        do_drain(word + 1, count - 3, !strcmp(word[count - 2], "tcp"), !strcmp(word[count - 1], "true"));
    } else if (IS("connect_many")) do_connect_many(word[1], atoi(word[2]), number);
    else if (IS("datagrams")) do_datagrams(word[1], atoi(word[2]), number);
    else if (IS("hangup")) { while (client_count) close(clients[--client_count]); printf("{\"answer\": \"ok\"}\n"); }
    else if (IS("states")) do_states(number);
    else if (IS("free")) do_free(number);
    else if (IS("probe")) do_probe();
    else if (IS("reset")) { do_reset(); printf("{\"answer\": \"ok\"}\n"); }
    else if (IS("offer")) { offered = new_at("127.0.0.1", 0, SOCK_STREAM, bind); answer(listen(offered, 1), offered); }
    else if (IS("withdraw")) { close(offered); printf("{\"answer\": \"ok\"}\n"); }
    else if (IS("reach")) {
        int fd = new_at("127.0.0.1", number, SOCK_STREAM, connect);
        if (fd >= 0) reset(fd);
        printf("{\"answer\": \"ok\", \"reached\": %s}\n", fd >= 0 ? "true" : "false");
    } else if (IS("bind") || IS("listen") || IS("connect") || IS("accept") || IS("send") || IS("recv") || IS("shutdown") || IS("close") ||
               IS("dup") || IS("join") || IS("leave") || IS("sendto") || IS("disconnect") || IS("setsockopt") || IS("getsockopt")) {
        if (!on) { errno = EBADF; answer(1, -1); }
        else if (IS("bind")) {
            struct sockaddr_storage at;
            socklen_t size = address(&at, word[2], number);
            answer(bind(on->fd, (struct sockaddr *)&at, size), on->fd);
        } else if (IS("listen")) answer(listen(on->fd, count > 2 ? number : BACKLOG), on->fd);
        else if (IS("connect")) do_connect(on->fd, word[2], atoi(word[3]), count > 4);
        else if (IS("accept")) do_accept(on, word[2]);
        else if (IS("send")) do_send(on->fd, atol(word[2]));
        else if (IS("recv")) do_recv(on, number);
        else if (IS("shutdown")) answer(shutdown(on->fd, !strcmp(word[2], "RD") ? SHUT_RD : !strcmp(word[2], "WR") ? SHUT_WR : SHUT_RDWR), -1);
        else if (IS("dup")) { keep(word[2], dup(on->fd)); printf("{\"answer\": \"ok\"}\n"); }
        else if (IS("join") || IS("leave")) answer(member(on->fd, word[2], IS("join")), -1);
        else if (IS("sendto")) do_sendto(on->fd, word[2], number);
        else if (IS("disconnect")) do_disconnect(on->fd);
        else if (IS("getsockopt")) get_option(on->fd, word[2]);
        else if (IS("setsockopt")) {
            int refused = set_option(on->fd, word[2], number);
            if (refused >= 0) answer(refused, -1);
        } else {
            for (int n = 0; n < on->count; n++)
                if (on->aside[n] > 2) reset(on->aside[n]);
            int failed = close(on->fd);
            on->fd = -1;
            answer(failed, -1);
        }
    } else
        printf("{\"untestable\": \"this adapter has no %s\"}\n", verb);
}

int main(int count, char **arguments) {
    char *line = NULL, *word[WORDS];
    size_t room = 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    if (count > 2 && (setgroups(0, NULL) || setgid(atoi(arguments[2])) || setuid(atoi(arguments[2])))) {
        printf("{\"failed\": \"another user needs root\"}\n");
        return 1;
    }
    printf("{\"ready\": true}\n");
    fflush(stdout);
    while (getline(&line, &room, stdin) > 0) {
        int words = 0;
        for (char *part = strtok(line, "[],\" \n"); part && words < WORDS; part = strtok(NULL, "[],\" \n")) word[words++] = part;
        if (words) perform(word, words);
        fflush(stdout);
    }
    return 0;
}
