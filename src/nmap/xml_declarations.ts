import { isChar, isName } from "./xml_chars.ts";

const DECLARATION = new RegExp(
  [
    `^[ \\t\\n]+version[ \\t\\n]*=[ \\t\\n]*(["'])1\\.0\\1`,
    `(?:[ \\t\\n]+encoding[ \\t\\n]*=[ \\t\\n]*(["'])(?:[Uu][Tt][Ff]-8|[Uu][Ss]-[Aa][Ss][Cc][Ii][Ii])\\2)?`,
    `(?:[ \\t\\n]+standalone[ \\t\\n]*=[ \\t\\n]*(["'])(?:yes|no)\\3)?[ \\t\\n]*$`,
  ].join(""),
);

/**
 * Checks what an XML declaration says between `<?xml` and `?>`.
 *
 * @throws {SyntaxError} when that is no declaration of XML 1.0 in UTF-8.
 */
export function checkDeclaration(text: string): void {
  if (!DECLARATION.test(text)) {
    throw new SyntaxError("malformed XML declaration, or one of something but XML 1.0 in UTF-8");
  }
}

const PUBLIC_ID = `(?:"[- \\n\\w'()+,./:=?;!*#@$%]*"|'[- \\n\\w()+,./:=?;!*#@$%]*')`;
const SYSTEM_ID = `(?:"[^"]*"|'[^']*')`;
const DOCTYPE = new RegExp(
  `^[ \\t\\n]+([^ \\t\\n]+)` +
    `(?:[ \\t\\n]+(?:SYSTEM|PUBLIC[ \\t\\n]+${PUBLIC_ID})[ \\t\\n]+${SYSTEM_ID})?[ \\t\\n]*$`,
);

/**
 * Checks what stands between `<!DOCTYPE` and `>`: the name of the root, where its DTD is, and no more.
 *
 * @throws {SyntaxError} when it is something else.
 */
export function checkDoctype(text: string): void {
  if (!isName(DOCTYPE.exec(text)?.[1] ?? "")) throw new SyntaxError("malformed DOCTYPE");
}

const ENTITIES: ReadonlyMap<string, number> = new Map(
  Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })
    .map(([name, char]) => [name, char.charCodeAt(0)]),
);

/**
 * The code point that the text between `&` and `;` stands for.
 *
 * @throws {SyntaxError} when it is none of XML's five entities and no legal character by its number.
 */
export function resolveReference(text: string): number {
  const entity = ENTITIES.get(text);
  if (entity !== undefined) return entity;
  if (text === "") throw new SyntaxError("empty entity name");
  if (!text.startsWith("#")) {
    throw new SyntaxError(
      isName(text) ? "undefined entity" : "disallowed character in entity name",
    );
  }
  const match = /^#(?:x([0-9A-Fa-f]+)|([0-9]+))$/.exec(text);
  const code = match?.[1] === undefined ? Number(match?.[2]) : parseInt(match[1], 16);
  // Not a number, or beyond all characters: no comparison holds.
  if (!isChar(code)) throw new SyntaxError("malformed character entity");
  return code;
}
