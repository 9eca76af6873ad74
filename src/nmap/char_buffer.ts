const SLAB = 4096;

/** Text that grows by code points in two bytes a unit, where a string that grows takes 32 bytes a character. */
export class CharBuffer {
  #units = new Uint16Array(64);
  #length = 0;

  /** Appends a code point. */
  push(code: number): void {
    if (code > 0xffff) {
      this.#append(0xd800 + ((code - 0x10000) >> 10));
      this.#append(0xdc00 + ((code - 0x10000) & 0x3ff));
    } else this.#append(code);
  }

  /** The text so far, which is thereby forgotten. */
  take(): string {
    let text = "";
    for (let at = 0; at < this.#length; at += SLAB) {
      text += String.fromCharCode(
        ...this.#units.subarray(at, Math.min(at + SLAB, this.#length)),
      );
    }
    this.#length = 0;
    return text;
  }

  #append(unit: number): void {
    if (this.#length === this.#units.length) {
      const longer = new Uint16Array(this.#length * 2);
      longer.set(this.#units);
      this.#units = longer;
    }
    this.#units[this.#length++] = unit;
  }
}
