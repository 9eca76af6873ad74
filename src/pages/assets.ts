import { createHash } from "node:crypto";

/** A file that pages refer to. */
export interface Asset {
  readonly text: string;
  readonly contentType: string;
  /** Another one after every change of the text. */
  readonly hash: string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  "page.css": "text/css; charset=utf-8",
  "live.js": "text/javascript; charset=utf-8",
  "ago.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/**
 * Reads the files that pages refer to, by their names.
 *
 * @throws when one cannot be read, which is a program that was put together wrongly.
 */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(CONTENT_TYPES).map(([name, contentType]) => {
      const text = Deno.readTextFileSync(new URL(`./assets/${name}`, import.meta.url));
      return [name, { text, contentType, hash: hashOf(text) }];
    }),
  );
}

/** A short text that stands for `text`: 16 hexadecimal digits. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
