import { Utf8Decoder } from "./utf8_decoder.ts";
import { TagAttributes } from "./xml_attributes.ts";
import { CR, LF } from "./xml_chars.ts";
import { XmlElements, type XmlHandlers } from "./xml_elements.ts";
import { XmlNames } from "./xml_names.ts";
import { XmlPlace } from "./xml_place.ts";
import { PlainTags } from "./xml_plain_tags.ts";
import { XmlTokenizer } from "./xml_tokenizer.ts";

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

/**
 * Strict streaming reader of UTF-8 XML in constant memory: bytes, tags and characters may be split
 * anywhere. It has no entities but XML's own, and refuses an internal DTD subset.
 */
export class XmlStream {
  readonly #place = new XmlPlace();
  readonly #decoder = new Utf8Decoder();
  readonly #elements: XmlElements;
  readonly #plain: PlainTags;
  readonly #tokenizer: XmlTokenizer;
  /** The last character was a carriage return, already taken for the line end that a line feed may complete. */
  #returned = false;
  #failure: unknown;

  /** `names` are those that handlers compare with, which is then quicker. */
  constructor(handlers: XmlHandlers, { names = [] }: { readonly names?: Iterable<string> } = {}) {
    const place = this.#place;
    const known = new XmlNames(names);
    const attributes = new TagAttributes();
    const elements = new XmlElements(handlers, { place, names: known, attributes });
    this.#elements = elements;
    this.#plain = new PlainTags({ place, names: known, attributes, elements });
    this.#tokenizer = new XmlTokenizer({ names: known, attributes, elements });
  }

  /**
   * Takes the next bytes.
   *
   * @throws {NmapOutputError} when the document is malformed or beyond a limit, now and ever after.
   */
  write(chunk: Uint8Array): void {
    this.#guard(() => {
      const place = this.#place;
      place.at = 0;
      // As many bytes at once as cannot exceed a limit, so that a document is judged alike however it is split.
      while (place.at < chunk.length) {
        this.#read(chunk, Math.min(chunk.length, place.at + this.#room()));
      }
      place.offset += chunk.length;
      place.at = 0;
    });
  }

  /**
   * Says that no more bytes come.
   *
   * @throws {NmapOutputError} when the document is not closed.
   */
  end(): void {
    this.#guard(() => {
      this.#decoder.end();
      this.#tokenizer.end();
    });
  }

  #guard(step: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      step();
    } catch (error) {
      const rejected = error instanceof SyntaxError || error instanceof RangeError;
      this.#failure = rejected ? new NmapOutputError(error.message, this.#place) : error;
      throw this.#failure;
    }
  }

  #read(bytes: Uint8Array, end: number): void {
    const place = this.#place;
    while (place.at < end) {
      if (this.#tokenizer.inText && !this.#returned && !this.#decoder.pending) {
        this.#plain.read(bytes, end);
        if (place.at === end) return;
      }
      this.#readByte(bytes[place.at++]!);
    }
  }

  #readByte(byte: number): void {
    const place = this.#place;
    const inside = this.#decoder.pending;
    const code = this.#decoder.push(byte);
    if (inside) place.offset--;
    if (code < 0) return;
    if (code > 0xffff) {
      place.offset++;
      place.lineStart++;
    }
    const completes = this.#returned && code === LF;
    this.#returned = code === CR;
    if (completes) place.lineStart++;
    else {
      if (code === LF || code === CR) place.newLine();
      this.#tokenizer.push(code === CR ? LF : code);
    }
  }

  /** Number of bytes that may come before a limit is reached; a byte is one character or less. */
  #room(): number {
    const { position } = this.#place;
    const { lastTag, lastRecord } = this.#elements;
    const untilTag = lastTag + MAX_TAG_DISTANCE - position;
    if (untilTag <= 0) {
      throw new RangeError(`more than ${MAX_TAG_DISTANCE} characters without a tag`);
    }
    const untilRecord = lastRecord + MAX_RECORD_LENGTH - position;
    if (untilRecord <= 0) {
      throw new RangeError(`more than ${MAX_RECORD_LENGTH} characters without a whole host`);
    }
    return Math.min(untilTag, untilRecord);
  }
}
