import { type Network, networkSize, parseNetwork } from "../domain/network.ts";
import { parsePorts, type PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";

/** A scan that a request asks for. */
export interface ScanQuery {
  readonly network: Network;
  readonly ports: PortSet;
  /** The text as written, for the label `port_range`. */
  readonly portRange: string;
  readonly protocol: Protocol;
}

/** Values of each request parameter, by its name, in the order in which they came. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** Most characters of a parameter's name that an answer repeats. */
const SHOWN_LENGTH = 40;

/** A request parameter that cannot be used; the message names it and says what is allowed. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
  /** Name of the request parameter, cut after 40 characters. */
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    const shown = parameter.slice(0, SHOWN_LENGTH).toWellFormed();
    super(`${shown}: ${message}`);
    this.parameter = shown;
  }
}

/** Broadest IPv6 network that may be asked for (contract, section 2). */
const BROADEST_IPV6 = 112;
/** Most addresses that may be asked for (contract, section 2). */
const MAX_ADDRESSES = 2n ** 24n;
const ALLOWED = ["ip", "ports", "protocol"];

/**
 * Validates the parameters of a scan request; each may be given once.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseScanQuery(parameters: Parameters): ScanQuery {
  for (const [name, values] of parameters) {
    if (!ALLOWED.includes(name)) {
      throw new ParameterError(
        name,
        `Cannot use this parameter: allowed are ${ALLOWED.join(", ")}`,
      );
    }
    if (values.length > 1) throw new ParameterError(name, "Cannot use it more than once");
  }
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
  const tooBroad = network.family === 6 ? network.prefix < BROADEST_IPV6 : size > MAX_ADDRESSES;
  if (tooBroad) {
    const narrowest = network.family === 6 ? BROADEST_IPV6 : 8;
    throw new RangeError(`Cannot scan ${size} addresses: ask for /${narrowest} or narrower`);
  }
  return network;
}

function attempt<T>(parameter: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new ParameterError(parameter, error.message);
  }
}
