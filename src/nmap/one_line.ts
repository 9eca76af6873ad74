/** Most characters of a message. */
export const MAX_MESSAGE = 300;

/** `text` as one line for logs and pages: control characters and line ends escaped, at most 300 characters. */
export function oneLine(text: string): string {
  const escaped = text.slice(0, MAX_MESSAGE).replace(
    // Line and paragraph separators end lines for some viewers; direction marks reorder what is read.
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  ).toWellFormed();
  const cut = text.length > MAX_MESSAGE || escaped.length > MAX_MESSAGE;
  return cut ? `${escaped.slice(0, MAX_MESSAGE - 1).toWellFormed()}…` : escaped;
}
