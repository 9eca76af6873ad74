import { GZIP_HEAD, GzipMember } from "./gzip.ts";
import type { Backlog, Encoding, Page } from "./page.ts";

/** Bytes from which on a part goes out as it is; smaller ones are put together. */
const PART_BYTES = 32 * 1024;
/** Most bytes of a page that go out at once: a page may have megabytes, and each reader keeps what it was given last. */
const PIECE_BYTES = 128 * 1024;

/** One scrape: everything there is at one moment, handed out piece by piece. */
export class Exposition {
  readonly #pages: (Page | undefined)[];
  readonly #encoding: Encoding;
  readonly #member: GzipMember | undefined;
  readonly #onClose: () => void;
  /** Pages of which bytes are with the reader. */
  readonly #lent: Page[] = [];
  /** What is still to be handed out of the page that was lent last. */
  #rest: Uint8Array = new Uint8Array();
  #next = 0;
  #begun = false;
  #closed = false;
  #onCut: (() => void) | undefined;

  /** Reads `pages` in turn; `onClose` is called once, when all were read or nobody reads any more. */
  constructor(
    pages: readonly Page[],
    { encoding, backlog, onClose }: {
      encoding: Encoding;
      backlog: Backlog;
      onClose: () => void;
    },
  ) {
    this.#pages = [...pages];
    this.#encoding = encoding;
    this.#member = encoding === "gzip" ? new GzipMember() : undefined;
    this.#onClose = onClose;
    for (const page of pages) page.addReader(encoding, backlog);
  }

  /**
   * The next bytes, some ten thousand mostly and never more than 160 KiB; undefined when there are no
   * more. They are valid until the next call: whoever needs them for longer copies them.
   */
  next(): Uint8Array | undefined {
    this.#giveBack();
    const parts: Uint8Array[] = [];
    if (!this.#begun && this.#member !== undefined) parts.push(GZIP_HEAD);
    this.#begun = true;
    let size = 0;
    while ((!this.#closed || this.#rest.length > 0) && size < PART_BYTES) {
      if (this.#rest.length === 0) this.#rest = this.#nextPart();
      const part = this.#rest.subarray(0, PIECE_BYTES);
      this.#rest = this.#rest.subarray(PIECE_BYTES);
      parts.push(part);
      size += part.length;
    }
    if (parts.length === 0) return undefined;
    if (parts.length === 1) return parts[0];
    const copy = joined(parts);
    this.#giveBack();
    return copy;
  }

  #nextPart(): Uint8Array {
    const page = this.#pages[this.#next];
    if (page === undefined) {
      this.#end();
      return this.#member?.tail() ?? new Uint8Array();
    }
    this.#pages[this.#next++] = undefined;
    this.#lent.push(page);
    return this.#read(page);
  }

  /** Takes back the pages of which all bytes were handed out. */
  #giveBack(): void {
    const whole = this.#rest.length === 0 ? this.#lent.length : this.#lent.length - 1;
    for (const page of this.#lent.splice(0, whole)) page.removeReader(this.#encoding);
  }

  #read(page: Page): Uint8Array {
    if (this.#member === undefined) return page.text;
    this.#member.add(page.deflated);
    return page.deflated.blocks;
  }

  /** Calls `cut` when `cutOff` is called before the end. */
  onCut(cut: () => void): void {
    this.#onCut = cut;
  }

  /** Ends it before all was read, to the reader's surprise. */
  cutOff(): void {
    if (this.#closed) return;
    this.close();
    this.#onCut?.();
  }

  /** Lets go of everything, also of what was handed out last. */
  close(): void {
    this.#end();
    this.#rest = new Uint8Array();
    this.#giveBack();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const page of this.#pages) page?.removeReader(this.#encoding);
    this.#onClose();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
