/** A TCP relay between a client and the service, which loses connections when it is told to. */

import net from "node:net";

class Proxy {
  #links = new Set();
  #server;
  /** How many connections there have been. */
  connections = 0;

  async open(host, port) {
    this.#server = net.createServer((client) => this.#relay(client, net.connect(port, host)));
    await new Promise((opened) => this.#server.listen(0, "127.0.0.1", opened));
    return this.#server.address().port;
  }

  #relay(client, service) {
    this.connections += 1;
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ]) {
      this.#links.add(socket);
      // An error is one way to end, and every end closes.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#links.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }

  /** Cut all connections, as a network does that breaks: without a word of any protocol. */
  cut() {
    for (const socket of this.#links) socket.resetAndDestroy();
  }

  close() {
    this.#server.close();
    // Resetting a socket that is ending by itself would keep Node from exiting.
    for (const socket of this.#links) socket.destroy();
  }
}

/** A proxy before the service of a URL, and the URL that leads through it. */
export async function proxyBefore(url) {
  const proxy = new Proxy();
  const through = new URL(url);
  through.port = await proxy.open(through.hostname, Number(through.port));
  return { proxy, through: through.href };
}
