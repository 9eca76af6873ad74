import { Exposition } from "../../src/prometheus/exposition.ts";
import { type Encoding, Page } from "../../src/prometheus/page.ts";
import type { Registry } from "../../src/prometheus/registry.ts";
import type { Format } from "../../src/prometheus/text_format.ts";

/** Everything that is left of a scrape. */
export function bytesOf(exposition: Exposition): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let part = exposition.next(); part !== undefined; part = exposition.next()) parts.push(part);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

/** The whole page as text. */
export function pageText(registry: Registry, format: Format = "text"): string {
  return new TextDecoder().decode(bytesOf(registry.open(format)));
}

/** A scrape that says `text`. */
export function expositionOf(text: string, encoding: Encoding): Exposition {
  return new Exposition([new Page(() => text)], {
    encoding,
    backlog: { kept: () => {} },
    onClose: () => {},
  });
}
