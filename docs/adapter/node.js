// An adapter to Node's dgram (docs/adapter.md): addrinuse run --stack-command "node node.js"
//
// Node has no TCP socket that is bound and does not listen, and sets options only when a socket is made. What it cannot do is
// untestable, by name.
"use strict";
const dgram = require("dgram"), net = require("net"), readline = require("readline");

const PATIENCE = 2000;
const OPTIONS = { SO_REUSEADDR: "reuseAddr", IPV6_V6ONLY: "ipv6Only", ...(process.versions.node.split(".")[0] >= 23 ? { SO_REUSEPORT: "reusePort" } : {}) };
const sockets = new Map();
let clients = [], offered;

class Untestable extends Error {}

// The errno of an error of the system; anything else is a check of Node's own, which tells nothing of the stack.
const refusal = (error) => {
  if (error.syscall && error.code) return { answer: error.code };
  return { untestable: `Node: ${error.message}` };
};

const made = (name) => {
  if (!sockets.has(name)) throw Object.assign(new Error("closed"), { code: "EBADF", syscall: "close" });
  return sockets.get(name);
};

// What arrives is kept until somebody asks: a datagram, or the error that receiving it had.
const listenTo = (socket) => {
  socket.arrived = [];
  socket.on("message", () => socket.arrived.push(null));
  socket.on("error", (error) => socket.arrived.push(error));
  return socket;
};

// Start something that ends with an event, or with an error.
const ended = (socket, event, act) =>
  new Promise((resolve, reject) => {
    const done = (settle) => (value) => {
      socket.off(event, yes);
      socket.off("error", no);
      settle(value);
    };
    const yes = done(resolve), no = done(reject);
    socket.once(event, yes);
    socket.once("error", no);
    try {
      act();
    } catch (error) {
      no(error);
    }
  });

const at = (socket) => ({ answer: "ok", port: socket.address().port });
const turn = () => new Promise(setImmediate);

// Node reads a socket as soon as something is there. So an error that the next call should be told is gone before that call.
const needUntouched = (socket, harmless) => {
  if (!socket.arrived.every(harmless)) throw new Untestable("Node has taken an error from the socket before this call");
};

const needBound = (socket) => {
  if (!socket.wasBound) throw new Untestable("Node binds a socket to the wildcard before it sends or connects");
};

// The descriptor comes with bind, connect or the first datagram: before that the kernel was never asked.
const needDescriptor = (socket) => {
  try {
    socket.address();
  } catch {
    throw new Untestable("Node makes the descriptor of a socket when it binds or sends");
  }
};

const loopback = (group) => (group.includes(":") ? "::%lo" : "127.0.0.1");

const BROADCAST = ["127.255.255.255", "255.255.255.255"];

// A socket whose datagrams to a group, or to everybody, stay on the machine.
const sender = async (host) => {
  const six = host.includes(":"), socket = listenTo(dgram.createSocket(six ? "udp6" : "udp4"));
  const isGroup = six ? host.startsWith("ff") : /^2(2[4-9]|3\d)\./.test(host);
  if (isGroup || BROADCAST.includes(host)) await ended(socket, "listening", () => socket.bind(0, six ? "::" : "127.0.0.1"));
  if (BROADCAST.includes(host)) socket.setBroadcast(true);
  if (isGroup) {
    socket.setMulticastInterface(loopback(host));
    socket.setMulticastTTL(0);
  }
  return socket;
};

// Whether what is sent there comes back to a socket at the wildcard.
const hears = async (host) => {
  const six = host.includes(":"), socket = listenTo(dgram.createSocket(six ? "udp6" : "udp4")), end = Date.now() + 300;
  let from;
  try {
    await ended(socket, "listening", () => socket.bind(0, six ? "::" : "0.0.0.0"));
    if (!BROADCAST.includes(host)) socket.addMembership(host, loopback(host));
    from = await sender(host);
    from.send("?", socket.address().port, host);
    while (!socket.arrived.length && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
    return socket.arrived[0] === null;
  } catch {
    return false;
  } finally {
    for (const one of [socket, from]) one?.close();
  }
};

const verbs = {
  // The first request of every experiment with AF_UNIX.
  settle() {
    throw new Untestable("Node binds no socket of AF_UNIX without listening");
  },
  create(name, kind, options) {
    if (kind.startsWith("mptcp")) throw new Untestable("Node has no Multipath TCP");
    if (kind.startsWith("tcp")) throw new Untestable("Node binds no TCP socket without listening");
    const chosen = { type: kind };
    for (const [option, value] of options) {
      if (option === "SO_BROADCAST") throw new Untestable("Node sets SO_BROADCAST on a socket that is bound, and not before");
      if (!(option in OPTIONS)) throw new Untestable(`Node has no option ${option}`);
      chosen[OPTIONS[option]] = Boolean(value);
    }
    sockets.set(name, listenTo(dgram.createSocket(chosen)));
    return { answer: "ok" };
  },
  async bind(name, host, port) {
    const socket = made(name);
    await ended(socket, "listening", () => socket.bind({ address: host, port, exclusive: true }));
    socket.arrived = [];
    socket.wasBound = true;
    return at(socket);
  },
  async connect(name, host, port) {
    const socket = made(name);
    await ended(socket, "connect", () => socket.connect(port, host));
    return at(socket);
  },
  async send(name, size) {
    const socket = made(name);
    await turn();
    needUntouched(socket, (error) => error === null);
    const error = await new Promise((resolve) => socket.send(Buffer.alloc(size), resolve));
    return error ? refusal(error) : { answer: "ok" };
  },
  async recv(name) {
    const socket = made(name), end = Date.now() + PATIENCE;
    while (!socket.arrived.length && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
    if (!socket.arrived.length) return { answer: "EAGAIN" };
    await turn();
    // Data and an error: which of them the kernel would have told first, nobody knows any more.
    if (socket.arrived.includes(null)) needUntouched(socket, (error) => error === null);
    const error = socket.arrived.shift();
    return error ? refusal(error) : { answer: "ok" };
  },
  // Node binds a socket to the wildcard before it sends or connects, which the kernel does otherwise.
  async sendto(name, host, port) {
    const socket = made(name);
    needBound(socket);
    await turn();
    needUntouched(socket, (error) => error === null);
    const error = await new Promise((resolve) => socket.send("?", port, host, resolve));
    return { ...(error ? refusal(error) : { answer: "ok" }), port: socket.address().port };
  },
  disconnect(name) {
    const socket = made(name);
    needBound(socket);
    socket.disconnect();
    return at(socket);
  },
  setsockopt(name, option, value) {
    if (option !== "SO_BROADCAST") throw new Untestable(`Node sets ${option} when it makes a socket, and not later`);
    const socket = made(name);
    needDescriptor(socket);
    socket.setBroadcast(Boolean(value));
    return { answer: "ok" };
  },
  async close(name) {
    const socket = made(name);
    sockets.delete(name);
    await ended(socket, "close", () => socket.close());
    return { answer: "ok" };
  },
  join(name, group) {
    made(name).addMembership(group, loopback(group));
    return { answer: "ok" };
  },
  leave(name, group) {
    const socket = made(name);
    needDescriptor(socket);
    socket.dropMembership(group, loopback(group));
    return { answer: "ok" };
  },
  async datagrams(host, port, count) {
    const to = host.startsWith("::ffff:") && host.includes(".") ? host.slice(7) : host;
    let sent = 0;
    for (; sent < count; sent++) {
      const client = await sender(to);
      clients.push(client);
      if (await new Promise((resolve) => client.send("?", port, to, resolve))) break;
    }
    return { answer: "ok", sent };
  },
  async drain(names) {
    await turn();
    const counts = {};
    for (const name of names) {
      const socket = made(name);
      counts[name] = socket.arrived.filter((error) => error === null).length;
      socket.arrived = [];
    }
    return { answer: "ok", counts };
  },
  hangup() {
    for (const client of clients) client.close();
    clients = [];
    return { answer: "ok" };
  },
  async reset() {
    verbs.hangup();
    for (const name of [...sockets.keys()]) await verbs.close(name);
    return { answer: "ok" };
  },
  async offer() {
    offered = net.createServer((client) => client.destroy());
    await ended(offered, "listening", () => offered.listen(0, "127.0.0.1"));
    return at(offered);
  },
  withdraw() {
    offered.close();
    return { answer: "ok" };
  },
  async reach(port) {
    const client = net.connect(port, "127.0.0.1");
    const reached = await new Promise((resolve) => client.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    client.destroy();
    return { answer: "ok", reached };
  },
  async probe() {
    const six = listenTo(dgram.createSocket("udp6"));
    const ipv6 = await ended(six, "listening", () => six.bind(0, "::1")).then(() => true, () => false);
    six.close();
    const second = process.platform === "linux" ? "127.0.0.2" : null;
    const [multicast4, multicast6, broadcast] = [await hears("224.0.0.251"), await hears("ff05::fb"), await hears(BROADCAST[0])];
    return { answer: "ok", ipv6, second, multicast4, multicast6, broadcast };
  },
};

(async () => {
  const [user] = process.argv.slice(3);
  if (user !== undefined) {
    process.setgroups([]);
    process.setgid(Number(user));
    process.setuid(Number(user));
  }
  process.stdout.write('{"ready": true}\n');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [verb, ...words] = JSON.parse(line);
    let reply;
    try {
      reply = verb in verbs ? await verbs[verb](...words) : { untestable: `this adapter has no ${verb}` };
    } catch (error) {
      reply = error instanceof Untestable ? { untestable: error.message } : refusal(error);
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.exit(0);
})();
