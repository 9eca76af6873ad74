import * as z from "zod";
import {
  MAX_ADDRESSES,
  MIN_IPV6_PREFIX,
  type Network,
  networkSize,
  parseNetwork,
} from "../domain/network.ts";
import { parsePorts, type PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { parsedText, parseParameters, REQUIRED, wordParameter } from "./api_parameters.ts";
import type { Parameters } from "./parameters.ts";

/** A scan that a request asks for. */
export interface ScanQuery {
  readonly network: Network;
  readonly ports: PortSet;
  /** The text as written, for the label `port_range`. */
  readonly portRange: string;
  readonly protocol: Protocol;
}

const SCAN_PARAMETERS = z.strictObject({
  ip: requiredText(boundedNetwork),
  ports: requiredText((portRange) => ({ portRange, ports: parsePorts(portRange) })),
  protocol: wordParameter(PROTOCOLS).optional(),
});

/**
 * Validates the parameters of a scan request; each may be given once.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseScanQuery(parameters: Parameters): ScanQuery {
  const { ip, ports, protocol = "tcp" } = parseParameters(parameters, SCAN_PARAMETERS);
  return { network: ip, ...ports, protocol };
}

/**
 * The network of an address or CIDR that is not too broad to be scanned.
 *
 * @throws {SyntaxError} or {RangeError} that says what is allowed.
 */
export function boundedNetwork(text: string): Network {
  const { network } = parseNetwork(text);
  const size = networkSize(network);
  const tooBroad = network.family === 6 ? network.prefix < MIN_IPV6_PREFIX : size > MAX_ADDRESSES;
  if (tooBroad) {
    const narrowest = network.family === 6 ? MIN_IPV6_PREFIX : 8;
    throw new RangeError(`Cannot scan ${size} addresses: ask for /${narrowest} or narrower`);
  }
  return network;
}

function requiredText<T>(parse: (text: string) => T) {
  return parsedText((text) => {
    if (text === "") throw new SyntaxError(REQUIRED);
    return parse(text);
  });
}
