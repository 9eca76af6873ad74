import { CharBuffer } from "./char_buffer.ts";
import type { TagAttributes } from "./xml_attributes.ts";
import {
  AMPERSAND,
  BANG,
  BYTE_ORDER_MARK,
  CLOSE_BRACKET,
  DASH,
  DOUBLE_QUOTE,
  EQUALS,
  GREATER,
  HASH,
  isChar,
  isNameChar,
  isNameStart,
  isSpace,
  LESS,
  LF,
  OPEN_BRACKET,
  QUESTION,
  SEMICOLON,
  SINGLE_QUOTE,
  SLASH,
  SPACE,
  TAB,
} from "./xml_chars.ts";
import { checkDeclaration, checkDoctype, resolveReference } from "./xml_declarations.ts";
import type { XmlElements } from "./xml_elements.ts";
import type { XmlNames } from "./xml_names.ts";

// What the next character is in, or behind.
const BEGIN = 0;
const TEXT = 1;
const MARKUP = 2; // <
const MARKUP_BANG = 3; // <!
const REFERENCE = 4; // &
const COMMENT = 5; // <!--
const COMMENT_DASH = 6; // <!-- -
const COMMENT_END = 7; // <!-- --
const CDATA = 8; // <![CDATA[
const DOCTYPE = 9; // <!DOCTYPE
const TARGET = 10; // <?
const TARGET_END = 11; // <?a?
const INSTRUCTION = 12; // <?a and a space
const INSTRUCTION_END = 13; // <?a and a space, ?
const TAG_NAME = 14; // <a
const TAG_SPACE = 15; // <a b="" and a space
const TAG_SLASH = 16; // <a /
const ATTRIBUTE_NAME = 17; // <a b
const ATTRIBUTE_EQUALS = 18; // <a b and a space
const ATTRIBUTE_QUOTE = 19; // <a b=
const VALUE = 20; // <a b="
const VALUE_END = 21; // <a b=""
const CLOSING_NAME = 22; // </
const CLOSING_SPACE = 23; // </a and a space

/** What may follow `<!`, and the state it leads to. */
const BANGS: ReadonlyMap<string, number> = new Map([
  ["--", COMMENT],
  ["[CDATA[", CDATA],
  ["DOCTYPE", DOCTYPE],
]);

/**
 * The grammar of XML 1.0 without an internal DTD subset, a character at a time, as strict as it is
 * written: the first character that cannot stand where it does rejects the document.
 */
export class XmlTokenizer {
  readonly #names: XmlNames;
  readonly #attributes: TagAttributes;
  readonly #elements: XmlElements;
  readonly #chars = new CharBuffer();
  readonly #reference = new CharBuffer();
  #state = BEGIN;
  /** Name of the tag at hand, and of its attribute. */
  #tag = "";
  #attribute = "";
  /** The quote that ends the value, or 0. */
  #quote = 0;
  /** State that a reference goes back to. */
  #around = TEXT;
  /** Number of closing brackets just read in text or CDATA, at most 2. */
  #brackets = 0;
  #bang = "";
  #target = "";
  /** Whether nothing was read yet but a byte order mark and what is at hand, so that it may be the XML declaration. */
  #first = true;
  #marked = false;
  #sawDoctype = false;

  constructor(
    { names, attributes, elements }: {
      readonly names: XmlNames;
      readonly attributes: TagAttributes;
      readonly elements: XmlElements;
    },
  ) {
    this.#names = names;
    this.#attributes = attributes;
    this.#elements = elements;
  }

  /** Whether the next character is in the text of an element, with nothing before it that matters. */
  get inText(): boolean {
    return this.#state === TEXT && this.#brackets === 0 && this.#elements.depth > 0;
  }

  /**
   * Takes a code point, with line ends already line feeds.
   *
   * @throws {SyntaxError} or {RangeError} when it cannot stand here.
   */
  push(c: number): void {
    if (!isChar(c)) throw new SyntaxError("disallowed character");
    switch (this.#state) {
      case BEGIN:
        return this.#begin(c);
      case TEXT:
        return this.#text(c);
      case MARKUP:
        return this.#markup(c);
      case MARKUP_BANG:
        return this.#markupBang(c);
      case REFERENCE:
        return this.#inReference(c);
      case COMMENT:
        if (c === DASH) this.#state = COMMENT_DASH;
        return;
      case COMMENT_DASH:
        this.#state = c === DASH ? COMMENT_END : COMMENT;
        return;
      case COMMENT_END:
        if (c !== GREATER) throw new SyntaxError("malformed comment");
        this.#state = TEXT;
        return;
      case CDATA:
        if (c === CLOSE_BRACKET) this.#brackets = Math.min(this.#brackets + 1, 2);
        else {
          if (c === GREATER && this.#brackets === 2) this.#state = TEXT;
          this.#brackets = 0;
        }
        return;
      case DOCTYPE:
        return this.#doctype(c);
      case TARGET:
        return this.#inTarget(c);
      case TARGET_END:
      case INSTRUCTION:
      case INSTRUCTION_END:
        return this.#instruction(c);
      case CLOSING_NAME:
      case CLOSING_SPACE:
        return this.#closing(c);
      case VALUE:
        return this.#value(c);
      default:
        return this.#startTag(c);
    }
  }

  /** @throws {SyntaxError} when the document cannot end here. */
  end(): void {
    this.#elements.end();
    if (this.#state !== TEXT) throw new SyntaxError("unexpected end");
  }

  #begin(c: number): void {
    if (c === BYTE_ORDER_MARK && !this.#marked) {
      this.#marked = true;
      return;
    }
    this.#first = c === LESS;
    this.#text(c);
  }

  #text(c: number): void {
    this.#state = TEXT;
    if (c === LESS) {
      this.#state = MARKUP;
      this.#brackets = 0;
    } else if (this.#elements.depth === 0) {
      if (!isSpace(c)) throw new SyntaxError("text data outside of root node");
    } else if (c === AMPERSAND) {
      this.#refer(TEXT);
      this.#brackets = 0;
    } else if (c === CLOSE_BRACKET) this.#brackets = Math.min(this.#brackets + 1, 2);
    else {
      if (c === GREATER && this.#brackets === 2) {
        throw new SyntaxError('the string "]]>" is disallowed in char data');
      }
      this.#brackets = 0;
    }
  }

  #markup(c: number): void {
    if (c === QUESTION) {
      this.#state = TARGET;
      this.#target = "";
      return;
    }
    this.#first = false;
    if (c === SLASH) this.#state = CLOSING_NAME;
    else if (c === BANG) {
      this.#state = MARKUP_BANG;
      this.#bang = "";
    } else if (isNameStart(c)) {
      this.#state = TAG_NAME;
      this.#chars.push(c);
    } else throw new SyntaxError("disallowed character in tag name");
  }

  #markupBang(c: number): void {
    this.#bang += String.fromCodePoint(c);
    const state = BANGS.get(this.#bang);
    if (state === undefined) {
      if (this.#bang.length >= 7) throw new SyntaxError("incorrect syntax");
      return;
    }
    if (state === CDATA && this.#elements.depth === 0) {
      throw new SyntaxError("text data outside of root node");
    }
    if (state === DOCTYPE) {
      if (this.#sawDoctype || this.#elements.sawRoot) {
        throw new SyntaxError("inappropriately located doctype declaration");
      }
      this.#sawDoctype = true;
      this.#quote = 0;
    }
    this.#state = state;
  }

  #doctype(c: number): void {
    if (c === OPEN_BRACKET) throw new SyntaxError("it has an internal DTD subset");
    if (c === GREATER && this.#quote === 0) {
      checkDoctype(this.#chars.take());
      this.#state = TEXT;
      return;
    }
    this.#chars.push(c);
    if (c === this.#quote) this.#quote = 0;
    else if (this.#quote === 0 && isQuote(c)) this.#quote = c;
  }

  #inTarget(c: number): void {
    if (this.#target === "" ? isNameStart(c) : isNameChar(c)) {
      // Nothing is told of a target but whether it is `xml`.
      if (this.#target.length < 4) this.#target += String.fromCodePoint(c);
      return;
    }
    if (this.#target === "") throw new SyntaxError("processing instruction without a target");
    if (this.#target.toLowerCase() === "xml" && !(this.#first && this.#target === "xml")) {
      throw new SyntaxError("an XML declaration must be at the start of the document");
    }
    if (this.#target !== "xml") this.#first = false;
    if (c === QUESTION) this.#state = TARGET_END;
    else if (isSpace(c)) {
      this.#state = INSTRUCTION;
      if (this.#first) this.#chars.push(c);
    } else throw new SyntaxError("disallowed character in processing instruction name");
  }

  #instruction(c: number): void {
    if (c === GREATER && this.#state !== INSTRUCTION) {
      if (this.#first) checkDeclaration(this.#chars.take());
      this.#first = false;
      this.#state = TEXT;
    } else {
      // A target goes on with a space or the end, and no declaration has a question mark in it.
      if (this.#state === TARGET_END || (this.#state === INSTRUCTION_END && this.#first)) {
        throw new SyntaxError("disallowed character in processing instruction");
      }
      if (this.#first && c !== QUESTION) this.#chars.push(c);
      this.#state = c === QUESTION ? INSTRUCTION_END : INSTRUCTION;
    }
  }

  #closing(c: number): void {
    if (c === GREATER) {
      this.#state = TEXT;
      this.#elements.close(this.#chars.take());
    } else if (isSpace(c)) this.#state = CLOSING_SPACE;
    else if (this.#state === CLOSING_NAME && isNameChar(c)) this.#chars.push(c);
    else throw new SyntaxError("disallowed character in closing tag");
  }

  #startTag(c: number): void {
    switch (this.#state) {
      case TAG_NAME:
        if (isNameChar(c)) {
          this.#chars.push(c);
          return;
        }
        this.#tag = this.#chars.take();
        this.#elements.begin();
        this.#attributes.clear();
        return this.#betweenAttributes(c, "disallowed character in tag name");
      case TAG_SPACE:
        if (isNameStart(c)) {
          this.#state = ATTRIBUTE_NAME;
          this.#chars.push(c);
          return;
        }
        return this.#betweenAttributes(c, "disallowed character in attribute name");
      case VALUE_END:
        return this.#betweenAttributes(c, "no whitespace between attributes");
      case TAG_SLASH:
        if (c !== GREATER) {
          throw new SyntaxError("forward-slash in opening tag not followed by >");
        }
        this.#state = TEXT;
        this.#elements.open(this.#tag);
        return this.#elements.closeInnermost();
      case ATTRIBUTE_NAME:
        if (isNameChar(c)) {
          this.#chars.push(c);
          return;
        }
        this.#attribute = this.#names.intern(this.#chars.take());
        return this.#beforeEquals(c);
      case ATTRIBUTE_EQUALS:
        return this.#beforeEquals(c);
      case ATTRIBUTE_QUOTE:
        if (isSpace(c)) return;
        if (!isQuote(c)) throw new SyntaxError("unquoted attribute value");
        this.#quote = c;
        this.#state = VALUE;
    }
  }

  #betweenAttributes(c: number, complaint: string): void {
    if (isSpace(c)) this.#state = TAG_SPACE;
    else if (c === SLASH) this.#state = TAG_SLASH;
    else if (c === GREATER) {
      this.#state = TEXT;
      this.#elements.open(this.#tag);
    } else throw new SyntaxError(complaint);
  }

  #beforeEquals(c: number): void {
    if (c === EQUALS) this.#state = ATTRIBUTE_QUOTE;
    else if (isSpace(c)) this.#state = ATTRIBUTE_EQUALS;
    else throw new SyntaxError("attribute without value");
  }

  #value(c: number): void {
    if (c === this.#quote) {
      this.#attributes.add(this.#attribute, this.#chars.take());
      this.#state = VALUE_END;
    } else if (c === LESS) throw new SyntaxError("disallowed character");
    else if (c === AMPERSAND) this.#refer(VALUE);
    else this.#chars.push(c === LF || c === TAB ? SPACE : c);
  }

  #refer(around: number): void {
    this.#around = around;
    this.#state = REFERENCE;
  }

  #inReference(c: number): void {
    if (c === SEMICOLON) {
      const code = resolveReference(this.#reference.take());
      if (this.#around === VALUE) this.#chars.push(code);
      this.#state = this.#around;
    } else if (c === HASH || isNameChar(c)) this.#reference.push(c);
    else throw new SyntaxError("disallowed character in entity name");
  }
}

function isQuote(c: number): boolean {
  return c === DOUBLE_QUOTE || c === SINGLE_QUOTE;
}
