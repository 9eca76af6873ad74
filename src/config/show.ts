/** Most characters of a user's text that a message repeats. */
const SHOWN_LENGTH = 60;

// deno-lint-ignore no-control-regex -- finding control characters is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** `text` with control and invisible characters written as `\u001b`, so that it stays one line on a terminal. */
export function escapeControls(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `text` in double quotes, escaped, and cut after 60 characters, fit for a message. */
export function show(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return escapeControls(JSON.stringify(cut.toWellFormed()));
}
