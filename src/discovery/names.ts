import { lookup } from "node:dns/promises";
import { type Address, compareAddresses, type Family, parseAddress } from "../domain/address.ts";
import { readObservedAddress } from "../domain/observed_address.ts";
import { parseHostName } from "../config/host_name.ts";
import { show } from "../config/show.ts";

/** Milliseconds that a name may take. */
const RESOLVE_TIMEOUT_MS = 10_000;

/** What came of resolving a name. */
export type Resolution =
  | {
    readonly kind: "resolved";
    /** Canonical, each once, IPv4 first; at least one. */
    readonly addresses: readonly Address[];
    /** Versions of IP that no answer came for: there may be more addresses, the ones known before for instance. */
    readonly unanswered: readonly Family[];
  }
  | {
    readonly kind: "unresolved";
    /** One line a person can act on. */
    readonly message: string;
  };

/** The part of `node:dns` that is used: all addresses of a name, of one version of IP or of both (0). */
export type Lookup = (
  name: string,
  options: { all: true; family: 0 | Family },
) => Promise<readonly { readonly address: string }[]>;

/**
 * All addresses of a name, from the system's resolver (getaddrinfo, /etc/hosts included), which
 * needs the permission net for all hosts. Never rejects. An address stands for itself.
 */
export async function resolveAll(
  name: string,
  { lookup: ask = lookup, timeoutMs = RESOLVE_TIMEOUT_MS }: {
    lookup?: Lookup;
    timeoutMs?: number;
  } = {},
): Promise<Resolution> {
  const literal = readLiteral(name);
  if (literal !== undefined) return { kind: "resolved", addresses: [literal], unanswered: [] };
  // The resolver takes more: 127.1 and 0x7f000001 are addresses to it.
  if (!isHostName(name)) return unresolved(name, "it is not a host name");
  const late = Promise.withResolvers<Resolution>();
  const timer = setTimeout(
    () => late.resolve(unresolved(name, `no answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([resolveBoth(name, ask), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function resolveBoth(name: string, ask: Lookup): Promise<Resolution> {
  const both = await answerOf(ask(name, { all: true, family: 0 }));
  if (both.addresses.length === 0) return unresolved(name, both.reason);
  const found = [...both.addresses];
  const unanswered: Family[] = [];
  for (const family of missingFamilies(found)) {
    // Asked for both, libc is silent about the one that it got no answer for.
    const one = await answerOf(ask(name, { all: true, family }));
    found.push(...one.addresses);
    if (one.passing) unanswered.push(family);
  }
  const unique = new Map(found.map((address) => [address.text, address]));
  const addresses = [...unique.values()].sort(compareAddresses).filter(isOfHost);
  return addresses.length === 0
    ? unresolved(name, `it resolves to ${found[0]!.text}, which is no host (a filter of names?)`)
    : { kind: "resolved", addresses, unanswered };
}

/** Addresses that an answer holds; `passing` where there is none because nobody could be asked. */
interface Answer {
  readonly addresses: readonly Address[];
  readonly passing: boolean;
  readonly reason: string;
}

async function answerOf(asked: ReturnType<Lookup>): Promise<Answer> {
  try {
    const addresses = (await asked).flatMap(({ address }) => readObservedAddress(address) ?? []);
    return { addresses, passing: false, reason: "it has no address" };
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    const passing = code !== "ENOTFOUND";
    return { addresses: [], passing, reason: REASONS[code] ?? `the resolver failed (${code})` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such name, or it has no address",
  EAI_AGAIN: "no name server answers",
  EPERM: "the permission to use the network was given up; restart the exporter",
};

function missingFamilies(found: readonly Address[]): Family[] {
  const has = (family: Family) => found.some((address) => address.family === family);
  // Asked for IPv4, libc makes 127.0.0.1 of a ::1 in /etc/hosts.
  const isLoopback = found.some(({ text }) => text === "::1");
  return ([4, 6] as const).filter((family) => !has(family) && !(family === 4 && isLoopback));
}

/** Not 0.0.0.0 and ::, which stand for this machine when they are asked for. */
function isOfHost({ value }: Address): boolean {
  return value !== 0n;
}

function isHostName(text: string): boolean {
  try {
    return parseHostName(text) !== "";
  } catch {
    return false;
  }
}

function readLiteral(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

function unresolved(name: string, reason: string): Resolution {
  return { kind: "unresolved", message: `Cannot resolve ${show(name)}: ${reason}` };
}
