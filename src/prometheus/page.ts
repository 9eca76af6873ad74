import { deflate, type Deflated } from "./gzip.ts";

/** How a page goes over the wire. */
export type Encoding = "identity" | "gzip";

/** Where the size of pages is accounted for that are kept for nobody but those who still read them. */
export interface Backlog {
  /** Called with the bytes that are kept from now on, and with the same bytes negative when they are not any more. */
  kept(bytes: number): void;
}

const encoder = new TextEncoder();

/**
 * The samples of one block as they are at one moment, rendered when first needed: by a reader, or because
 * the block is about to change while somebody still has to read it.
 */
export class Page {
  #render: (() => string) | undefined;
  #text: Uint8Array<ArrayBuffer> | undefined;
  #deflated: Deflated | undefined;
  readonly #readers: Record<Encoding, number> = { identity: 0, gzip: 0 };
  #backlog: Backlog | undefined;
  #keptBytes = 0;

  /** `render` gives the sample lines; what it reads does not change before `supersede` is called. */
  constructor(render: () => string) {
    this.#render = render;
  }

  /** The samples as UTF-8. */
  get text(): Uint8Array {
    return this.#text ??= this.#encode();
  }

  /** The samples deflated; what is only ever read this way is not kept as text too. */
  get deflated(): Deflated {
    return this.#deflated ??= deflate(this.#text ?? this.#encode());
  }

  /** Announces a reader, who has to be taken off again. */
  addReader(encoding: Encoding, backlog: Backlog): void {
    this.#readers[encoding]++;
    this.#backlog = backlog;
  }

  /** Takes a reader off, who has read the page or will not. */
  removeReader(encoding: Encoding): void {
    this.#readers[encoding]--;
    if (this.#render === undefined && !this.#isRead) this.#free();
  }

  /** Keeps the samples as they are for those who still have to read them, and gives the rest back. */
  supersede(): void {
    const { identity, gzip } = this.#readers;
    const text = identity > 0 ? this.text : undefined;
    const deflated = gzip > 0 ? this.deflated : undefined;
    this.#render = undefined;
    if (text === undefined) this.#freeText();
    this.#deflated = deflated;
    this.#keep((text?.length ?? 0) + (deflated?.blocks.length ?? 0));
  }

  /** Gives back what one encoding takes; it is rendered again when it is asked for. */
  drop(encoding: Encoding): void {
    if (this.#render === undefined) return;
    if (this.#readers[encoding] > 0) return;
    if (encoding === "gzip") this.#deflated = undefined;
    else this.#freeText();
  }

  #free(): void {
    this.#freeText();
    this.#deflated = undefined;
    this.#keep(0);
  }

  #freeText(): void {
    free(this.#text);
    this.#text = undefined;
  }

  get #isRead(): boolean {
    return this.#readers.identity > 0 || this.#readers.gzip > 0;
  }

  #encode(): Uint8Array<ArrayBuffer> {
    if (this.#render === undefined) throw new Error("Cannot render a page that was superseded");
    return encoder.encode(this.#render());
  }

  #keep(bytes: number): void {
    const before = this.#keptBytes;
    this.#keptBytes = bytes;
    if (bytes !== before) this.#backlog?.kept(bytes - before);
  }
}

/** Frees memory at once: the collector hardly notices what is outside of its heap, and lets 200 MB pile up. */
function free(bytes: Uint8Array<ArrayBuffer> | undefined): void {
  bytes?.buffer.transfer(0);
}
