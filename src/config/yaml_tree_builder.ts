import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, Scalar } from "yaml";
import type { AddressItem, AddressRun } from "./address_runs.ts";
import type { ConfigIssue } from "./config_error.ts";
import { joinPath } from "./key_path.ts";
import { type YamlEntry, YamlScalar, type YamlValue } from "./yaml_value.ts";

/** Line and column, both from 1, of an offset of the text. */
export type Locate = (offset: number) => Pick<ConfigIssue, "line" | "column">;

/** Where in the file a node is: its path for messages, and the offset of its key. */
interface Place {
  readonly path: string;
  readonly keyOffset: number;
}

/**
 * Turns YAML nodes into entries. An aliased node is built once and shared, so that aliases of
 * aliases ("billion laughs") cost no more than their text.
 */
export class TreeBuilder {
  /** What YAML allows and this program, or the rest of the file, does not. */
  readonly problems: ConfigIssue[] = [];
  readonly #locate: Locate;
  /** Entries by anchor; undefined while the anchored node itself is being built. */
  readonly #anchored = new Map<string, YamlEntry | undefined>();
  /** Runs that were cut out of the text and have not been put back, by the offset of their first item. */
  readonly #runs: Map<number, AddressRun>;

  constructor(locate: Locate, runs: readonly AddressRun[] = []) {
    this.#locate = locate;
    this.#runs = new Map(runs.map((run) => [run.first.offset, run]));
  }

  /** Whether every run that was cut out stood between two items of a list, and was put back there. */
  get isComplete(): boolean {
    return this.#runs.size === 0;
  }

  /** Adds a problem at `offset`. */
  report(offset: number, path: string, message: string): void {
    this.problems.push({ ...this.#locate(offset), path, message });
  }

  /** The entry of `node` and of all beneath it; the caller knows the place of the key. */
  build(node: ParsedNode | null, place: Place): YamlEntry {
    if (node === null) return leaf(EMPTY, place.keyOffset, place);
    if (isAlias(node)) return this.#resolve(node.source, node.range[0], place);
    const anchor = node.anchor;
    if (anchor !== undefined) this.#anchored.set(anchor, undefined);
    const entry = this.#buildNode(node, place);
    if (anchor !== undefined) this.#anchored.set(anchor, entry);
    return entry;
  }

  #resolve(anchor: string, offset: number, place: Place): YamlEntry {
    const entry = this.#anchored.get(anchor);
    if (entry !== undefined) return { ...entry, offset, keyOffset: place.keyOffset };
    this.report(
      offset,
      place.path,
      this.#anchored.has(anchor)
        ? "this alias stands for a value that contains it (write the value out)"
        : "this alias has no anchor before it (put text that begins with * in quotes)",
    );
    return { ...leaf(EMPTY, offset, place), unreadable: true };
  }

  #buildNode(
    node: Exclude<ParsedNode, { source: string; type: "ALIAS" }>,
    place: Place,
  ): YamlEntry {
    const children = new Map<string | number, YamlEntry>();
    const offset = node.range?.[0] ?? place.keyOffset;
    const unreadable = node.tag !== undefined && !CORE_TAGS.has(node.tag);
    const base = { offset, keyOffset: place.keyOffset, unreadable, children };
    if (isSeq(node)) {
      const items = node.items as (ParsedNode | null)[];
      items.forEach((item, index) => {
        const path = `${place.path}[${children.size}]`;
        const keyOffset = item?.range?.[0] ?? offset;
        children.set(children.size, this.build(item, { path, keyOffset }));
        for (const cut of this.#takeRun(item, items[index + 1])) {
          children.set(children.size, addressEntry(cut));
        }
      });
      return { ...base, value: Array.from(children.values(), (child) => child.value) };
    }
    if (isMap(node)) {
      for (const pair of node.items) {
        this.#addPair(pair as Pair<ParsedNode, ParsedNode | null>, children, place, offset);
      }
      const value: Record<string, YamlValue> = Object.create(null);
      for (const [key, child] of children) value[key] = child.value;
      return { ...base, value };
    }
    const value = readScalar(node as Scalar);
    const empty = value.kind === "null" && value.text === "";
    return { ...base, value, offset: empty ? place.keyOffset : offset };
  }

  /** The items that were cut out between two neighbours of a list. */
  #takeRun(item: ParsedNode | null, next: ParsedNode | null | undefined): readonly AddressItem[] {
    const run = this.#runs.get(item?.range[0] ?? NaN);
    if (run === undefined || !isItem(item, run.first) || !isItem(next, run.last)) return [];
    this.#runs.delete(run.first.offset);
    return run.cut;
  }

  #addPair(
    { key, value }: Pair<ParsedNode, ParsedNode | null>,
    children: Map<string | number, YamlEntry>,
    place: Place,
    mapOffset: number,
  ): void {
    const keyOffset = key?.range?.[0] ?? mapOffset;
    if (!isScalar(key)) {
      this.report(keyOffset, place.path, "a key is not plain text (allowed: the names of keys)");
      return;
    }
    const name = readScalar(key as Scalar).text;
    const path = joinPath(place.path, name);
    if (key.anchor !== undefined) {
      this.#anchored.set(key.anchor, this.build(key, { path, keyOffset }));
    }
    const first = children.get(name);
    if (first === undefined) {
      children.set(name, this.build(value, { path, keyOffset }));
    } else {
      const { line } = this.#locate(first.keyOffset);
      this.report(
        keyOffset,
        path,
        `is written twice, first in line ${line} (remove one of the two)`,
      );
    }
  }
}

/** Tags that say what is so anyway; "!" says "text". All others the parser warns of. */
const CORE_TAGS: ReadonlySet<string> = new Set([
  "!",
  ...["str", "int", "float", "bool", "null", "map", "seq"].map((name) =>
    `tag:yaml.org,2002:${name}`
  ),
]);

const EMPTY = new YamlScalar("", "null", false);
const NO_CHILDREN: YamlEntry["children"] = new Map();

function leaf(value: YamlScalar, offset: number, { keyOffset }: Place): YamlEntry {
  return { value, offset, keyOffset, unreadable: false, children: NO_CHILDREN };
}

function isItem(node: ParsedNode | null | undefined, { offset, text }: AddressItem): boolean {
  return isScalar(node) && node.source === text && node.range[0] === offset &&
    node.anchor === undefined && node.tag === undefined;
}

function addressEntry({ offset, text, quoted }: AddressItem): YamlEntry {
  const value = new YamlScalar(text, "text", quoted);
  return leaf(value, offset, { path: "", keyOffset: offset });
}

function readScalar(node: Scalar): YamlScalar {
  const quoted = node.type !== Scalar.PLAIN || node.tag !== undefined;
  const text = node.source ?? String(node.value ?? "");
  switch (typeof node.value) {
    case "number":
    case "bigint":
      return new YamlScalar(text, "number", quoted);
    case "boolean":
      return new YamlScalar(text, "boolean", quoted);
    case "string":
      return new YamlScalar(text, "text", quoted);
    default:
      return new YamlScalar(text, "null", quoted);
  }
}
