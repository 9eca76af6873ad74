/** Most names that are remembered; nmap's documents have about 100. */
const CAPACITY = 512;
/** Power of two, so that a hash is masked into it; half of it stays empty, so that a search ends soon. */
const SLOTS = 1024;
const MAX_LENGTH = 64;

/** Hash of no bytes; a byte is added by `hashByte()`. */
export const EMPTY_HASH = 0;

/** The hash of some bytes and one more. */
export function hashByte(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** ASCII names of elements and attributes, found by their bytes without making a string of them. */
export class XmlNames {
  /** By id. */
  readonly texts: string[] = [];
  readonly #ids = new Map<string, number>();
  /** Id + 1, 0 where empty. */
  readonly #slots = new Uint16Array(SLOTS);
  /** Bytes of name `id` begin at `id * MAX_LENGTH`. */
  readonly #bytes = new Uint8Array(CAPACITY * MAX_LENGTH);

  /** Begins with `known`, which a reader compares by identity with its own constants. */
  constructor(known: Iterable<string>) {
    for (const text of known) this.add(text);
  }

  /** Most names that there can be; ids are below it. */
  get capacity(): number {
    return CAPACITY;
  }

  /** The name as it is remembered; a name that cannot be is returned as it came. */
  intern(text: string): string {
    const id = this.add(text);
    return id === -1 ? text : this.texts[id]!;
  }

  /** Remembers a name; returns its id, -1 for one that is too long, not ASCII, or too many. */
  add(text: string): number {
    const found = this.#ids.get(text);
    if (found !== undefined) return found;
    const id = this.texts.length;
    if (id === CAPACITY || text.length > MAX_LENGTH || !/^[\0-\x7f]+$/.test(text)) return -1;
    let hash = EMPTY_HASH;
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      this.#bytes[id * MAX_LENGTH + i] = byte;
      hash = hashByte(hash, byte);
    }
    let slot = hash & (SLOTS - 1);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.#slots[slot] = id + 1;
    this.texts.push(text);
    this.#ids.set(text, id);
    return id;
  }

  /** Id of the name that `bytes` hold from `from` up to `to`, whose hash is `hash`; -1 for one not remembered. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    for (let slot = hash & (SLOTS - 1);; slot = (slot + 1) & (SLOTS - 1)) {
      const id = this.#slots[slot]! - 1;
      if (id < 0) return -1;
      if (this.texts[id]!.length === to - from && this.matches(id, bytes, from)) return id;
    }
  }

  /** Whether `bytes` hold the name `id` at `from`. */
  matches(id: number, bytes: Uint8Array, from: number): boolean {
    const length = this.texts[id]!.length;
    const begin = id * MAX_LENGTH;
    for (let i = 0; i < length; i++) {
      if (this.#bytes[begin + i] !== bytes[from + i]) return false;
    }
    return true;
  }
}
