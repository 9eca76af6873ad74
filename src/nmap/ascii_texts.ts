/** Longest text that is remembered, and how many places there are; together 100 KiB at most. */
const MAX_LENGTH = 24;
const SLOTS = 2048;

const decoder = new TextDecoder();

/** Makes strings of ASCII bytes, the same short one for the same bytes while nothing takes its place. */
export class AsciiTexts {
  readonly #slots: string[] = new Array<string>(SLOTS).fill("");

  /** The text of `bytes` from `from` up to `to`, all below 0x80. */
  get(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    if (length > MAX_LENGTH) return decoder.decode(bytes.subarray(from, to));
    let hash = length;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1);
    const known = this.#slots[slot]!;
    if (equals(known, bytes, from, length)) return known;
    const text = decoder.decode(bytes.subarray(from, to));
    this.#slots[slot] = text;
    return text;
  }
}

function equals(text: string, bytes: Uint8Array, from: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
