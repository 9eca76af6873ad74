import * as z from "zod";
import { parsePorts } from "../domain/ports.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import type { OpenPortQuery } from "../policy/open_ports.ts";
import { parsedText, parseParameters, wordParameter } from "./api_parameters.ts";
import type { Parameters } from "./parameters.ts";

/** Parameters of `/v1/sd`. */
export const OPEN_PORT_PARAMETERS = z.strictObject({
  port: parsedText(parsePorts, {
    description: "Only these ports",
    examples: ["443", "80,443,8000-8100"],
  }).optional(),
  name: z.string().min(1, "Cannot use an empty name: write the name of a target").meta({
    description: "Only what is in the networks of the target with this name",
  }).optional(),
  protocol: wordParameter(PROTOCOLS).meta({ description: "Only this protocol" }).optional(),
});

/**
 * Validates the parameters of `/v1/sd`: `port`, `name` and `protocol`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseOpenPortQuery(parameters: Parameters): OpenPortQuery {
  const { port, name, protocol } = parseParameters(parameters, OPEN_PORT_PARAMETERS);
  return {
    ...(port !== undefined && { ports: port }),
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
  };
}
