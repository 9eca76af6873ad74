import { parseAddress } from "../domain/address.ts";
import type { KnownAddress } from "../domain/known_address.ts";
import { type Network, networkSize } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import type { AddressBatch } from "./batch_plan.ts";

/** Most addresses of one process. */
const MAX_ADDRESSES = 64;
/** How many times as many probes as there are known ports one process may cost, and how many beyond that. */
const MOST_WASTE = 1.5;
const FREE_PROBES = 64;

/**
 * The round of a sweep that looks at known ports and nothing else. One nmap process has one list of
 * ports, so neighbours whose ports are much alike share one, with the ports of all of them.
 */
export class KnownPlan {
  /** Number of addresses. */
  readonly size: number;
  readonly #batches: readonly AddressBatch[];
  #taken = 0;

  /** `known` are addresses of `network`, in order; `resumeAt` is as the last round left it. */
  constructor(
    known: readonly KnownAddress[],
    { network, resumeAt }: { network: Network; resumeAt: number },
  ) {
    this.size = known.length;
    const offsetOf = ({ address }: KnownAddress) =>
      Number(parseAddress(address).value - network.base);
    const start = resumeAt % Number(networkSize(network));
    const first = Math.max(0, known.findIndex((each) => offsetOf(each) >= start));
    const inOrder = [...known.slice(first), ...known.slice(0, first)];
    let position = 0;
    this.#batches = grouped(inOrder).map((group) => {
      const batch = {
        addresses: group.map(({ address }) => address),
        ports: unionOf(group),
        position,
        // 0 says that none is left; the first address is named by the size.
        resumeAt: offsetOf(group[0]!) || Number(networkSize(network)),
      };
      position += group.length;
      return batch;
    });
  }

  /** Number of batches. */
  get count(): number {
    return this.#batches.length;
  }

  /** Addresses handed out so far. */
  get position(): number {
    return this.#batches[this.#taken]?.position ?? this.size;
  }

  /** `resumeAt` of the next round if nothing more is handed out. */
  get resumeAt(): number {
    return this.#batches[this.#taken]?.resumeAt ?? 0;
  }

  /** The next batch; undefined when all have been handed out. */
  take(): AddressBatch | undefined {
    return this.#batches[this.#taken++];
  }
}

/** Cuts a list into runs of addresses that one process can look at without many needless probes. */
function grouped(known: readonly KnownAddress[]): KnownAddress[][] {
  const groups: KnownAddress[][] = [];
  let ports = PortSet.EMPTY;
  let wanted = 0;
  for (const each of known) {
    const group = groups.at(-1);
    const together = ports.union(each.ports);
    const probes = together.size * ((group?.length ?? 0) + 1);
    const cheap = probes <= MOST_WASTE * (wanted + each.ports.size) + FREE_PROBES;
    if (group !== undefined && group.length < MAX_ADDRESSES && cheap) {
      group.push(each);
      ports = together;
      wanted += each.ports.size;
    } else {
      groups.push([each]);
      ports = each.ports;
      wanted = each.ports.size;
    }
  }
  return groups;
}

function unionOf(group: readonly KnownAddress[]): PortSet {
  return group.reduce((ports, each) => ports.union(each.ports), PortSet.EMPTY);
}
