import * as z from "zod";
import { MAX_SECONDS } from "../config/duration.ts";
import { disjoint, MAX_ADDRESSES, type Network, totalSize } from "../domain/network.ts";
import { parsePorts, stripBlanks } from "../domain/ports.ts";
import { PRIORITIES } from "../domain/priority.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import { MAX_RETRIES, TASK_STATES, type TaskRequest } from "../tasks/scan_task.ts";
import { parseTimeout } from "./api_duration.ts";
import {
  limitParameter,
  parsedScalar,
  parsedText,
  parseFields,
  REQUIRED,
  wordParameter,
} from "./api_parameters.ts";
import { ParameterError } from "./parameters.ts";
import { boundedNetwork } from "./scan_query.ts";

/** Records of an answer when no `limit` is given: more than most ever have, so that they get all. */
export const DEFAULT_TASK_LIMIT = 1000;
/** Most characters of a dedupe key. */
const MAX_KEY_LENGTH = 200;
/** Protocols of a task, as it may name them. */
const TASK_PROTOCOLS = [...PROTOCOLS, "both"] as const;

/** Labels with a letter: no address, whatever else is wrong with it. */
const HOST_NAME = /^(?=.*[g-z])[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?$/i;
const RETRIES_ERROR = `Cannot use it: write a whole number from 0 to ${MAX_RETRIES}`;

/** Body of `/v1/tasks/scan`. */
export const TASK_BODY = z.strictObject({
  targets: z.array(
    parsedText(readTarget, {
      description: "An address or a CIDR, no host name",
      examples: ["192.0.2.0/24", "2001:db8::1"],
    }),
    {
      error: ({ input }) =>
        input === undefined
          ? REQUIRED
          : "Cannot use this value: write a list of addresses and CIDRs",
    },
  ).min(1, "Cannot scan nothing: write a list of addresses and CIDRs").meta({
    description: "IPv4 and IPv6 addresses and CIDRs; what is named twice is scanned once",
  }),
  ports: parsedScalar(readPorts, {
    description: "Ports and ranges, separated by commas",
    examples: ["22,80,8000-8100"],
  }),
  protocol: leftOut(
    wordParameter(TASK_PROTOCOLS).meta({ description: "What to scan", default: "tcp" }),
  ),
  priority: leftOut(
    wordParameter(PRIORITIES).meta({
      description: "high goes before everything, normal before the schedule, low beside it",
      default: "normal",
    }),
  ),
  dedupe_key: leftOut(
    z.string({ error: "Cannot use this value: write a text" }).trim()
      .max(MAX_KEY_LENGTH, `Cannot use this key: write at most ${MAX_KEY_LENGTH} characters`)
      .meta({
        description: "A repeated request with the same key gets the task that is there already, " +
          "until that is over and 5 minutes have passed since it was submitted",
      }),
  ),
  timeout: leftOut(
    parsedScalar((text) => parseTimeout(text, { max: MAX_SECONDS }), {
      description: "Wall time of one nmap process instead of scanning.timeout: seconds, or text",
      examples: ["30m", "1m30s", 90],
    }),
  ),
  retries: leftOut(
    z.int(RETRIES_ERROR).min(0, RETRIES_ERROR).max(MAX_RETRIES, RETRIES_ERROR).meta({
      description: "Further tries of each scan that failed, with growing pauses between them",
      default: 0,
    }),
  ),
});

/** Parameters of `/v1/tasks`. */
export const TASK_PARAMETERS = z.strictObject({
  state: wordParameter(TASK_STATES).meta({ description: "Only tasks in this state" }).optional(),
  limit: limitParameter(DEFAULT_TASK_LIMIT),
});

/** Parameters in the path of `/v1/tasks/{id}`. */
export const TASK_PATH = z.strictObject({
  id: z.string().meta({ description: "What `task_id` was when the task was submitted" }),
});

/**
 * Validates the body of `/v1/tasks/scan`.
 *
 * @throws {ParameterError} for the first field that cannot be used.
 */
export function parseTaskBody(fields: Readonly<Record<string, unknown>>): TaskRequest {
  const body = parseFields(fields, TASK_BODY);
  const { protocol = "tcp", priority = "normal", timeout, retries = 0 } = body;
  const networks = disjoint(body.targets);
  const addresses = totalSize(networks);
  if (addresses > MAX_ADDRESSES) {
    throw new ParameterError(
      "targets",
      `Cannot scan ${addresses} addresses at once: ask for at most ${MAX_ADDRESSES}`,
    );
  }
  return {
    networks,
    ...body.ports,
    protocols: protocol === "both" ? PROTOCOLS : [protocol],
    priority,
    dedupeKey: body.dedupe_key === "" ? undefined : body.dedupe_key,
    timeout,
    retries,
  };
}

function readTarget(text: string): Network {
  if (HOST_NAME.test(text)) {
    throw new SyntaxError(
      "Cannot take a host name: write addresses and CIDRs such as 192.0.2.0/24",
    );
  }
  return boundedNetwork(text);
}

function readPorts(text: string) {
  if (text === "") throw new SyntaxError(REQUIRED);
  const portRange = stripBlanks(text);
  return { portRange, ports: parsePorts(portRange) };
}

/** A field that may be left out, be it by an empty text or null, as other clients write it. */
function leftOut<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    (value) => value === "" || value === null ? undefined : value,
    schema.optional(),
  ).optional();
}
