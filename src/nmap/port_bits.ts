import { MAX_PORT, PortSet } from "../domain/ports.ts";

/** A mutable set of ports that takes 8 KiB however many it holds, and that is cheap to use again. */
export class PortBits {
  readonly #words = new Uint32Array((MAX_PORT + 1) / 32);
  // Words outside [first, last] are zero, so that clearing after one port costs one word, not 8 KiB.
  #firstWord = this.#words.length;
  #lastWord = -1;

  /** Adds `port`, 0 to 65535; adding it again changes nothing. */
  add(port: number): void {
    const word = port >>> 5;
    this.#words[word]! |= 1 << (port & 31);
    if (word < this.#firstWord) this.#firstWord = word;
    if (word > this.#lastWord) this.#lastWord = word;
  }

  /** Whether no port is in the set. */
  get isEmpty(): boolean {
    return this.#lastWord < 0;
  }

  /** Takes every port out. */
  clear(): void {
    if (this.isEmpty) return;
    this.#words.fill(0, this.#firstWord, this.#lastWord + 1);
    this.#firstWord = this.#words.length;
    this.#lastWord = -1;
  }

  /** The ports, ascending. */
  toArray(): number[] {
    const ports: number[] = [];
    for (let word = this.#firstWord; word <= this.#lastWord; word++) {
      for (let bits = this.#words[word]!; bits !== 0; bits &= bits - 1) {
        ports.push(word * 32 + 31 - Math.clz32(bits & -bits));
      }
    }
    return ports;
  }

  /** The ports as an immutable set. */
  toPortSet(): PortSet {
    const ranges: [first: number, last: number][] = [];
    for (const port of this.toArray()) {
      const previous = ranges.at(-1);
      if (previous !== undefined && previous[1] === port - 1) previous[1] = port;
      else ranges.push([port, port]);
    }
    return PortSet.fromRanges(ranges);
  }
}
