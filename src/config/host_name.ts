/** One label of a name: RFC 1123, and the underscore that service and container names have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Most characters of a name (RFC 1035, section 2.3.4), without the dot at its end. */
const MAX_NAME = 253;

/**
 * Whether `text` can only be meant as an IPv4 address: nothing but digits and signs in its last
 * label, or a hexadecimal number, which resolvers take for an address (`10.0.0`, `0x7f.1`).
 */
export function looksLikeAddress(text: string): boolean {
  const last = withoutDot(text).split(".").at(-1) ?? "";
  return !/[a-z_]/i.test(last) || /^0x[0-9a-f]*$/i.test(last);
}

/**
 * A host name in lower case, with the dot at its end if one was written.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
export function parseHostName(text: string): string {
  const name = withoutDot(text);
  const valid = name.length <= MAX_NAME && name.split(".").every((label) => LABEL.test(label)) &&
    !looksLikeAddress(name);
  if (!valid) {
    throw new SyntaxError(
      "Cannot read a host name here: write labels of letters, digits, hyphens and underscores " +
        `with dots between them, ${MAX_NAME} characters at most, others as xn--`,
    );
  }
  return text.toLowerCase();
}

function withoutDot(text: string): string {
  return text.endsWith(".") ? text.slice(0, -1) : text;
}
