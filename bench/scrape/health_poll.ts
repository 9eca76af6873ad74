const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Asks `/healthz` again and again over one connection, and notes how long each answer takes. */
export class HealthPoll implements Disposable {
  /**
   * Milliseconds that each answer took. A question that was due while an answer was late counts as
   * well, with what it would have waited, so that a stall is not one sample among thousands.
   */
  readonly times: number[] = [];
  readonly #port: number;
  readonly #everyMs: number;
  #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(16 * 1024);

  private constructor(connection: Deno.TcpConn, port: number, everyMs: number) {
    this.#connection = connection;
    this.#port = port;
    this.#everyMs = everyMs;
  }

  /** Connects to a port of 127.0.0.1; questions are `everyMs` milliseconds apart. */
  static async connect(port: number, { everyMs }: { everyMs: number }): Promise<HealthPoll> {
    return new HealthPoll(await connect(port), port, everyMs);
  }

  /** Asks until `work` is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let over = false;
    const polling = (async () => {
      while (!over) {
        const began = performance.now();
        // Node closes what was silent for 5 s, even if it was itself that did not listen.
        while (!await this.#ask().catch(() => false)) {
          this.#connection.close();
          this.#connection = await connect(this.#port);
        }
        const took = performance.now() - began;
        for (let wait = took; wait > 0; wait -= this.#everyMs) this.times.push(wait);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, this.#everyMs - took)));
      }
    })();
    try {
      return await work();
    } finally {
      over = true;
      await polling;
    }
  }

  /** Resolves with whether there was an answer. */
  async #ask(): Promise<boolean> {
    await this.#connection.write(
      encoder.encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    );
    let text = "";
    for (;;) {
      const count = await this.#connection.read(this.#buffer);
      if (count === null) return false;
      text += decoder.decode(this.#buffer.subarray(0, count));
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) continue;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (text.length >= head + 4 + length) return true;
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

async function connect(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  return connection;
}
