import { MAX_PORT, type PortRange, PortSet } from "../domain/ports.ts";

const ITEM = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * Reads a list of ports that nmap printed (`services=`, `ports=`): of any length, where port 0 may
 * occur and is left out; empty text is the empty set.
 *
 * @throws {SyntaxError} when an item is not a port or a range.
 */
export function parsePortList(text: string): PortSet {
  if (text === "") return PortSet.EMPTY;
  const ranges: PortRange[] = [];
  for (const item of text.split(",")) {
    const match = ITEM.exec(item);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last || last > MAX_PORT) {
      throw new SyntaxError(`${JSON.stringify(item.slice(0, 20))} is no port or range of ports`);
    }
    if (last > 0) ranges.push([Math.max(first, 1), last]);
  }
  return PortSet.fromRanges(ranges);
}
