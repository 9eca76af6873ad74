/** Decodes UTF-8 byte by byte, as strictly as the Encoding Standard: no overlong form, no surrogate. */
export class Utf8Decoder {
  #code = 0;
  #missing = 0;
  /** What the next continuation byte must be in; narrower after some leading bytes. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether a character is half read. */
  get pending(): boolean {
    return this.#missing > 0;
  }

  /**
   * Takes a byte; returns the code point that it completes, -1 where more bytes must come.
   *
   * @throws {SyntaxError} when it cannot stand here.
   */
  push(byte: number): number {
    if (this.#missing === 0) return this.#lead(byte);
    if (byte < this.#low || byte > this.#high) throw notUtf8();
    this.#low = 0x80;
    this.#high = 0xbf;
    this.#code = (this.#code << 6) | (byte & 0x3f);
    return --this.#missing === 0 ? this.#code : -1;
  }

  /** @throws {SyntaxError} when the bytes ended within a character. */
  end(): void {
    if (this.pending) throw notUtf8();
  }

  #lead(byte: number): number {
    if (byte < 0x80) return byte;
    if (byte < 0xc2 || byte > 0xf4) throw notUtf8();
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#code = byte & (0x3f >> this.#missing);
    if (byte === 0xe0) this.#low = 0xa0;
    if (byte === 0xed) this.#high = 0x9f;
    if (byte === 0xf0) this.#low = 0x90;
    if (byte === 0xf4) this.#high = 0x8f;
    return -1;
  }
}

function notUtf8(): SyntaxError {
  return new SyntaxError("it is not UTF-8");
}
