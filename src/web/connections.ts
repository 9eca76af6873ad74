import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections that are open at once. Node's server under Deno 2.9 never accepts again after it ran out of
 * file descriptors, of which systemd and shells give 1,024 unless told otherwise.
 */
const MAX_CONNECTIONS = 512;

/** The open connections of a server, and which of them are answering. */
export class Connections {
  readonly #open = new Set<Socket>();
  /** The TCP connections that answer nothing, in the order in which they began to wait. */
  readonly #waiting = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  #closing = false;

  /** Takes a TCP connection in. Above the most there may be, the one that has waited longest is ended. */
  accepted(socket: Socket): void {
    this.#waiting.add(socket);
    this.#watch(socket);
    socket.once("close", () => this.#waiting.delete(socket));
    if (this.#waiting.size + this.#busy.size <= MAX_CONNECTIONS) return;
    const [oldest = socket] = this.#waiting;
    // Its end is told later, maybe after the next one has come.
    this.#waiting.delete(oldest);
    oldest.destroy();
  }

  /** Takes in what speaks TLS through a connection that was accepted. */
  secured(socket: Socket): void {
    this.#watch(socket);
    socket.once("close", () => this.#busy.delete(socket));
  }

  /** Says that a secured connection answers until `outgoing` is closed. */
  began(socket: Socket, outgoing: ServerResponse): void {
    const under = underOf(socket);
    this.#busy.add(socket);
    if (under !== undefined) this.#waiting.delete(under);
    if (this.#closing) outgoing.shouldKeepAlive = false;
    outgoing.once("close", () => {
      this.#busy.delete(socket);
      if (under !== undefined && this.#open.has(under)) this.#waiting.add(under);
      if (this.#closing) socket.destroySoon();
    });
  }

  /** Ends what answers nothing, now or as soon as that is so. */
  close(): void {
    this.#closing = true;
    const answering = new Set([...this.#busy].flatMap((socket) => [socket, underOf(socket)]));
    for (const socket of this.#open) if (!answering.has(socket)) socket.destroy();
  }

  #watch(socket: Socket): void {
    this.#open.add(socket);
    // Without a listener an error of the connection would end the program.
    socket.on("error", () => {});
    socket.once("close", () => this.#open.delete(socket));
  }
}

/** The connection that a TLS socket speaks through. */
export function underOf(socket: Socket): Socket | undefined {
  return (socket as Socket & { _parent?: Socket })._parent;
}
