import { compareAddresses } from "../domain/address.ts";
import { lastOf, type Network } from "../domain/network.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";

/** The known hosts in `network`, in order; found without looking at the blocks outside of it. */
export function* hostsIn(
  blocks: readonly OrderedBlock<KnownHost>[],
  network: Network,
): Iterable<KnownHost> {
  const first = { family: network.family, value: network.base };
  const last = { family: network.family, value: lastOf(network) };
  for (let index = blockOf(blocks, first); index < blocks.length; index++) {
    for (const host of blocks[index]!.items) {
      if (compareAddresses(host.address, first) < 0) continue;
      if (compareAddresses(host.address, last) > 0) return;
      yield host;
    }
  }
}

/** Index of the last block that does not begin after the address; 0 when all do. */
function blockOf(
  blocks: readonly OrderedBlock<KnownHost>[],
  address: Parameters<typeof compareAddresses>[0],
): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareAddresses(blocks[middle]!.items[0]!.address, address) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}
