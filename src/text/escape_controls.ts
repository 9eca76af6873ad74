/** Cc is DEL and all of C0 and C1 (Unicode general categories). */
const UNPRINTABLE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/**
 * `text` with what a terminal or log viewer may obey written as `\u001b`: control characters, line
 * separators, direction marks and what is invisible. JSON stays the same JSON.
 */
export function escapeControls(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
