/* The bare loop of `python -m tests.benchmark`: the system calls of the every-pair engine, from a file, and nothing else.

   Each record of the file is six 32-bit numbers: call, slot, and four arguments. Ports from 10000 on count from the first port of a batch;
   ports from 50000 on are those that accept saw on a slot. It prints experiments and seconds of processor time. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

enum { SOCKET, SETSOCKOPT, BIND, LISTEN, CONNECT, ACCEPT, WRAP, CLOSE, SHUTDOWN, RECV, FILL, INFO, DIAG, LINGER, BATCH };
struct record { int call, slot, a, b, c, d; };
static const char *HOSTS[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", "::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:127.0.0.2",
                              "224.0.0.251", "ff05::fb"};
static int sockets[4096], ports[4096], base = 1024, netlink = -1;
static struct sockaddr_storage addresses[10];
static char much[1 << 18];

static void fresh_namespace(void) {
    if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET)) { perror("unshare"); exit(2); }
    int one = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK};
    if (ioctl(one, SIOCSIFFLAGS, &request)) { perror("lo"); exit(2); }
    close(one);
    if (netlink >= 0) close(netlink);
    netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
    base = 1024;
}

static int real(int port) { return port >= 50000 ? ports[port - 50000] : base + port - 10000; }

static socklen_t address(int host, int port, struct sockaddr_storage *made) {
    *made = addresses[host];
    if (made->ss_family == AF_INET) { ((struct sockaddr_in *)made)->sin_port = htons(port); return sizeof(struct sockaddr_in); }
    ((struct sockaddr_in6 *)made)->sin6_port = htons(port);
    return sizeof(struct sockaddr_in6);
}

static int diagnosed(const struct record *r) {
    struct { struct nlmsghdr header; struct inet_diag_req_v2 body; } asked = {
        {sizeof asked, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0}, {r->slot == 4 ? AF_INET : AF_INET6, IPPROTO_TCP, 0, 0, -1, {0}}};
    char reply[4096];
    int v6 = r->slot != 4;
    asked.body.id.idiag_sport = htons(real(r->b));
    asked.body.id.idiag_dport = htons(real(r->d));
    memcpy(asked.body.id.idiag_src, v6 ? (void *)&((struct sockaddr_in6 *)&addresses[r->a])->sin6_addr : &((struct sockaddr_in *)&addresses[r->a])->sin_addr, v6 ? 16 : 4);
    memcpy(asked.body.id.idiag_dst, v6 ? (void *)&((struct sockaddr_in6 *)&addresses[r->c])->sin6_addr : &((struct sockaddr_in *)&addresses[r->c])->sin_addr, v6 ? 16 : 4);
    asked.body.id.idiag_cookie[0] = asked.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    send(netlink, &asked, sizeof asked, 0);
    return recv(netlink, reply, sizeof reply, 0) > 17 ? reply[17] : 0;
}

static void make(const struct record *r) {
    struct sockaddr_storage to;
    socklen_t size = sizeof to;
    struct linger reset = {1, 0};
    int value;
    switch (r->call) {
    case SOCKET: sockets[r->slot] = socket(r->a, r->b | SOCK_CLOEXEC, 0); break;
    case SETSOCKOPT: setsockopt(sockets[r->slot], r->a, r->b, &r->c, sizeof r->c); break;
    case LINGER: setsockopt(sockets[r->slot], SOL_SOCKET, SO_LINGER, &reset, sizeof reset); break;
    case BIND: size = address(r->a, real(r->b), &to); bind(sockets[r->slot], (void *)&to, size); break;
    case LISTEN: listen(sockets[r->slot], r->a); break;
    case CONNECT: size = address(r->a, real(r->b), &to); connect(sockets[r->slot], (void *)&to, size); break;
    case ACCEPT:
        sockets[r->a] = accept4(sockets[r->slot], (void *)&to, &size, SOCK_CLOEXEC);
        ports[r->a] = ntohs(((struct sockaddr_in *)&to)->sin_port);
        break;
    case WRAP: getsockname(sockets[r->slot], (void *)&to, &size); break;
    case CLOSE: close(sockets[r->slot]); break;
    case SHUTDOWN: shutdown(sockets[r->slot], r->a); break;
    case RECV: recv(sockets[r->slot], &value, 1, 0); break;
    case FILL: while (send(sockets[r->slot], much, sizeof much, MSG_DONTWAIT) > 0) {} break;
    case INFO: size = 1; getsockopt(sockets[r->slot], IPPROTO_TCP, TCP_INFO, &value, &size); break;
    case DIAG: diagnosed(r); break;
    }
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    int file = open(arguments[1], O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) { perror(arguments[1]); return 2; }
    struct record *records = mmap(0, about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    struct rusage used;
    struct rlimit open_files = {4096, 4096};
    long experiments = 0;
    setrlimit(RLIMIT_NOFILE, &open_files);
    for (int i = 0; i < 10; i++) {
        struct sockaddr_in *four = (void *)&addresses[i];
        struct sockaddr_in6 *six = (void *)&addresses[i];
        if (strchr(HOSTS[i], ':')) { six->sin6_family = AF_INET6; inet_pton(AF_INET6, HOSTS[i], &six->sin6_addr); }
        else { four->sin_family = AF_INET; inet_pton(AF_INET, HOSTS[i], &four->sin_addr); }
    }
    fresh_namespace();
    for (struct record *r = records; (char *)r < (char *)records + about.st_size; r++) {
        if (r->call != BATCH) { make(r); continue; }
        if (r > records) base += 202;
        if (base + 202 > 32768) fresh_namespace();
        experiments += r->a;
    }
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %.6f\n", experiments, used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    return 0;
}
