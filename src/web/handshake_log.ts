import type { Logger } from "../log/logger.ts";

/** Milliseconds between two lines about handshakes. */
const EVERY_MS = 60_000;
/** What clients that hang up cause; port scanners do nothing else. */
const HUNG_UP = /socket hang up|ECONNRESET|aborted/i;

/** Tells of failed handshakes, however many there are, in one line a minute. */
export class HandshakeLog {
  readonly #log: Logger;
  #toldAt = -Infinity;
  #untold = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Notes that `client` did not get in, and why. */
  failed(reason: string, client: string | undefined): void {
    this.#log.debug("TLS handshake failed", { reason, client: client ?? "" });
    if (HUNG_UP.test(reason)) return;
    this.#untold++;
    if (performance.now() - this.#toldAt < EVERY_MS) return;
    this.#log.info("TLS handshakes failed: one line a minute at most", {
      failures: this.#untold,
      last_reason: reason,
      last_client: client ?? "",
    });
    this.#toldAt = performance.now();
    this.#untold = 0;
  }
}
