import { escapeControls } from "../text/escape_controls.ts";

/** Most characters of a user's text that a message repeats. */
const SHOWN_LENGTH = 60;

/** `text` in double quotes, escaped, and cut after 60 characters, fit for a message. */
export function show(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return escapeControls(JSON.stringify(cut.toWellFormed()));
}
