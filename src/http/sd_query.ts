import { parsePorts } from "../domain/ports.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import type { OpenPortQuery } from "../policy/open_ports.ts";
import { type Parameters, readParameter, refuseOthers } from "./parameters.ts";

/**
 * Validates the parameters of `/v1/sd`: `port`, `name` and `protocol`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseOpenPortQuery(parameters: Parameters): OpenPortQuery {
  refuseOthers(parameters, ["port", "name", "protocol"]);
  const ports = readParameter(parameters, "port", parsePorts);
  const name = readParameter(parameters, "name", readName);
  const protocol = readParameter(parameters, "protocol", readProtocol);
  return {
    ...(ports !== undefined && { ports }),
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
  };
}

function readName(text: string): string {
  if (text === "") throw new SyntaxError("Cannot use an empty name: write the name of a target");
  return text;
}

function readProtocol(text: string) {
  const protocol = PROTOCOLS.find((protocol) => protocol === text);
  if (protocol === undefined) {
    throw new SyntaxError(`Cannot use it: write ${PROTOCOLS.join(" or ")}`);
  }
  return protocol;
}
