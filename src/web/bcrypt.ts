/** Milliseconds without work after which the thread ends, for its memory. */
const IDLE_MS = 30_000;

/** Whether a password is that of a bcrypt hash. */
export type CompareBcrypt = (password: string, hash: string) => Promise<boolean>;

/**
 * Computes bcrypt on a thread of its own, which begins with the first question and ends when there was
 * none for a while; one question at a time.
 */
export class Bcrypt {
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  /**
   * Whether `password` is that of `hash`; as everywhere, its first 72 bytes count. Rejects when the
   * thread fails or is closed.
   */
  compare(password: string, hash: string): Promise<boolean> {
    const answer = this.#running.then(() => this.#ask({ password, hash }));
    this.#running = answer.catch(() => {});
    return answer;
  }

  /** Ends the thread. */
  close(): void {
    this.#closed = true;
    this.#end();
  }

  #ask(question: { password: string; hash: string }): Promise<boolean> {
    if (this.#closed) throw new Error("Cannot compute bcrypt: the program is ending");
    clearTimeout(this.#idle);
    const worker = this.#worker ??= new Worker(new URL("./bcrypt_worker.ts", import.meta.url), {
      type: "module",
    });
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    worker.onmessage = ({ data }: MessageEvent<boolean>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end();
      reject(new Error(`Cannot compute bcrypt: ${event.message}`));
    };
    worker.postMessage(question);
    return promise.finally(() => {
      this.#idle = setTimeout(() => this.#end(), IDLE_MS);
      Deno.unrefTimer(this.#idle);
    });
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
