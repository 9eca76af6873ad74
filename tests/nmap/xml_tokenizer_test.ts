import assert from "node:assert/strict";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { XmlStream } from "../../src/nmap/xml_stream.ts";
import { bytes } from "./builders.ts";

/** An element that opened, with its attributes, or the end of one. */
type Event = readonly [open: string, attributes: Readonly<Record<string, string>>] | "close";

interface Reading {
  readonly events: readonly Event[];
  /** Why the document was refused. */
  readonly refused: string | undefined;
}

class Refused extends Error {}

/** What saxes says, an independent strict parser; undefined where the bytes are not UTF-8. */
function readWithSaxes(document: Uint8Array): Reading | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(document);
  } catch {
    return undefined;
  }
  const events: Event[] = [];
  const parser = new SaxesParser();
  parser.on("error", ({ message }) => {
    // It reports the end of an element before it finds that the tag's name is another.
    if (message.includes("unexpected close tag")) events.pop();
    throw new Refused(message);
  });
  parser.on("doctype", (inside) => {
    if (inside.includes("[")) throw new Refused("it has an internal DTD subset");
  });
  parser.on("opentag", ({ name, attributes }) => events.push([name, { ...attributes }]));
  parser.on("closetag", () => events.push("close"));
  try {
    parser.write(text).close();
    return { events, refused: undefined };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { events, refused: error.message };
  }
}

/** Some of the names that occur, for known ones are read another way from the first. */
const KNOWN = ["root", "a", "host", "x:y", "state", "reason", "nmaprun"];

/** What this program's reader says of the bytes cut at `cuts`, looking for the attributes that `expected` has. */
function readHere(
  document: Uint8Array,
  { expected = [], cuts = [] }: { expected?: readonly Event[]; cuts?: readonly number[] } = {},
): Reading {
  const events: Event[] = [];
  const stream = new XmlStream({
    open: (name, attributes) => {
      const like = expected[events.length];
      const names = Array.isArray(like) ? Object.keys(like[1]) : [];
      const found: [string, string][] = [];
      for (const attribute of names) {
        const value = attributes.get(attribute);
        if (value !== undefined) found.push([attribute, value]);
      }
      assert.ok(attributes.size >= found.length);
      if (attributes.size > found.length) found.push(["(others)", `${attributes.size}`]);
      events.push([name, Object.fromEntries(found)]);
    },
    close: () => {
      events.push("close");
      return false;
    },
  }, { names: KNOWN });
  try {
    let at = 0;
    for (const cut of [...cuts, document.length]) {
      stream.write(document.subarray(at, cut));
      at = cut;
    }
    stream.end();
    return { events, refused: undefined };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { events, refused: error.message };
  }
}

/**
 * Where saxes lets pass what XML 1.0 does not, or what is no XML 1.0 in UTF-8: it does not look into a
 * DOCTYPE, lets a processing instruction go on behind `?` without a space before it, follows declared
 * versions such as 1.1, ignores declared encodings, and skips a second byte order mark.
 */
const STRICTER = [
  /: malformed DOCTYPE$/,
  /: it has an internal DTD subset$/,
  /: disallowed character in processing instruction$/,
  /: malformed XML declaration, or one of something but XML 1.0 in UTF-8$/,
];
const SECOND_MARK = /^\ufeff\ufeff/;

function compare(document: Uint8Array): void {
  const theirs = readWithSaxes(document);
  const shown = () =>
    JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(document));
  const ours = readHere(document, { expected: theirs?.events ?? [] });
  if (theirs === undefined) {
    assert.ok(ours.refused !== undefined, shown());
    return;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(document);
  if (STRICTER.some((reason) => reason.test(ours.refused ?? "")) || SECOND_MARK.test(text)) {
    assert.deepEqual(ours.events, theirs.events.slice(0, ours.events.length), shown());
    return;
  }
  assert.equal(
    ours.refused === undefined,
    theirs.refused === undefined,
    `${ours.refused} / ${theirs.refused}: ${shown()}`,
  );
  assert.deepEqual(ours.events, theirs.events, shown());
}

const FOLDER = new URL("../testdata/nmap/", import.meta.url);
const corpus: Uint8Array[] = [];
for (const { name } of Deno.readDirSync(FOLDER)) {
  if (!name.endsWith(".xml")) continue;
  const document = Deno.readFileSync(new URL(name, FOLDER));
  if (document.length < 6000) corpus.push(document);
}

const PIECES: readonly Uint8Array[] = [
  ..."<>&;#\"'/=?!-[]:.x1 \t\r\n\0\x01\x7f\x85",
  ...["&amp;", "&lt;", "&quot;", "&apos;", "&gt;", "&#10;", "&#x1F600;", "&#0;", "&#xd800;", "&#;"],
  ...[
    "&#x;",
    "&#X41;",
    "&nbsp;",
    "&",
    "]]>",
    "]]",
    "<![CDATA[",
    "<!--",
    "-->",
    "--",
    "<!",
    "<?",
    "?>",
  ],
  ...[
    "<?xml version='1.0'?>",
    '<?xml version="1.1"?>',
    "<?xml?>",
    "<?XML a?>",
    "<?a b?>",
    "<?a?b?>",
  ],
  ...["<!DOCTYPE a>", "<!DOCTYPE>", "<!DOCTYPE a [", "<a>", "</a>", "<a/>", "</>", "</ a>", "< a>"],
  ...[' a="1"', " a='&#9;\t'", ' a="1"a="2"', ' state="x"', " a", "\r\n", "é", "漢", "\u{1f600}"],
  ...["\ufeff", "\ufffe", "\uffff", "\u2028", "\u00b7", "<é/>", "<a\u00b7/>", "<\u00d7/>"],
].map(bytes).concat(
  ...[[0xff], [0xc3], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
    .map((raw) => Uint8Array.from(raw)),
);

/** One change to a document: of `length` bytes at a fraction `at` of it. */
interface Edit {
  readonly kind: "insert" | "replace" | "delete" | "repeat" | "truncate" | "flip";
  readonly at: number;
  readonly length: number;
  readonly piece: Uint8Array;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("insert", "insert", "replace", "delete", "repeat", "truncate", "flip"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  piece: fc.constantFrom(...PIECES),
});

function apply(document: Uint8Array, { kind, at, length, piece }: Edit): Uint8Array {
  const from = Math.floor(at * document.length);
  const before = document.subarray(0, from);
  const slice = document.subarray(from, from + length);
  const after = document.subarray(from + length);
  switch (kind) {
    case "insert":
      return join(before, piece, slice, after);
    case "replace":
      return join(before, piece, document.subarray(from + piece.length));
    case "delete":
      return join(before, after);
    case "repeat":
      return join(before, slice, slice, after);
    case "truncate":
      return before;
    case "flip":
      return join(
        before,
        slice.subarray(0, 1).map((byte) => byte ^ (1 << length % 8)),
        slice.subarray(1),
        after,
      );
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const name = fc.constantFrom("a", "b", "host", "port", "x:y", "é", "_1", "a-b.c", "__proto__");
const space = fc.constantFrom(" ", "\n", "\t", "\r\n", "  ", "\r");
const chars = fc.array(
  fc.constantFrom(..."ab1 \t\n;>]-?'", "\r", "&amp;", "&#65;", "&#x10FFFF;", "é", "\u{1f600}"),
  { maxLength: 6 },
).map((parts) => parts.join(""));
const attribute = fc.tuple(name, space, fc.constantFrom("=", " = "), chars, fc.boolean()).map(
  ([key, gap, equals, value, single]) =>
    gap + key + equals + (single ? `'${value.replaceAll("'", "")}'` : `"${value}"`),
);
const misc = fc.oneof(
  space,
  fc.constantFrom("<!---->", "<!-- - a é\r -->", "<?a?>", "<?a b ??>", "<?x-m.l ?>"),
);
const { content } = fc.letrec<{ content: string; element: string }>((tie) => ({
  content: fc.array(
    fc.oneof(
      { maxDepth: 4 },
      { weight: 3, arbitrary: chars },
      { weight: 1, arbitrary: misc },
      { weight: 1, arbitrary: fc.constantFrom("<![CDATA[]]>", "<![CDATA[<&]] >]]]>", "]]&gt;") },
      { weight: 4, arbitrary: tie("element") },
    ),
    { maxLength: 5 },
  ).map((parts) => parts.join("")),
  element: fc.tuple(
    name,
    fc.uniqueArray(attribute, { maxLength: 4, selector: (text) => text.trim().split(/[ =]/)[0]! }),
    fc.constantFrom("", " ", "\r\n"),
    fc.option(tie("content")),
  ).map(([tag, attributes, gap, inside]) =>
    `<${tag}${attributes.join("")}${gap}` + (inside === null ? "/>" : `>${inside}</${tag}${gap}>`)
  ),
}));
const generated = fc.tuple(
  fc.constantFrom(
    "",
    '<?xml version="1.0"?>',
    "<?xml version='1.0' encoding='utf-8' standalone='no' ?>",
    "\ufeff",
  ),
  misc,
  fc.constantFrom("", "<!DOCTYPE a>", "<!DOCTYPE a SYSTEM 'x'>", '<!DOCTYPE é PUBLIC "-//x" ">">'),
  content,
  misc,
).map(([declaration, before, doctype, inside, after]) =>
  bytes(`${declaration}${before}${doctype}<root>${inside}</root>${after}`)
);

const runs = { numRuns: 3000 };

Deno.test("XmlStream accepts recorded documents and tells of them what saxes does", () => {
  for (const document of corpus) compare(document);
});

Deno.test("XmlStream accepts generated documents and tells of them what saxes does", () => {
  let accepted = 0;
  fc.assert(
    fc.property(generated, (document) => {
      compare(document);
      if (readHere(document).refused === undefined) accepted++;
    }),
    runs,
  );
  assert.ok(accepted > runs.numRuns / 2, `${accepted}`);
});

Deno.test("XmlStream refuses what saxes refuses of damaged documents, having told the same", () => {
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  const documents = fc.oneof(fc.constantFrom(...corpus), generated);
  fc.assert(
    fc.property(documents, edits, (document, changes) => compare(changes.reduce(apply, document))),
    runs,
  );
});

Deno.test("XmlStream takes in any place what saxes takes there", () => {
  // Twice the same tags, for those read before are read another way.
  const tags = '<a state="x" b="y"> <host/></a>';
  const places = [
    "|<a/>",
    '<?xml version="1.0"?>|<a/>',
    '<?xml version="1.0" | ?><a/>',
    "<?x|?><a/>",
    "<?x |?><a/>",
    "<?|?><a/>",
    "<!--|--><a/>",
    "<!DOCTYPE a SYSTEM '|'><a/>",
    "<a/>|",
    "<|/>",
    "<a|/>",
    "<a |/>",
    '<a b|="1"/>',
    '<a b=|"1"/>',
    '<a b="1"|/>',
    '<a b="|"/>',
    "<a b='|'/>",
    "<a>|</a>",
    "<a>x|</a>",
    "<a></|a>",
    "<a></a|>",
    "<a>&|;</a>",
    "<a>&#|;</a>",
    "<a><![CDATA[|]]></a>",
    "<a>]]|></a>",
    "<a>]|]></a>",
    ...["<|/>", "<a|/>", "<a |/>", '<a b|="1"/>', '<a b="1"|/>', '<a b="|"/>', "<a></a|>", "|<a/>"]
      .map((place) => `<root>${tags}${tags}${place}</root>`),
  ];
  const names = [
    "-a",
    "1a",
    ".a",
    ":a",
    "\u00b7a",
    "\u0300a",
    "\u200ca",
    "\u{f0000}a",
    "\u{effff}a",
  ];
  for (const place of places) {
    const [before = "", after = ""] = place.split("|");
    for (
      const piece of [
        ...PIECES,
        ...names.map(bytes),
        ...names.map((text) => bytes(`${text}="1"`)),
      ]
    ) {
      compare(join(bytes(before), piece, bytes(after)));
    }
  }
});

Deno.test("XmlStream judges tags that are nearly plain as saxes does", () => {
  const part = fc.constantFrom(
    ...[
      ' a="1"',
      ' host="tcp"',
      ' state="x>y"',
      "  a='2'",
      ' a ="3"',
      ' a="\t"',
      ' a="&lt;"',
      ' a="<"',
    ],
    ...[
      ' ab="1"',
      ' a="1',
      ' b"',
      ' a=""',
      "/",
      " ",
      "\n",
      ' a="é"',
      "a",
      ' a="\x7f"',
      ' a="\x1f"',
      ">",
    ],
  );
  const plain = fc.constantFrom(' a="1"', ' host="tcp"', ' state="x>y"', ' ab="1"');
  const parts = fc.array(
    fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: part }),
    {
      maxLength: 4,
    },
  );
  const tag = fc.tuple(
    fc.constantFrom("<a", "<ab", "<host", "</a", "</ab", "</host", "<", "</"),
    parts,
    fc.constantFrom("/>", ">", "/>", ">", "/ >", "", " />", "\n>", "/>]]", ">]]>", ">&amp;"),
  ).map(([open, inside, close]) => open + (open[1] === "/" ? "" : inside.join("")) + close);
  const start = '<root><a a="1" host="" state=""/><ab ab=""/><host a="1"></host>';
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 6 }), fc.boolean(), (tags, closed) => {
      compare(bytes(start + tags.join("") + (closed ? "</root>" : "")));
    }),
    { numRuns: 2 * runs.numRuns },
  );
});

Deno.test("XmlStream says the same at the same place however a document is split", () => {
  const documents = fc.tuple(
    fc.oneof(fc.constantFrom(...corpus), generated),
    fc.array(edit, { maxLength: 2 }),
  )
    .map(([document, changes]) => changes.reduce(apply, document));
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
  fc.assert(
    fc.property(documents, cuts, (document, fractions) => {
      const at = fractions.map((part) => Math.floor(part * document.length)).sort((a, b) => a - b);
      assert.deepEqual(readHere(document, { cuts: at }), readHere(document));
    }),
    runs,
  );
  fc.assert(
    fc.property(documents, (document) => {
      assert.deepEqual(readHere(document, { cuts: [...document.keys()] }), readHere(document));
    }),
    { numRuns: 300 },
  );
});

Deno.test("XmlStream is stricter than saxes where XML 1.0 is", () => {
  for (
    const text of [
      "<!DOCTYPE><a/>",
      "<!DOCTYPEa><a/>",
      "<!DOCTYPE a b><a/>",
      "<!DOCTYPE a PUBLIC 'x'><a/>",
      "<!DOCTYPE a SYSTEM '['><a/>",
      "<?a?b?><a/>",
      "<?a??><a/>",
      '<?xml version="1.1"?><a/>',
      '<?xml version="1.0" encoding="latin1"?><a/>',
      "\ufeff\ufeff<a/>",
    ]
  ) assert.ok(readHere(bytes(text)).refused !== undefined, text);
});
