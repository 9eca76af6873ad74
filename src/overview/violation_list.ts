import { parseAddress } from "../domain/address.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import type { MissingPort } from "../policy/expected_ports.ts";
import type { PortPolicy } from "../policy/port_policy.ts";
import type { UnexpectedPorts } from "../policy/unexpected_ports.ts";
import type { MissingPorts } from "./missing_ports.ts";
import type { Part, PartQuery, ViolationRow } from "./overview.ts";
import { type Chunk, PartFinder } from "./part_finder.ts";
import { Recent } from "./recent.ts";
import { countIn, fitsAddress, fittingPorts, parseSearch, type Search } from "./search.ts";

/** Searches whose counts are kept. */
const SEARCHES = 8;

/** What the list of deviations is made from. */
export interface ViolationListOptions {
  readonly policy: Pick<PortPolicy, "unexpected" | "unexpectedTotal" | "unexpectedByName">;
  readonly missing: MissingPorts;
}

type Deviation = UnexpectedPorts | MissingPort;
type Finder = PartFinder<Deviation, ViolationRow>;

/**
 * Ports that are open and should not be, by address, and then those that should be and are not, by
 * target: the same that the metrics show one by one.
 */
export class ViolationList {
  readonly #options: ViolationListOptions;
  readonly #searches = new Recent<string, Finder>(SEARCHES);
  readonly #everything = finderOf(parseSearch(""), { countedAtOnce: Infinity });

  constructor(options: ViolationListOptions) {
    this.#options = options;
  }

  /** How many there are, those included that are not shown one by one, and of how many ports that is not known. */
  totals(): { violations: number; unknown: number } {
    const { missing, unknown } = this.#options.missing.totals();
    return { violations: this.#options.policy.unexpectedTotal + missing, unknown };
  }

  /** Says how many there are of a target, by its name. */
  byName(): (name: string) => number {
    const missing = this.#options.missing.byName();
    const unexpected = this.#options.policy.unexpectedByName();
    return (name) => missing(name) + unexpected(name);
  }

  /** Those that fit a search; at least so many where some of a host are not shown one by one. */
  find({ search, offset, limit }: PartQuery): Part<ViolationRow> {
    const text = search.trim();
    const finder = text === ""
      ? this.#everything
      : this.#searches.of(text, () => finderOf(parseSearch(text)));
    const chunks = [...this.#chunks()];
    const found = finder.find(chunks, { offset, limit });
    if (found.atLeast) return found;
    const all = this.#everything.find(chunks, { offset: 0, limit: 0 });
    return { ...found, atLeast: all.total < this.totals().violations };
  }

  *#chunks(): Iterable<Chunk<Deviation>> {
    // Blocks of what is unexpected are replaced, never changed.
    for (const block of this.#options.policy.unexpected()) {
      yield { mark: block, items: block.items };
    }
    yield* this.#options.missing.chunks();
  }
}

function finderOf(search: Search, options: { countedAtOnce?: number } = {}): Finder {
  const ports = fittingPorts(search);
  return new PartFinder<Deviation, ViolationRow>({
    count: (item) => {
      if (!fits(item, search)) return 0;
      if ("port" in item) return ports?.[item.protocol].has(item.port) === false ? 0 : 1;
      const { tcp, udp } = item.ports;
      return ports === undefined
        ? tcp.length + udp.length
        : countIn(tcp, ports.tcp) + countIn(udp, ports.udp);
    },
    rows: ({ name, ip, ...item }) => {
      if ("port" in item) return [{ name, ip, ...item, kind: "missing" }];
      return PROTOCOLS.flatMap((protocol) =>
        item.ports[protocol].filter((port) => ports?.[protocol].has(port) !== false)
          .map((port) => ({ name, ip, port, protocol, kind: "unexpected" as const }))
      );
    },
  }, options);
}

/** Whether address and name fit; `missing` and `unexpected` are found by these words as well. */
function fits(item: Deviation, search: Search): boolean {
  const { text, networks } = search;
  if (networks.length > 0 && !fitsAddress(search, parseAddress(item.ip))) return false;
  if (text === "" || item.ip.includes(text)) return true;
  return text === ("port" in item ? "missing" : "unexpected") ||
    item.name.toLowerCase().includes(text);
}
