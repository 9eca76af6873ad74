import { escapeControls } from "../text/escape_controls.ts";

/** A value as it stands in a YAML file. */
export type YamlText = string | number | boolean;

/** A line for each key, behind `indent` blanks. */
export function entries(keys: Readonly<Record<string, YamlText>>, indent = 2): string[] {
  const blanks = " ".repeat(indent);
  return Object.entries(keys).map(([key, value]) => `${blanks}${key}: ${value}`);
}

/** Text that YAML reads as the same text, whatever is in it. */
export function quote(text: string): string {
  return escapeControls(JSON.stringify(text))
    .replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}

/** A list of texts on one line. */
export function flowList(texts: readonly string[]): string {
  return `[${texts.map(quote).join(", ")}]`;
}
