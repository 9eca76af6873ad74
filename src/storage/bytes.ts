/** Appends numbers and text to a buffer that grows and is used again. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** Starts anew. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written since `clear`. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** An integer of 0 to 2^53-1, seven bits a byte, lowest first. */
  unsigned(value: number): void {
    // Eight bytes hold 56 bits.
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** An integer of -2^52 to 2^52-1; small ones of either sign are short. */
  signed(value: number): void {
    this.unsigned(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /**
   * ASCII text with its length.
   *
   * @throws {RangeError} when there is another character in it.
   */
  ascii(text: string): void {
    this.unsigned(text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) throw new RangeError("Cannot store text here that is not ASCII");
      this.#bytes[this.#length++] = code;
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote; every method throws a RangeError at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** What `ByteWriter.unsigned` wrote. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** What `ByteWriter.signed` wrote. */
  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** What `ByteWriter.ascii` wrote. */
  ascii(): string {
    let text = "";
    for (let left = this.unsigned(); left > 0; left--) text += String.fromCharCode(this.#byte());
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("Cannot read past the end of the bytes");
    return byte;
  }
}
