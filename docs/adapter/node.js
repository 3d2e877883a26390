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

const verbs = {
  create(name, kind, options) {
    if (kind.startsWith("tcp")) throw new Untestable("Node binds no TCP socket without listening");
    const chosen = { type: kind };
    for (const [option, value] of options) {
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
  async close(name) {
    const socket = made(name);
    sockets.delete(name);
    await ended(socket, "close", () => socket.close());
    return { answer: "ok" };
  },
  join(name, group) {
    made(name).addMembership(group, group.includes(":") ? "::%lo" : "127.0.0.1");
    return { answer: "ok" };
  },
  async datagrams(host, port, count) {
    const to = host.startsWith("::ffff:") && host.includes(".") ? host.slice(7) : host;
    let sent = 0;
    for (; sent < count; sent++) {
      const client = dgram.createSocket(to.includes(":") ? "udp6" : "udp4");
      clients.push(client);
      client.on("error", () => {});
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
    return { answer: "ok", ipv6, second: process.platform === "linux" ? "127.0.0.2" : null };
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
