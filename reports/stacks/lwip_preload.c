/* lwIP under a program that was written for the kernel's sockets: every IPv4 and IPv6 socket is lwIP's, in this process, on a loopback
 * interface of its own. cc -shared -fPIC -I/usr/include/lwip lwip_preload.c -llwip -ldl -lpthread; then LD_PRELOAD.
 *
 * A socket of lwIP stands behind a descriptor of the kernel (of /dev/null), so that numbers never meet and duplicates can be had.
 * What the program reads under /proc/net and /proc/sys/net is what lwIP has to say.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sockets.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"

#define MOST 4096
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Which socket of lwIP a descriptor stands for, plus one; 0 for those of the kernel. */
static int behind[MOST];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static pid_t owner;
static struct netif loopback, second;

/* --- the stack */

static err_t nowhere4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) { return ERR_OK; }
static err_t nowhere6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *to) { return ERR_OK; }

static err_t make_loopback(struct netif *netif)
{
  netif->name[0] = 'l';
  netif->name[1] = 'o';
  netif->mtu = 65535;
  netif->flags = NETIF_FLAG_LINK_UP | NETIF_FLAG_IGMP;
  netif->output = nowhere4;
  netif->output_ip6 = nowhere6;
  return ERR_OK;
}

static void add(struct netif *netif, u8_t last, u32_t network)
{
  ip4_addr_t address, mask;

  IP4_ADDR(&address, 127, 0, 0, last);
  ip4_addr_set_u32(&mask, lwip_htonl(network));
  netif_add(netif, &address, &mask, &address, NULL, make_loopback, tcpip_input);
}

static void configure(void *done)
{
  ip6_addr_t one;

  /* The route is the first network that fits, of the newest interface first: what goes to 127.0.0.2 comes from there. */
  add(&loopback, 1, 0xff000000);
  add(&second, 2, 0xffffffff);
  netif_set_default(&loopback);
  IP6_ADDR(&one, 0, 0, 0, PP_HTONL(1));
  netif_ip6_addr_set(&loopback, 0, &one);
  netif_ip6_addr_set_state(&loopback, 0, IP6_ADDR_PREFERRED);
  netif_set_up(&second);
  netif_set_up(&loopback);
  sys_sem_signal((sys_sem_t *)done);
}

static void start(void)
{
  sys_sem_t done;

  owner = getpid();
  sys_sem_new(&done, 0);
  tcpip_init(configure, &done);
  sys_arch_sem_wait(&done, 0);
  sys_sem_free(&done);
}

/* --- descriptors */

/* The socket of lwIP, or -1. A child between fork and exec shares our memory, but not our threads: it sees none. */
static int lwip_of(int fd)
{
  return fd >= 0 && fd < MOST && behind[fd] && owner == getpid() ? behind[fd] - 1 : -1;
}

static int put(int sock, int fd)
{
  if (fd < 0 || fd >= MOST) {
    if (fd >= 0)
      REAL(close)(fd);
    errno = EMFILE;
    return -1;
  }
  pthread_mutex_lock(&table);
  behind[fd] = sock + 1;
  pthread_mutex_unlock(&table);
  return fd;
}

static int give(int sock)
{
  int fd;

  if (sock < 0)
    return -1;
  fd = put(sock, REAL(open)("/dev/null", O_RDWR | O_CLOEXEC));
  if (fd < 0)
    lwip_close(sock);
  return fd;
}

static int last_of(int sock)
{
  int fd;

  for (fd = 0; fd < MOST; fd++)
    if (behind[fd] == sock + 1)
      return 0;
  return 1;
}

int socket(int family, int type, int protocol)
{
  int sock, on = 1;

  if (family != AF_INET && family != AF_INET6)
    return REAL(socket)(family, type, protocol);
  pthread_once(&started, start);
  sock = lwip_socket(family, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), protocol);
  if (sock >= 0 && type & SOCK_NONBLOCK)
    lwip_ioctl(sock, FIONBIO, &on);
  return give(sock);
}

int close(int fd)
{
  int sock = lwip_of(fd), gone;

  if (sock < 0)
    return REAL(close)(fd);
  pthread_mutex_lock(&table);
  behind[fd] = 0;
  gone = last_of(sock);
  pthread_mutex_unlock(&table);
  REAL(close)(fd);
  return gone ? lwip_close(sock) : 0;
}

int fcntl(int fd, int command, ...)
{
  int sock = lwip_of(fd), made;
  va_list rest;
  long argument;

  va_start(rest, command);
  argument = va_arg(rest, long);
  va_end(rest);
  if (sock >= 0 && (command == F_GETFL || command == F_SETFL))
    return lwip_fcntl(sock, command, (int)argument);
  made = REAL(fcntl)(fd, command, argument);
  return sock >= 0 && made >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC) ? put(sock, made) : made;
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

int ioctl(int fd, unsigned long request, ...)
{
  int sock = lwip_of(fd);
  va_list rest;
  void *argument;

  va_start(rest, request);
  argument = va_arg(rest, void *);
  va_end(rest);
  return sock >= 0 && (request == FIONBIO || request == FIONREAD) ? lwip_ioctl(sock, (long)request, argument) : REAL(ioctl)(fd, request, argument);
}

/* --- calls on one socket */

#define FORWARD(name, fd, ...) \
  do { \
    int sock_ = lwip_of(fd); \
    return sock_ >= 0 ? lwip_##name(sock_, __VA_ARGS__) : REAL(name)(fd, __VA_ARGS__); \
  } while (0)

int bind(int fd, const struct sockaddr *address, socklen_t size) { FORWARD(bind, fd, address, size); }
int listen(int fd, int backlog) { FORWARD(listen, fd, backlog); }
int connect(int fd, const struct sockaddr *address, socklen_t size) { FORWARD(connect, fd, address, size); }
int shutdown(int fd, int how) { FORWARD(shutdown, fd, how); }
int getsockname(int fd, struct sockaddr *address, socklen_t *size) { FORWARD(getsockname, fd, address, size); }
int getpeername(int fd, struct sockaddr *address, socklen_t *size) { FORWARD(getpeername, fd, address, size); }
int setsockopt(int fd, int level, int name, const void *value, socklen_t size) { FORWARD(setsockopt, fd, level, name, value, size); }
int getsockopt(int fd, int level, int name, void *value, socklen_t *size) { FORWARD(getsockopt, fd, level, name, value, size); }
ssize_t send(int fd, const void *data, size_t size, int flags) { FORWARD(send, fd, data, size, flags); }
ssize_t recv(int fd, void *data, size_t size, int flags) { FORWARD(recv, fd, data, size, flags); }

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
  FORWARD(sendto, fd, data, size, flags, to, length);
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
  FORWARD(recvfrom, fd, data, size, flags, from, length);
}

ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags) { return recv(fd, data, size, flags); }

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *length)
{
  return recvfrom(fd, data, size, flags, from, length);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
  int sock = lwip_of(fd), accepted, on = 1;

  if (sock < 0)
    return REAL(accept4)(fd, address, size, flags);
  accepted = lwip_accept(sock, address, size);
  if (accepted >= 0 && flags & SOCK_NONBLOCK)
    lwip_ioctl(accepted, FIONBIO, &on);
  return give(accepted);
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
  return lwip_of(fd) < 0 ? REAL(accept)(fd, address, size) : accept4(fd, address, size, 0);
}

/* --- waiting */

/* lwIP's sockets and the kernel's are never waited for in one call of this suite; one that has both waits for lwIP's. */
int poll(struct pollfd *wanted, nfds_t count, int timeout)
{
  struct pollfd mine[MOST];
  nfds_t i, found = 0;
  int ready;

  for (i = 0; i < count && i < MOST; i++) {
    mine[i] = wanted[i];
    mine[i].fd = lwip_of(wanted[i].fd);
    found += mine[i].fd >= 0;
  }
  if (!found)
    return REAL(poll)(wanted, count, timeout);
  ready = lwip_poll(mine, count, timeout);
  for (i = 0; i < count; i++)
    wanted[i].revents = mine[i].revents;
  return ready;
}

int __poll_chk(struct pollfd *wanted, nfds_t count, int timeout, size_t room) { return poll(wanted, count, timeout); }

static int ours(int most, fd_set *set)
{
  int fd;

  for (fd = 0; set && fd < most; fd++)
    if (FD_ISSET(fd, set) && lwip_of(fd) >= 0)
      return 1;
  return 0;
}

static void back(fd_set *set, struct pollfd *polled, int events)
{
  if (set && !(polled->revents & events))
    FD_CLR(polled->fd, set);
}

int select(int most, fd_set *reading, fd_set *writing, fd_set *errors, struct timeval *patience)
{
  struct pollfd wanted[FD_SETSIZE];
  int fd, i, count = 0, ready;

  if (!ours(most, reading) && !ours(most, writing) && !ours(most, errors))
    return REAL(select)(most, reading, writing, errors, patience);
  for (fd = 0; fd < most; fd++) {
    short events = (reading && FD_ISSET(fd, reading) ? POLLIN : 0) | (writing && FD_ISSET(fd, writing) ? POLLOUT : 0);
    if (events || (errors && FD_ISSET(fd, errors)))
      wanted[count++] = (struct pollfd){.fd = fd, .events = events};
  }
  ready = poll(wanted, count, patience ? (int)(patience->tv_sec * 1000 + patience->tv_usec / 1000) : -1);
  if (ready < 0)
    return ready;
  for (i = 0; i < count; i++) {
    back(reading, &wanted[i], POLLIN | POLLERR | POLLHUP);
    back(writing, &wanted[i], POLLOUT | POLLERR);
    back(errors, &wanted[i], POLLERR);
  }
  return ready;
}

/* --- what the kernel would show of its own stack */

static const char *const STATES[] = {"07", "0A", "02", "03", "01", "04", "05", "08", "0B", "09", "06"};

static void write_states(FILE *file)
{
  struct tcp_pcb *pcb;
  int list;

  fputs("  sl  local_address rem_address   st\n", file);
  LOCK_TCPIP_CORE();
  for (list = 0; list < 4; list++)
    for (pcb = *tcp_pcb_lists[list]; pcb; pcb = pcb->next)
      fprintf(file, "   0: 00000000:%04X 00000000:%04X %s\n", pcb->local_port, list < 2 ? 0 : pcb->remote_port, STATES[pcb->state]);
  UNLOCK_TCPIP_CORE();
}

/* A file in memory that says what lwIP has to say, -1 where it says nothing, or -2 for what is none of its business. */
static int told(const char *path)
{
  int states = !strcmp(path, "/proc/net/tcp"), ports = !strcmp(path, "/proc/sys/net/ipv4/ip_local_port_range");
  int fd;
  FILE *file;

  if (strcmp(path, "/proc/net/tcp6") && strncmp(path, "/proc/sys/net/", 14) && !states)
    return -2;
  if (!states && !ports) {
    errno = ENOENT;
    return -1;
  }
  pthread_once(&started, start);
  fd = memfd_create("lwip", MFD_CLOEXEC);
  file = fd < 0 ? NULL : fdopen(dup(fd), "w");
  if (file == NULL)
    return -1;
  if (states)
    write_states(file);
  else
    fputs("49152 65535\n", file);
  fclose(file);
  lseek(fd, 0, SEEK_SET);
  return fd;
}

int open(const char *path, int flags, ...)
{
  va_list rest;
  mode_t mode;
  int fd = told(path);

  va_start(rest, flags);
  mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fd == -2 ? REAL(open)(path, flags, mode) : fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
