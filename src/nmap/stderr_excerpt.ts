/** Bytes kept from the beginning and from the end of what nmap writes to stderr. */
export const HEAD_BYTES = 4 * 1024;
export const TAIL_BYTES = 8 * 1024;

/** Beginning and end of a stream of bytes, in constant memory however long it gets. */
export class StderrExcerpt {
  #head = new Uint8Array(0);
  #tail = new Uint8Array(0);
  #dropped = 0;

  /** Takes the next bytes. */
  write(chunk: Uint8Array): void {
    const room = HEAD_BYTES - this.#head.length;
    if (room > 0) this.#head = concat(this.#head, chunk.subarray(0, room));
    const rest = chunk.subarray(Math.max(room, 0));
    if (rest.length === 0) return;
    const kept = rest.length >= TAIL_BYTES
      ? rest.slice(-TAIL_BYTES)
      : concat(this.#tail.subarray(-(TAIL_BYTES - rest.length)), rest);
    this.#dropped += this.#tail.length + rest.length - kept.length;
    this.#tail = kept;
  }

  /** The text kept, with a line of its own where bytes were left out. */
  toString(): string {
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (this.#dropped === 0) return decode(concat(this.#head, this.#tail));
    return `${decode(this.#head)}\n... ${this.#dropped} bytes left out ...\n${decode(this.#tail)}`;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
