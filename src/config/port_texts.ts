import { MAX_PORT, MAX_PORT_ITEMS, parsePorts, PortSet, stripBlanks } from "../domain/ports.ts";
import { show } from "./show.ts";

/** What a schedule looks at, as written: ports, the `top` most frequent ones, or what is known to be open. */
export interface WrittenPortRange {
  /** Without blanks: the label `port_range`. */
  readonly portRange: string;
  readonly ports: PortSet | { readonly top: number } | "known";
}

/** What a port range has to be, for messages. */
export const PORT_RANGE_WANTED = 'must be text such as "22,80,8000-8100" or top:1000';
/** What the port range of a sweep has to be, for messages. */
export const SWEEP_RANGE_WANTED = 'must be text such as "22,80,8000-8100", top:1000 or known';

const parsed = new Map<string, WrittenPortRange>();

/**
 * Reads the port range of a target, or with `sweep` of one of its sweeps, where `known` is allowed.
 *
 * @throws {SyntaxError} or {RangeError} that says what is allowed.
 */
export function readPortRange(written: string, { sweep = false } = {}): WrittenPortRange {
  const text = written.trim();
  if (text === "known" && sweep) return { portRange: text, ports: text };
  if (/^known$/i.test(text)) {
    throw new SyntaxError(
      sweep
        ? `Cannot read ${show(text)}: write known`
        : "known is for sweeps (write ports here, in which what is known is found)",
    );
  }
  if (/^top/i.test(text)) return { portRange: text, ports: { top: readCount(text) } };
  const portRange = stripBlanks(text);
  // Equal texts share their ports: they are compared and printed once for all targets.
  const known = parsed.get(portRange);
  if (known !== undefined) return known;
  const range = { portRange, ports: parsePorts(portRange) };
  if (parsed.size >= MAX_SHARED) parsed.clear();
  parsed.set(portRange, range);
  return range;
}

/** Most texts whose ports are kept for others that are equal. */
const MAX_SHARED = 1000;

function readCount(text: string): number {
  const count = Number(/^top:([1-9]\d{0,4})$/.exec(text)?.[1] ?? NaN);
  if (!(count <= MAX_PORT)) {
    throw new RangeError(
      `Cannot read ${show(text)}: write top: and a number from 1 to ${MAX_PORT}, such as top:1000`,
    );
  }
  return count;
}

/** Ports by protocol as written; `plain` are those without a protocol. */
export interface WrittenPolicyPorts {
  readonly tcp: PortSet;
  readonly udp: PortSet;
  readonly plain: PortSet;
}

/** What a list of expected or allowed ports has to be, for messages. */
export const POLICY_PORTS_WANTED = 'must be text such as "22/tcp,53/udp,8000-8100", or "" for none';

/**
 * Reads a list of ports and ranges, each with `/tcp`, `/udp` or neither; the empty text is no port.
 *
 * @throws {SyntaxError} or {RangeError} that names the item and says what is allowed.
 */
export function readPolicyPorts(written: string): WrittenPolicyPorts {
  const text = stripBlanks(written);
  const found = {
    tcp: new Array<PortSet>(),
    udp: new Array<PortSet>(),
    plain: new Array<PortSet>(),
  };
  const items = text === "" ? [] : text.split(",", MAX_PORT_ITEMS + 1);
  if (items.length > MAX_PORT_ITEMS) {
    throw new RangeError(`Cannot use a port list of more than ${MAX_PORT_ITEMS} items`);
  }
  for (const item of items) {
    const [ports = "", protocol = "plain", ...rest] = item.split("/");
    if (rest.length > 0 || !(protocol === "plain" ? !item.includes("/") : protocol in PROTOCOL)) {
      throw new SyntaxError(
        `Cannot read the protocol of ${show(item)}: write /tcp, /udp or nothing after a port`,
      );
    }
    found[protocol as keyof typeof found].push(parsePorts(ports));
  }
  return { tcp: merge(found.tcp), udp: merge(found.udp), plain: merge(found.plain) };
}

const PROTOCOL = { __proto__: null, tcp: true, udp: true };

function merge(sets: readonly PortSet[]): PortSet {
  return PortSet.fromRanges(sets.flatMap(({ ranges }) => ranges));
}
