import { MAX_ATTRIBUTES, type TagAttributes } from "./xml_attributes.ts";
import {
  DOUBLE_QUOTE,
  EQUALS,
  GREATER,
  LESS,
  LF,
  NAME_BYTES,
  SLASH,
  SPACE,
  TEXT_BYTES,
  VALUE_BYTES,
} from "./xml_chars.ts";
import type { XmlElements } from "./xml_elements.ts";
import { EMPTY_HASH, hashByte, type XmlNames } from "./xml_names.ts";
import type { XmlPlace } from "./xml_place.ts";

/**
 * The fast way through what nmap prints: whole tags of known ASCII names with double-quoted ASCII values,
 * single spaces and no references, and ASCII text between them. It judges nothing: whatever else comes,
 * right or wrong, is left to `XmlTokenizer`, from the first byte of the tag on.
 */
export class PlainTags {
  readonly #place: XmlPlace;
  readonly #names: XmlNames;
  readonly #attributes: TagAttributes;
  readonly #elements: XmlElements;
  /** By id of a name, the number of the last tag that had such an attribute. */
  readonly #seen: Uint32Array;
  /** By id of a name, the id of the name that came behind it last: nmap repeats itself. */
  readonly #next: Int16Array;
  #tag = 0;
  #last = 0;
  /** Behind the name that was read last. */
  #end = 0;

  constructor(
    { place, names, attributes, elements }: {
      readonly place: XmlPlace;
      readonly names: XmlNames;
      readonly attributes: TagAttributes;
      readonly elements: XmlElements;
    },
  ) {
    this.#place = place;
    this.#names = names;
    this.#attributes = attributes;
    this.#elements = elements;
    this.#seen = new Uint32Array(names.capacity);
    this.#next = new Int16Array(names.capacity).fill(-1);
  }

  /**
   * Reads on in the text of an element as far as it can and up to `end`, never beyond the end tag of
   * the root; the place is then at the first byte that was not read.
   */
  read(bytes: Uint8Array, end: number): void {
    const place = this.#place;
    while (this.#elements.depth > 0) {
      let at = place.at;
      while (at < end && TEXT_BYTES[bytes[at]!] === 1) {
        if (bytes[at++] === LF) {
          place.at = at;
          place.newLine();
        }
      }
      place.at = at;
      if (at === end || bytes[at] !== LESS) return;
      if (bytes[at + 1] === SLASH) {
        if (!this.#closeTag(bytes, end)) return;
      } else if (!this.#openTag(bytes, end)) return;
    }
  }

  #closeTag(bytes: Uint8Array, end: number): boolean {
    const id = this.#elements.innermost;
    if (id === -1) return false;
    const from = this.#place.at + 2;
    const to = from + this.#names.texts[id]!.length;
    if (to >= end || bytes[to] !== GREATER || !this.#names.matches(id, bytes, from)) return false;
    this.#place.at = to + 1;
    this.#elements.closeInnermost();
    return true;
  }

  #openTag(bytes: Uint8Array, end: number): boolean {
    const names = this.#names;
    const attributes = this.#attributes;
    const element = this.#name(bytes, this.#place.at + 1, end);
    if (element === -1) return false;
    let at = this.#end;
    const tag = this.#tag = (this.#tag + 1) >>> 0;
    attributes.clear(bytes);
    while (at < end && bytes[at] === SPACE) {
      const name = at + 1;
      if (bytes[name] === SLASH) {
        at = name;
        break;
      }
      const id = this.#name(bytes, name, end);
      if (id === -1 || this.#seen[id] === tag || attributes.size === MAX_ATTRIBUTES) return false;
      this.#seen[id] = tag;
      if (bytes[this.#end] !== EQUALS || bytes[this.#end + 1] !== DOUBLE_QUOTE) return false;
      const value = this.#end + 2;
      at = value;
      while (at < end && VALUE_BYTES[bytes[at]!] === 1) at++;
      if (at >= end || bytes[at] !== DOUBLE_QUOTE) return false;
      attributes.addPlain(names.texts[id]!, value, at++);
    }
    if (at >= end) return false;
    const closed = bytes[at] === SLASH;
    if (closed) at++;
    if (at >= end || bytes[at] !== GREATER) return false;
    this.#place.at = at + 1;
    this.#elements.openKnown(element);
    if (closed) this.#elements.closeInnermost();
    return true;
  }

  /** Id of the name that begins at `from` and ends before `end`, and where it ends in `#end`; -1 where none is known. */
  #name(bytes: Uint8Array, from: number, end: number): number {
    const names = this.#names;
    const guess = this.#next[this.#last]!;
    if (guess !== -1) {
      const to = from + names.texts[guess]!.length;
      if (to < end && NAME_BYTES[bytes[to]!] === 0 && names.matches(guess, bytes, from)) {
        this.#end = to;
        return this.#last = guess;
      }
    }
    let hash = EMPTY_HASH;
    let at = from;
    for (; at < end && NAME_BYTES[bytes[at]!] === 1; at++) hash = hashByte(hash, bytes[at]!);
    const id = names.find(bytes, from, at, hash);
    if (id === -1 || at === end) return -1;
    this.#end = at;
    this.#next[this.#last] = id;
    return this.#last = id;
  }
}
