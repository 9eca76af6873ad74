import type { Attributes, TagAttributes } from "./xml_attributes.ts";
import type { XmlNames } from "./xml_names.ts";
import type { XmlPlace } from "./xml_place.ts";

/** Deepest nesting of elements; nmap's own documents reach 5, with script output a little more. */
export const MAX_DEPTH = 32;

/** What a stream reports. A handler rejects the document by throwing SyntaxError or RangeError. */
export interface XmlHandlers {
  readonly open: (name: string, attributes: Attributes) => void;
  /** Returns true where a record ended, which starts the count of `MAX_RECORD_LENGTH` again. */
  readonly close: () => boolean;
}

/** The elements that are open, and what the grammar wants of elements as a whole. */
export class XmlElements {
  readonly #handlers: XmlHandlers;
  readonly #place: XmlPlace;
  readonly #names: XmlNames;
  readonly #attributes: TagAttributes;
  readonly #open: string[] = [];
  /** Ids of the open elements' names, -1 for a name without. */
  readonly #ids = new Int32Array(MAX_DEPTH);
  #sawRoot = false;
  /** Positions behind the last tag and the last record. */
  lastTag = 0;
  lastRecord = 0;

  constructor(
    handlers: XmlHandlers,
    { place, names, attributes }: {
      readonly place: XmlPlace;
      readonly names: XmlNames;
      readonly attributes: TagAttributes;
    },
  ) {
    this.#handlers = handlers;
    this.#place = place;
    this.#names = names;
    this.#attributes = attributes;
  }

  /** Number of open elements. */
  get depth(): number {
    return this.#open.length;
  }

  /** Whether the root element began. */
  get sawRoot(): boolean {
    return this.#sawRoot;
  }

  /** Id of the name of the innermost open element, which there must be. */
  get innermost(): number {
    return this.#ids[this.#open.length - 1]!;
  }

  /**
   * The name of an element is known.
   *
   * @throws {SyntaxError} when it cannot be: the root is closed.
   */
  begin(): void {
    if (this.#sawRoot && this.#open.length === 0) {
      throw new SyntaxError("documents may contain only one root");
    }
    this.#sawRoot = true;
  }

  /**
   * A start tag ended.
   *
   * @throws {RangeError} beyond `MAX_DEPTH`, and what the handler throws.
   */
  open(name: string): void {
    this.#push(this.#names.intern(name), this.#names.add(name));
  }

  /** As `open()`, by the name's id. */
  openKnown(id: number): void {
    this.#push(this.#names.texts[id]!, id);
  }

  #push(name: string, id: number): void {
    if (this.#open.length === MAX_DEPTH) {
      throw new RangeError(`elements are nested deeper than ${MAX_DEPTH}`);
    }
    this.lastTag = this.#place.position;
    this.#ids[this.#open.length] = id;
    this.#open.push(name);
    this.#handlers.open(name, this.#attributes);
  }

  /**
   * An end tag ended.
   *
   * @throws {SyntaxError} when no element of that name is the innermost.
   */
  close(name: string): void {
    const open = this.#open.at(-1);
    if (open === undefined) throw new SyntaxError(`unmatched closing tag: ${name}`);
    if (open !== name) throw new SyntaxError("unexpected close tag");
    this.closeInnermost();
  }

  /** The innermost element ended. */
  closeInnermost(): void {
    this.lastTag = this.#place.position;
    this.#open.pop();
    if (this.#handlers.close()) this.lastRecord = this.lastTag;
  }

  /** @throws {SyntaxError} when the document cannot end here. */
  end(): void {
    if (!this.#sawRoot) throw new SyntaxError("document must contain a root element");
    const open = this.#open.at(-1);
    if (open !== undefined) throw new SyntaxError(`unclosed tag: ${open}`);
  }
}
