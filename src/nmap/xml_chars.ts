/** Code points that XML's grammar names. */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const BANG = 0x21;
export const DOUBLE_QUOTE = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const SINGLE_QUOTE = 0x27;
export const DASH = 0x2d;
export const SLASH = 0x2f;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const BYTE_ORDER_MARK = 0xfeff;

/** Whether a code point is white space, once line ends are line feeds (XML 1.0, production 3). */
export function isSpace(c: number): boolean {
  return c === SPACE || c === LF || c === TAB;
}

/** Whether a code point that is no surrogate may occur in a document at all (production 2). */
export function isChar(c: number): boolean {
  if (c < SPACE) return c === TAB || c === LF || c === CR;
  return c <= 0x10ffff && c !== 0xfffe && c !== 0xffff && (c < 0xd800 || c > 0xdfff);
}

const NAME_START =
  /^[:A-Z_a-z\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{2FF}\u{370}-\u{37D}\u{37F}-\u{1FFF}\u{200C}\u{200D}\u{2070}-\u{218F}\u{2C00}-\u{2FEF}\u{3001}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFFD}\u{10000}-\u{EFFFF}]/u;
const NAME_REST = /^[-.0-9\u{B7}\u{300}-\u{36F}\u{203F}-\u{2040}]/u;

/** 1 for what may begin a name, 2 for what may only go on with it, 0 for anything else; for ASCII. */
const ASCII_NAME = Uint8Array.from({ length: 128 }, (_, c) => {
  const char = String.fromCharCode(c);
  return NAME_START.test(char) ? 1 : NAME_REST.test(char) ? 2 : 0;
});

/** Whether a code point may begin a name (production 4 of the fifth edition). */
export function isNameStart(c: number): boolean {
  return c < 128 ? ASCII_NAME[c] === 1 : NAME_START.test(String.fromCodePoint(c));
}

/** Whether a code point may stand in a name (production 4a). */
export function isNameChar(c: number): boolean {
  if (c < 128) return ASCII_NAME[c] !== 0;
  const char = String.fromCodePoint(c);
  return NAME_START.test(char) || NAME_REST.test(char);
}

/** Whether a text is a name (production 5). */
export function isName(text: string): boolean {
  const chars = Array.from(text, (char) => char.codePointAt(0)!);
  return chars.length > 0 && isNameStart(chars[0]!) && chars.every(isNameChar);
}

function byteTable(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(holds(byte)));
}

/** By byte, 1 for ASCII that may stand in a name. */
export const NAME_BYTES = byteTable((byte) => byte < 128 && isNameChar(byte));
/** By byte, 1 for ASCII that stands for itself in a double-quoted value. */
export const VALUE_BYTES = byteTable((byte) =>
  byte >= SPACE && byte < 128 && byte !== DOUBLE_QUOTE && byte !== LESS && byte !== AMPERSAND
);
/** By byte, 1 for ASCII that stands for itself in text, whatever is around it. */
export const TEXT_BYTES = byteTable((byte) =>
  (byte === TAB || byte === LF || (byte >= SPACE && byte < 128)) && byte !== LESS &&
  byte !== AMPERSAND && byte !== CLOSE_BRACKET
);
