import {
  MAX_ADDRESSES,
  MIN_IPV6_PREFIX,
  type Network,
  networkSize,
  parseNetwork,
} from "../domain/network.ts";
import { parsePorts, type PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { attempt, ParameterError, type Parameters, refuseOthers } from "./parameters.ts";

/** A scan that a request asks for. */
export interface ScanQuery {
  readonly network: Network;
  readonly ports: PortSet;
  /** The text as written, for the label `port_range`. */
  readonly portRange: string;
  readonly protocol: Protocol;
}

const ALLOWED = ["ip", "ports", "protocol"];

/**
 * Validates the parameters of a scan request; each may be given once.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseScanQuery(parameters: Parameters): ScanQuery {
  refuseOthers(parameters, ALLOWED);
  const ip = required(parameters, "ip");
  const portRange = required(parameters, "ports");
  const protocol = parameters.get("protocol")?.[0] ?? "tcp";
  if (!PROTOCOLS.includes(protocol as Protocol)) {
    throw new ParameterError("protocol", `Cannot use it: write ${PROTOCOLS.join(" or ")}`);
  }
  return {
    network: attempt("ip", () => boundedNetwork(ip)),
    ports: attempt("ports", () => parsePorts(portRange)),
    portRange,
    protocol: protocol as Protocol,
  };
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name)?.[0] ?? "";
  if (value === "") throw new ParameterError(name, "Cannot do without it: it is required");
  return value;
}

function boundedNetwork(text: string): Network {
  const { network } = parseNetwork(text);
  const size = networkSize(network);
  const tooBroad = network.family === 6 ? network.prefix < MIN_IPV6_PREFIX : size > MAX_ADDRESSES;
  if (tooBroad) {
    const narrowest = network.family === 6 ? MIN_IPV6_PREFIX : 8;
    throw new RangeError(`Cannot scan ${size} addresses: ask for /${narrowest} or narrower`);
  }
  return network;
}
