/** TCP ports of loopback that a test opens and closes. */
export class OpenPorts implements Disposable {
  readonly #listeners = new Map<string, Deno.Listener>();

  /** Opens ports of an address. */
  open(hostname: string, ...ports: readonly number[]): void {
    for (const port of ports) {
      const listener = Deno.listen({ hostname, port });
      this.#listeners.set(`${hostname} ${port}`, listener);
      (async () => {
        for await (const connection of listener) connection.close();
      })().catch(() => {});
    }
  }

  /** Closes ports of an address that `open` opened. */
  close(hostname: string, ...ports: readonly number[]): void {
    for (const port of ports) {
      const name = `${hostname} ${port}`;
      this.#listeners.get(name)!.close();
      this.#listeners.delete(name);
    }
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners.values()) listener.close();
  }
}
