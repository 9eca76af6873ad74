/** Characters beyond ASCII that stand as they are: letters, with their marks, and numbers. */
const READABLE = /[\p{L}\p{M}\p{N}]/u;

/** `text` as a PromQL string in double quotes, whatever is in it; on one line and of printable characters. */
export function promString(text: string): string {
  let quoted = "";
  for (const char of text.toWellFormed()) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === "\\") quoted += `\\${char}`;
    else if ((code >= 0x20 && code < 0x7f) || (code > 0xff && READABLE.test(char))) quoted += char;
    else if (code > 0xffff) quoted += `\\U${hex(code, 8)}`;
    else quoted += `\\u${hex(code, 4)}`;
  }
  return `"${quoted}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** An RE2 expression that matches `text` and nothing else. */
export function literalPattern(text: string): string {
  // A class needs no backslash, which PromQL would want doubled.
  return text.replace(
    /[.+*?()|[{}$]|([\]\\^])/g,
    (char, noClass) => noClass ? `\\${char}` : `[${char}]`,
  );
}

const UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;

/** Whole seconds as a PromQL duration, `90s` or `15m`. */
export function promDuration(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0)!;
  return seconds === 0 ? "0s" : `${seconds / size}${unit}`;
}
