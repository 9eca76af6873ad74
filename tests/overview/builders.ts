import { parsePorts } from "../../src/domain/ports.ts";
import type { TargetConfig } from "../../src/config/config.ts";
import type { Part, PartQuery } from "../../src/overview/overview.ts";
import { byProtocol } from "../policy/builders.ts";
import { makeConfig } from "../schedule/builders.ts";
import { World } from "./make_world.ts";

/** What a target can be told, in short forms. */
export interface TargetParts {
  /** Addresses and CIDRs, separated by blanks. */
  readonly networks?: string;
  readonly hostNames?: string;
  /** As `byProtocol` takes them; undefined for both makes a target without a policy. */
  readonly expected?: string;
  readonly allowed?: string;
  /** Port ranges of further schedules, each once a minute. */
  readonly sweeps?: string;
  readonly protocols?: TargetConfig["protocols"];
}

/** A target whose ports 1 to 100 are scanned once a minute. */
export function makeTarget(name: string, parts: TargetParts): TargetConfig {
  const { networks = "", hostNames = "", expected, allowed, sweeps = "" } = parts;
  const list = (text: string) => text.split(" ").filter((item) => item !== "");
  const texts = [...list(networks), ...list(hostNames)];
  const { targets } = makeConfig(list(networks).length > 0 ? list(networks) : ["10.0.0.1"]);
  const all = parsePorts("1-100");
  return {
    ...targets[0]!,
    name,
    texts,
    networks: list(networks).length > 0 ? targets.flatMap(({ networks }) => networks) : [],
    hostNames: list(hostNames),
    protocols: parts.protocols ?? ["tcp"],
    schedules: ["1-100", ...list(sweeps)].map((portRange) => {
      const ports = portRange === "1-100"
        ? all
        : parsePorts(portRange === "known" ? "1" : portRange);
      return {
        portRange,
        interval: 60,
        ports: portRange === "known" ? portRange : { tcp: ports, udp: ports },
      };
    }),
    expected: byProtocol(expected ?? ""),
    allowed: byProtocol(allowed ?? ""),
    hasPolicy: expected !== undefined || allowed !== undefined,
  };
}

/** A world with these targets. */
export function makeWorld(...targets: readonly TargetConfig[]): World {
  return new World({ ...makeConfig([]), targets });
}

/** All pages of a list, of `limit` rows each. */
export function pagesOf<T>(
  find: (query: PartQuery) => Part<T>,
  { search, limit }: { readonly search: string; readonly limit: number },
): Part<T>[] {
  const pages: Part<T>[] = [];
  for (let offset = 0;; offset += limit) {
    const page = find({ search, offset, limit });
    pages.push(page);
    if (page.rows.length < limit) return pages;
  }
}
