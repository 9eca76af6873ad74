import assert from "node:assert/strict";

/** An element as it was written. */
export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const VOID = new Set(["meta", "link", "input", "br"]);
const TAG = /<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*) ?(\/?)>/giy;
const ATTRIBUTE = / ([a-z-]+)(?:="([^"]*)")?/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/**
 * Reads what pages write: every attribute quoted, every element closed in its order, no other `<`.
 *
 * @throws for anything else, which is what text that got in unescaped would be.
 */
export function parseMarkup(html: string): Element {
  const root = { tag: "", attributes: {}, children: [] as (Element | string)[] };
  const open = [root];
  let at = html.startsWith("<!DOCTYPE html>") ? "<!DOCTYPE html>".length : 0;
  while (at < html.length) {
    const text = /[^<]*/y;
    text.lastIndex = at;
    const [run] = text.exec(html)!;
    assert.doesNotMatch(run, />/, `unescaped in ${run}`);
    if (run !== "") open.at(-1)!.children.push(decode(run));
    at += run.length;
    if (at === html.length) break;
    TAG.lastIndex = at;
    const found = TAG.exec(html);
    assert(found, `no tag at ${html.slice(at, at + 80)}`);
    at = TAG.lastIndex;
    const [, closing, tag = "", attributes = "", selfClosing] = found;
    if (closing === "/") {
      assert.equal(open.pop()!.tag, tag, `at ${html.slice(at - 80, at)}`);
      continue;
    }
    const element = { tag, attributes: read(attributes), children: [] };
    open.at(-1)!.children.push(element);
    if (!VOID.has(tag) && selfClosing !== "/") open.push(element);
  }
  assert.equal(open.length, 1, `${open.at(-1)!.tag} is not closed`);
  return root;
}

/** All elements below `element`, itself included, for which `test` holds. */
export function findAll(element: Element, test: (element: Element) => boolean): Element[] {
  const below = element.children.flatMap((child) =>
    typeof child === "string" ? [] : findAll(child, test)
  );
  return test(element) ? [element, ...below] : below;
}

/** The one element with this id. */
export function byId(element: Element, id: string): Element {
  const found = findAll(element, ({ attributes }) => attributes["id"] === id);
  assert.equal(found.length, 1, `#${id}`);
  return found[0]!;
}

/** The elements with this tag. */
export function byTag(element: Element, tag: string): Element[] {
  return findAll(element, (found) => found.tag === tag);
}

/** All text in an element, runs of blanks as one, elements apart. */
export function textOf(element: Element | string): string {
  const text = typeof element === "string" ? element : element.children.map(textOf).join(" ");
  return text.replace(/\s+/g, " ").trim();
}

/** The rows of the tables in an element, as the texts of their cells. */
export function rowsOf(element: Element): string[][] {
  return byTag(element, "tr").map(({ children }) =>
    children.map(textOf).filter((text) => text !== "")
  );
}

/** Where the links of an element lead, by their text. */
export function linksOf(element: Element): Record<string, string> {
  return Object.fromEntries(
    byTag(element, "a").map((link) => [textOf(link), link.attributes["href"] ?? ""]),
  );
}

function read(attributes: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(attributes.matchAll(ATTRIBUTE), ([, name, value = ""]) => [name, decode(value)]),
  );
}

function decode(text: string): string {
  return text.replace(
    /&(?:#(\d+)|([a-z]+));/g,
    (_, code, name) => code === undefined ? ENTITIES[name]! : String.fromCodePoint(Number(code)),
  );
}
