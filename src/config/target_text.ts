import {
  MAX_ADDRESSES,
  MIN_IPV6_PREFIX,
  type Network,
  networkSize,
  parseNetwork,
} from "../domain/network.ts";
import { neverScanned } from "../domain/network_set.ts";
import { looksLikeAddress, parseHostName } from "./host_name.ts";
import { show } from "./show.ts";

/** An address or CIDR as it was read. */
export interface ReadNetwork {
  readonly text: string;
  readonly network: Network;
  /** Host bits were set in `text`. */
  readonly masked: boolean;
}

/** A host name as it was read. */
export interface ReadHostName {
  readonly text: string;
  /** In lower case. */
  readonly hostName: string;
}

/** What may be scanned, in one text. */
export type ReadTarget = ReadNetwork | ReadHostName;

/** What a target has to be, for messages. */
export const TARGET_WANTED =
  "must be an address, a CIDR or a host name as text, such as 192.0.2.1, 192.0.2.0/24 or web.example.com";

/** Most targets, of which there may be 100,000, and nothing else that is a target. */
const DOTTED = /^[\d.]+(?:\/\d+)?$/;
const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\//i;
/** A port behind a name or an IPv4 address, or behind IPv6 in brackets. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:[\]/]+)):\d*$/;

/**
 * Reads one target; text that looks like an address has to be one.
 *
 * @throws {SyntaxError} or {RangeError} that says what to write instead.
 */
export function readTarget(written: string): ReadTarget {
  const text = written.trim();
  if (DOTTED.test(text)) return readScannable(text);
  if (text === "") throw new SyntaxError(`is empty (${TARGET_WANTED})`);
  if (URL_LIKE.test(text)) {
    throw new SyntaxError(`${show(text)} is a URL (write the address or host name in it alone)`);
  }
  const host = WITH_PORT.exec(text);
  if (host !== null) {
    const alone = show(host[1] ?? host[2] ?? "");
    throw new SyntaxError(
      `${show(text)} has a port (write ${alone} alone: what is scanned there is port_range)`,
    );
  }
  const [name = "", prefix] = text.split("/", 2);
  if (text.includes(":") || looksLikeAddress(name)) return readScannable(text);
  if (prefix !== undefined) {
    throw new SyntaxError(
      `${show(text)} has a prefix length, which goes with an address (write ${show(name)} alone)`,
    );
  }
  return { text, hostName: about(text, () => parseHostName(text)) };
}

/**
 * Reads an address or CIDR of any size.
 *
 * @throws {SyntaxError} or {RangeError} that says what is allowed.
 */
export function readNetwork(written: string): ReadNetwork {
  const text = written.trim();
  return { text, ...about(text, () => parseNetwork(text)) };
}

function readScannable(text: string): ReadNetwork {
  const target = readNetwork(text);
  const { family, prefix } = target.network;
  const size = networkSize(target.network);
  if (family === 6 && prefix < MIN_IPV6_PREFIX) {
    throw new RangeError(
      `${show(text)} has ${size} addresses, too many for IPv6 ` +
        `(write a prefix length of ${MIN_IPV6_PREFIX} to 128)`,
    );
  }
  if (size > MAX_ADDRESSES) {
    throw new RangeError(
      `${show(text)} has ${size} addresses, more than ${MAX_ADDRESSES} ` +
        "(write a prefix length of 8 to 32)",
    );
  }
  if (neverScanned([]).covers(target.network)) {
    throw new RangeError(
      `${show(text)} is no host's address, and means this machine (write 127.0.0.1 or ::1 for it)`,
    );
  }
  return target;
}

/** Adds the text that an error is about. */
function about<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${error.message} (in ${show(text)})`);
    if (error instanceof SyntaxError) throw new SyntaxError(`${error.message} (in ${show(text)})`);
    throw error;
  }
}
