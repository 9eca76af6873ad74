import type { Socket } from "node:net";

/** Requests of one connection that may be open at once: who sends more of them ahead reads no answers. */
const MAX_OPEN = 32;

/**
 * Has the requests of each connection answered one after the other, as the runtime's own server does: of a
 * client that sends many ahead, Node's begins to answer all at once.
 */
export class Turns {
  readonly #lines = new WeakMap<Socket, { open: number; last: Promise<void> }>();

  /** Calls `answer`, which never rejects, when all before it are answered; ends a connection that has too many. */
  take(socket: Socket, answer: () => Promise<void>): void {
    const line = this.#lines.get(socket) ?? { open: 0, last: Promise.resolve() };
    this.#lines.set(socket, line);
    if (line.open === MAX_OPEN) return void socket.destroy();
    line.open++;
    line.last = line.last.then(async () => {
      if (!socket.destroyed) await answer();
      line.open--;
    });
  }
}
