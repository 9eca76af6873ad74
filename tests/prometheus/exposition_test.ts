import assert from "node:assert/strict";
import { PagedFamily, type PageSource } from "../../src/prometheus/paged_family.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { bytesOf, pageText } from "../support/page_text.ts";

/** A block whose one sample line is `size` bytes long, and which counts how often it is rendered. */
class Source implements PageSource<string> {
  readonly items = [""];
  rendered = 0;
  #watchers: (() => void)[] = [];

  constructor(readonly size: number) {
    this.change("a");
  }

  beforeNextChange(capture: () => void): void {
    this.#watchers.push(capture);
  }

  change(letter: string): void {
    for (const capture of this.#watchers.splice(0)) capture();
    this.items[0] = `m ${letter.repeat(this.size - 3)}\n`;
  }
}

function makeFamily(sources: readonly Source[], options: { maxBacklog?: number } = {}) {
  let now = 0;
  const registry = new Registry({ ...options, now: () => now });
  registry.register(
    new PagedFamily<string>({
      name: "m",
      help: "M.",
      type: "gauge",
      sources: () => sources,
      hasSamples: (line) => line !== "",
      lines: ([line]) => {
        sources.find(({ items }) => items[0] === line)!.rendered++;
        return line!;
      },
    }),
  );
  return { registry, wait: (ms: number) => void (now += ms) };
}

const sized = (...sizes: number[]) => sizes.map((size) => new Source(size));
const rendered = (sources: readonly Source[]) => sources.map((source) => source.rendered);

Deno.test("PagedFamily renders a page once for any number of scrapes, and again when it changed", () => {
  const sources = sized(10, 20, 30);
  const { registry } = makeFamily(sources);
  const open = Array.from({ length: 50 }, () => registry.open("text"));
  for (const exposition of open) assert.equal(bytesOf(exposition).length, 10 + 20 + 30 + 27);
  pageText(registry, "openmetrics");
  assert.deepEqual(rendered(sources), [1, 1, 1]);
  sources[1]!.change("b");
  assert.match(pageText(registry), /m bbb/);
  assert.deepEqual(rendered(sources), [1, 2, 1]);
});

Deno.test("Exposition.next() hands a large page out in pieces, all of them of one moment", () => {
  const decoder = new TextDecoder();
  const sources = sized(10, 1_000_000, 20);
  const { registry } = makeFamily(sources);
  for (const encoding of ["identity", "gzip"] as const) {
    for (const source of sources) source.change("a");
    const whole = bytesOf(registry.open("text", encoding));
    const exposition = registry.open("text", encoding);
    const pieces: Uint8Array[] = [];
    for (let piece = exposition.next(); piece !== undefined; piece = exposition.next()) {
      pieces.push(piece.slice());
      for (const source of sources) source.change("b");
    }
    assert.ok(Math.max(...pieces.map(({ length }) => length)) <= 160 * 1024);
    assert.deepEqual(Uint8Array.from(pieces.flatMap((piece) => [...piece])), whole, encoding);
  }
  // Closed in the middle of a page, it gives nothing more.
  const exposition = registry.open("text");
  assert.match(decoder.decode(exposition.next()), /m bbb/);
  exposition.close();
  assert.equal(exposition.next(), undefined);
});

Deno.test("PagedFamily renders nothing for scrapes that are not read, whatever changes", () => {
  const sources = sized(10, 20);
  const { registry } = makeFamily(sources);
  registry.open("text").close();
  for (const letter of "bcd") for (const source of sources) source.change(letter);
  assert.deepEqual(rendered(sources), [0, 0]);
});

Deno.test("a scrape shows the moment at which it began, though its pages change before they are read", () => {
  const sources = sized(10, 20);
  const { registry } = makeFamily(sources);
  const [plain, gzip] = [registry.open("text"), registry.open("text", "gzip")];
  for (const letter of "bcd") for (const source of sources) source.change(letter);
  const before = "# HELP m M.\n# TYPE m gauge\nm aaaaaaa\nm aaaaaaaaaaaaaaaaa\n";
  assert.equal(new TextDecoder().decode(bytesOf(plain)), before);
  const text = new Response(bytesOf(gzip)).body!.pipeThrough(new DecompressionStream("gzip"));
  return new Response(text).text().then((unzipped) => assert.equal(unzipped, before));
});

Deno.test("a family without samples leaves no trace, blocks or not", () => {
  const source = new Source(10);
  const { registry } = makeFamily([source]);
  source.items[0] = "";
  assert.equal(pageText(registry), "");
});

Deno.test("Registry cuts off the oldest scrapes when what they keep alone is above the limit", () => {
  const sources = sized(100, 100, 100);
  const { registry } = makeFamily(sources, { maxBacklog: 250 });
  const cut: string[] = [];
  const begin = (name: string) => {
    const exposition = registry.open("text");
    exposition.onCut(() => cut.push(name));
    return exposition;
  };
  begin("first");
  for (const source of sources) source.change("b");
  assert.deepEqual(cut, []);
  const second = begin("second");
  sources[0]!.change("c");
  assert.deepEqual(cut, ["first"]);
  const third = begin("third");
  sources[1]!.change("c");
  assert.deepEqual(cut, ["first"]);
  for (const exposition of [second, third]) {
    assert.match(new TextDecoder().decode(bytesOf(exposition)), /m b/);
  }
  // nothing is accounted for that is not kept any more
  for (let round = 0; round < 10; round++) {
    const exposition = begin(`round ${round}`);
    for (const source of sources) source.change("de"[round % 2]!);
    bytesOf(exposition);
  }
  assert.deepEqual(cut, ["first"]);
});

Deno.test("pages of an encoding that nobody asks for are given back after ten minutes", () => {
  const sources = sized(10);
  const { registry, wait } = makeFamily(sources);
  pageText(registry);
  wait(9 * 60_000);
  bytesOf(registry.open("text", "gzip"));
  pageText(registry);
  assert.deepEqual(rendered(sources), [1]);
  wait(11 * 60_000);
  bytesOf(registry.open("text", "gzip"));
  pageText(registry);
  assert.deepEqual(rendered(sources), [2]);
});
