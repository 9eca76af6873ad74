import { AsciiTexts } from "./ascii_texts.ts";

/** Most attributes of one element; nmap's richest (`service`) has about 20. */
export const MAX_ATTRIBUTES = 64;

const MAX_DIGITS = 16;

/** Attributes of an element; to be read only while it is reported. */
export interface Attributes {
  /** Number of attributes. */
  readonly size: number;
  /** The value of an attribute, undefined where the element has none of that name. */
  get(name: string): string | undefined;
  /** The value of an attribute that is a number in 1 to 16 decimal digits, NaN where it is none. */
  number(name: string): number;
}

const NO_BYTES = new Uint8Array();

/** The attributes of one element after the other; a value that is still in the input becomes a string when asked for. */
export class TagAttributes implements Attributes {
  #size = 0;
  readonly #names = new Array<string>(MAX_ATTRIBUTES).fill("");
  readonly #values = new Array<string | undefined>(MAX_ATTRIBUTES).fill(undefined);
  readonly #from = new Uint32Array(MAX_ATTRIBUTES);
  readonly #to = new Uint32Array(MAX_ATTRIBUTES);
  readonly #texts = new AsciiTexts();
  #bytes: Uint8Array = NO_BYTES;

  get size(): number {
    return this.#size;
  }

  get(name: string): string | undefined {
    const i = this.#indexOf(name);
    if (i === -1) return undefined;
    return this.#values[i] ??= this.#texts.get(this.#bytes, this.#from[i]!, this.#to[i]!);
  }

  number(name: string): number {
    const i = this.#indexOf(name);
    if (i === -1) return NaN;
    const text = this.#values[i];
    const from = text === undefined ? this.#from[i]! : 0;
    const to = text === undefined ? this.#to[i]! : text.length;
    if (to === from || to - from > MAX_DIGITS) return NaN;
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = (text === undefined ? this.#bytes[at]! : text.charCodeAt(at)) - 0x30;
      if (digit < 0 || digit > 9) return NaN;
      value = value * 10 + digit;
    }
    return value;
  }

  #indexOf(name: string): number {
    for (let i = 0; i < this.#size; i++) if (this.#names[i] === name) return i;
    return -1;
  }

  /** Forgets all attributes; those that follow are in `bytes`. */
  clear(bytes: Uint8Array = NO_BYTES): void {
    this.#size = 0;
    this.#bytes = bytes;
  }

  /**
   * Adds an attribute with its normalised value.
   *
   * @throws {SyntaxError} when there is one of that name, {RangeError} when there are too many.
   */
  add(name: string, value: string): void {
    if (this.#size === MAX_ATTRIBUTES) {
      throw new RangeError(`an element has more than ${MAX_ATTRIBUTES} attributes`);
    }
    if (this.#indexOf(name) !== -1) throw new SyntaxError(`duplicate attribute: ${name}`);
    this.#names[this.#size] = name;
    this.#values[this.#size++] = value;
  }

  /** Adds an attribute whose plain ASCII value is in the input; that there is room and no other of the name is known. */
  addPlain(name: string, from: number, to: number): void {
    const index = this.#size++;
    this.#names[index] = name;
    this.#values[index] = undefined;
    this.#from[index] = from;
    this.#to[index] = to;
  }
}
