import { SaxesParser } from "saxes";

/** Deepest nesting of elements; nmap's own documents reach 5, with script output a little more. */
export const MAX_DEPTH = 32;
/** Most attributes of one element; nmap's richest (`service`) has about 20. */
export const MAX_ATTRIBUTES = 64;
/** Most characters between the ends of two records; a host with all 65,535 ports listed takes 9 million. */
export const MAX_RECORD_LENGTH = 32 * 1024 * 1024;
/** Most characters between two tags, an element with its attributes included; a list of 32,768 ports takes 200,000. */
export const MAX_TAG_DISTANCE = 1024 * 1024;

/** Output of nmap that cannot be used, with the place where that showed. */
export class NmapOutputError extends SyntaxError {
  override name = "NmapOutputError";
  /** Line, from 1, and column, from 0. */
  readonly line: number;
  readonly column: number;

  constructor(reason: string, { line, column }: { line: number; column: number }) {
    super(`Cannot read nmap's output at ${line}:${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/** Attributes of an element, by name. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** What a stream reports. A handler rejects the document by throwing SyntaxError or RangeError. */
export interface XmlHandlers {
  readonly open: (name: string, attributes: Attributes) => void;
  /** Returns true where a record ended, which starts the count of `MAX_RECORD_LENGTH` again. */
  readonly close: () => boolean;
}

/**
 * Strict streaming reader of UTF-8 XML in constant memory: bytes, tags and characters may be split
 * anywhere. It has no entities but XML's own, and refuses an internal DTD subset.
 */
export class XmlStream {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #parser = new SaxesParser();
  readonly #handlers: XmlHandlers;
  #depth = 0;
  #attributes = 0;
  #lastTag = 0;
  #lastRecord = 0;
  /** Position of a closing tag that was reported but not yet found to match. */
  #closing: number | undefined;
  #failure: unknown;

  constructor(handlers: XmlHandlers) {
    this.#handlers = handlers;
    const parser = this.#parser;
    parser.on("error", (error) => {
      // The parser reports an element closed before it complains, at the same place, of the tag's name.
      if (this.#closing !== parser.position) this.#settleClose();
      throw new SyntaxError(error.message.replace(/^\d+:\d+: |\.$/g, ""));
    });
    // nmap writes `<!DOCTYPE nmaprun>`, so a DOCTYPE as such must pass.
    parser.on("doctype", (text) => {
      if (text.includes("[")) throw new SyntaxError("it has an internal DTD subset");
    });
    parser.on("opentagstart", () => {
      this.#settleClose();
      this.#attributes = 0;
    });
    parser.on("attribute", () => {
      if (++this.#attributes > MAX_ATTRIBUTES) {
        throw new RangeError(`an element has more than ${MAX_ATTRIBUTES} attributes`);
      }
    });
    parser.on("opentag", ({ name, attributes }) => {
      this.#checkDistances();
      if (++this.#depth > MAX_DEPTH) {
        throw new RangeError(`elements are nested deeper than ${MAX_DEPTH}`);
      }
      this.#lastTag = parser.position;
      handlers.open(name, attributes);
    });
    parser.on("closetag", () => {
      this.#settleClose();
      this.#checkDistances();
      this.#depth--;
      this.#closing = this.#lastTag = parser.position;
    });
  }

  /**
   * Takes the next bytes.
   *
   * @throws {NmapOutputError} when the document is malformed or beyond a limit, now and ever after.
   */
  write(chunk: Uint8Array): void {
    this.#guard(() => {
      this.#parse(this.#decode(chunk));
    });
  }

  /**
   * Says that no more bytes come.
   *
   * @throws {NmapOutputError} when the document is not closed.
   */
  end(): void {
    this.#guard(() => {
      this.#parse(this.#decode());
      this.#parser.close();
    });
  }

  #guard(step: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      step();
    } catch (error) {
      // The parser is in no defined state after a throw: it must not be fed again.
      const rejected = error instanceof SyntaxError || error instanceof RangeError;
      this.#failure = rejected ? new NmapOutputError(error.message, this.#parser) : error;
      throw this.#failure;
    }
  }

  #parse(text: string): void {
    this.#parser.write(text);
    this.#settleClose();
    this.#checkDistances();
  }

  #settleClose(): void {
    if (this.#closing === undefined) return;
    const position = this.#closing;
    this.#closing = undefined;
    if (this.#handlers.close()) this.#lastRecord = position;
  }

  #decode(chunk?: Uint8Array): string {
    try {
      return chunk === undefined
        ? this.#decoder.decode()
        : this.#decoder.decode(chunk, { stream: true });
    } catch {
      throw new SyntaxError("it is not UTF-8");
    }
  }

  // Measured in the parser's own positions, so that a document is judged alike however it is split.
  #checkDistances(): void {
    const { position } = this.#parser;
    if (position - this.#lastTag > MAX_TAG_DISTANCE) {
      throw new RangeError(`more than ${MAX_TAG_DISTANCE} characters without a tag`);
    }
    if (position - this.#lastRecord > MAX_RECORD_LENGTH) {
      throw new RangeError(`more than ${MAX_RECORD_LENGTH} characters without a whole host`);
    }
  }
}
