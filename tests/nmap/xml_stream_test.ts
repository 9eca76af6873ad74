import assert from "node:assert/strict";
import { MAX_ATTRIBUTES } from "../../src/nmap/xml_attributes.ts";
import { MAX_DEPTH } from "../../src/nmap/xml_elements.ts";
import {
  MAX_RECORD_LENGTH,
  MAX_TAG_DISTANCE,
  NmapOutputError,
  XmlStream,
} from "../../src/nmap/xml_stream.ts";
import { bytes } from "./builders.ts";

/** Elements of a document in the order they open; with `record` the element that ends a record. */
function elementsOf(chunks: Iterable<string | Uint8Array>, record = ""): string[] {
  const seen: string[] = [];
  const path: string[] = [];
  const stream = new XmlStream({
    open: (name) => {
      path.push(name);
      seen.push(name);
    },
    close: () => path.pop() === record,
  });
  for (const chunk of chunks) stream.write(typeof chunk === "string" ? bytes(chunk) : chunk);
  stream.end();
  return seen;
}

const refuses = (chunks: Iterable<string | Uint8Array>, reason: RegExp) =>
  assert.throws(() => elementsOf(chunks), (error: unknown) => {
    assert.ok(error instanceof NmapOutputError);
    assert.match(error.message, /^Cannot read nmap's output at \d+:\d+: /);
    assert.match(error.message, reason);
    return true;
  });

Deno.test("XmlStream accepts nmap's DOCTYPE and refuses an internal subset", () => {
  assert.deepEqual(elementsOf(["<!DOCTYPE a><a><b/></a>"]), ["a", "b"]);
  refuses(['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'], /internal DTD subset/);
  refuses(["<!DOCTYPE a [\n]><a/>"], /internal DTD subset/);
});

Deno.test("XmlStream refuses what is malformed, and goes on refusing", () => {
  refuses([""], /root element/);
  refuses(["<a>"], /unclosed tag/);
  refuses(["<a/><b/>"], /one root/);
  refuses(["<a/>junk"], /text data outside/);
  refuses(["<a><b></a>"], /unexpected close tag|unmatched/i);
  refuses(['<a x="&#x1;"/>'], /malformed character entity/);
  refuses(['<a x="1" x="2"/>'], /duplicate attribute/);
  refuses(['<b><a x="1"/><a x="1"/><a x="1" x="2"/></b>'], /duplicate attribute/);
  refuses(["<a>&nbsp;</a>"], /undefined entity/);
  const stream = new XmlStream({ open: () => {}, close: () => false });
  assert.throws(() => stream.write(bytes("<a></b>")), NmapOutputError);
  assert.throws(() => stream.write(bytes("<a/>")), NmapOutputError);
  assert.throws(() => stream.end(), NmapOutputError);
});

Deno.test("XmlStream decodes UTF-8 split anywhere and refuses what is none", () => {
  const text = "<a>é漢\u{1f600}</a>";
  assert.deepEqual(elementsOf([...bytes(text)].map((byte) => Uint8Array.of(byte))), ["a"]);
  refuses([Uint8Array.of(0x3c, 0x61, 0xff)], /not UTF-8/);
  refuses(["<a/>", Uint8Array.of(0xc3)], /not UTF-8/);
});

Deno.test("XmlStream says where it stopped", () => {
  assert.throws(() => elementsOf(["<a>\n<b>\n</c>"]), { line: 3, column: 4 });
  assert.throws(() => elementsOf(["<a>\r\n<b/>\r\r\n</c>"]), { line: 4, column: 4 });
  assert.throws(() => elementsOf(["<a>\r", "\n<b/>\r", "\r", "\n</c>"]), { line: 4, column: 4 });
  assert.throws(() => elementsOf(["\ufeff<a b='\n\u{1f600}é'></c>"]), { line: 2, column: 8 });
});

Deno.test("XmlStream bounds depth and attributes", () => {
  const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
  assert.equal(elementsOf([nested(MAX_DEPTH)]).length, MAX_DEPTH);
  refuses([nested(MAX_DEPTH + 1)], /nested deeper than 32/);
  const wide = (count: number) =>
    `<a ${Array.from({ length: count }, (_, i) => `a${i}=""`).join(" ")}/>`;
  elementsOf([wide(MAX_ATTRIBUTES)]);
  refuses([wide(MAX_ATTRIBUTES + 1)], /more than 64 attributes/);
  elementsOf([`<a>${wide(MAX_ATTRIBUTES).repeat(3)}</a>`]);
  const known = Array.from({ length: 2 }, () => wide(MAX_ATTRIBUTES).replace("/>", ' b=""/>'));
  refuses([`<a>${wide(MAX_ATTRIBUTES)}<a b=""/>${known.join("")}</a>`], /more than 64 attributes/);
});

function* repeated(head: string, piece: string, length: number): Generator<string> {
  yield head;
  const block = piece.repeat(Math.ceil(65536 / piece.length));
  for (let sent = 0; sent <= length; sent += block.length) yield block;
}

Deno.test("XmlStream bounds what comes without a tag", () => {
  for (const head of ["", "<a>", '<a b="', "<a><!--", "<a><![CDATA[", "<a", "<a>&", "<!DOCTYPE "]) {
    refuses(repeated(head, head === "" ? " " : "x", MAX_TAG_DISTANCE), /characters without a tag/);
  }
  refuses([`<a>${" ".repeat(MAX_TAG_DISTANCE)}<b/></a>`], /characters without a tag/);
});

Deno.test("XmlStream bounds what comes without the end of a record", () => {
  const filler = `<b>${" ".repeat(65536)}</b>`;
  refuses(repeated("<a>", filler, MAX_RECORD_LENGTH), /characters without a whole host/);
});
