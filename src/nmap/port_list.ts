import { MAX_PORT, type PortRange, PortSet } from "../domain/ports.ts";

/**
 * Reads a list of ports that nmap printed (`services=`, `ports=`): of any length, where port 0 may
 * occur and is left out; empty text is the empty set.
 *
 * @throws {SyntaxError} when an item is not a port or a range.
 */
export function parsePortList(text: string): PortSet {
  if (text === "") return PortSet.EMPTY;
  const ranges: PortRange[] = [];
  let dash = text.indexOf("-");
  for (let at = 0; at <= text.length;) {
    const comma = text.indexOf(",", at);
    const end = comma === -1 ? text.length : comma;
    // Not looked for again for each item, of which there may be thousands.
    if (dash !== -1 && dash < at) dash = text.indexOf("-", at);
    const single = dash === -1 || dash > end;
    const first = readPort(text, at, single ? end : dash);
    const last = single ? first : readPort(text, dash + 1, end);
    if (!(first <= last && last <= MAX_PORT)) {
      const item = JSON.stringify(text.slice(at, Math.min(end, at + 20)));
      throw new SyntaxError(`${item} is no port or range of ports`);
    }
    if (last > 0) ranges.push([Math.max(first, 1), last]);
    at = end + 1;
  }
  return PortSet.fromRanges(ranges);
}

/** The number in `text` from `from` up to `to`; NaN where that is not 1 to 5 digits. */
function readPort(text: string, from: number, to: number): number {
  if (to === from || to - from > 5) return NaN;
  let port = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    port = port * 10 + digit;
  }
  return port;
}
