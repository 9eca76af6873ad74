import { createHash } from "node:crypto";
import { type Address, parseAddress } from "../domain/address.ts";
import { parseJsonGroups, type TargetGroup } from "./target_group.ts";

/** What a source last said, as it is stored. */
export interface Learnt {
  readonly source: string;
  readonly value: string;
}

/** What is stored and what is deleted, in one step. */
export interface LearntBatch {
  readonly learnt: readonly Learnt[];
  readonly forgottenLearnt: readonly string[];
}

/** What was stored, read back. */
export interface KnownSources {
  /** By the absolute path of a file. */
  readonly files: ReadonlyMap<string, readonly TargetGroup[]>;
  /** By `urlSource` of a URL. */
  readonly urls: ReadonlyMap<string, readonly TargetGroup[]>;
  /** Addresses of a host name, at least one. */
  readonly names: ReadonlyMap<string, readonly Address[]>;
  /** Everything under the source that it is stored as, the same objects. */
  readonly bySource: ReadonlyMap<string, KnownValue>;
  /** Rows that this version cannot read. */
  readonly unreadable: readonly string[];
}

/** A list, or the addresses of a name. */
export type KnownValue =
  | { readonly kind: "list"; readonly groups: readonly TargetGroup[] }
  | { readonly kind: "addresses"; readonly addresses: readonly Address[] };

const FILE = "file ";
const URL_HASH = "url ";
const NAME = "name ";

/** Under what the list of a file is stored. */
export function fileSource(path: string): string {
  return FILE + path;
}

/** Under what the list of a URL is stored: its digest, because its query may hold a token. */
export function urlSource(url: string): string {
  return URL_HASH + createHash("sha256").update(url).digest("hex");
}

/** Under what the addresses of a host name are stored. */
export function nameSource(hostName: string): string {
  return NAME + hostName;
}

/** A list or addresses as text. */
export function encodeKnown(known: KnownValue): string {
  return JSON.stringify(
    known.kind === "list" ? known.groups : known.addresses.map(({ text }) => text),
  );
}

/** Reads what was stored; what cannot be read is as if it had not been. */
export function readLearnt(rows: Iterable<Learnt>): KnownSources {
  const files = new Map<string, readonly TargetGroup[]>();
  const urls = new Map<string, readonly TargetGroup[]>();
  const names = new Map<string, readonly Address[]>();
  const bySource = new Map<string, KnownValue>();
  const unreadable: string[] = [];
  for (const { source, value } of rows) {
    try {
      if (source.startsWith(NAME)) {
        const addresses = readAddresses(value);
        names.set(source.slice(NAME.length), addresses);
        bySource.set(source, { kind: "addresses", addresses });
      } else {
        const groups = parseJsonGroups(value, source);
        if (source.startsWith(FILE)) files.set(source.slice(FILE.length), groups);
        else if (source.startsWith(URL_HASH)) urls.set(source, groups);
        else throw new SyntaxError("Cannot tell what this source is");
        bySource.set(source, { kind: "list", groups });
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      unreadable.push(source);
    }
  }
  return { files, urls, names, bySource, unreadable };
}

function readAddresses(value: string): Address[] {
  const texts: unknown = JSON.parse(value);
  if (!Array.isArray(texts) || texts.length === 0) {
    throw new SyntaxError("Cannot read this as addresses: it is no list of them");
  }
  return texts.map((text) => parseAddress(String(text)));
}
