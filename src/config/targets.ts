import * as z from "zod";
import {
  formatNetwork,
  MAX_ADDRESSES,
  MIN_IPV6_PREFIX,
  type Network,
  networkSize,
  parseNetwork,
} from "../domain/network.ts";
import { describe, parsedText } from "./scalars.ts";
import { show } from "./show.ts";
import { YamlScalar } from "./yaml_value.ts";

const WANTED = "must be an address or CIDR as text, such as 192.0.2.1 or 192.0.2.0/24";
const HOST_NAME = /^(?!0x)(?=.*[a-z])[a-z0-9_.-]+$/i;

/** A target as it was read. */
export interface ReadTarget {
  readonly text: string;
  readonly network: Network;
  /** Host bits were set in `text`. */
  readonly masked: boolean;
}

function readTarget(written: string): ReadTarget {
  const text = written.trim();
  if (HOST_NAME.test(text)) throw new SyntaxError(`${WANTED}, not the host name ${show(text)}`);
  const target = { text, ...parse(text) };
  const { family, prefix } = target.network;
  if (family === 6 && prefix < MIN_IPV6_PREFIX) {
    throw new RangeError(
      `${show(text)} has ${count(target.network)}, too many for IPv6 ` +
        `(write a prefix length of ${MIN_IPV6_PREFIX} to 128)`,
    );
  }
  if (networkSize(target.network) > MAX_ADDRESSES) {
    throw new RangeError(
      `${show(text)} has ${count(target.network)}, more than ${MAX_ADDRESSES} ` +
        "(write a prefix length of 8 to 32)",
    );
  }
  return target;
}

function parse(text: string): Pick<ReadTarget, "network" | "masked"> {
  try {
    return parseNetwork(text);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${error.message} (in ${show(text)})`);
    if (error instanceof SyntaxError) throw new SyntaxError(`${error.message} (in ${show(text)})`);
    throw error;
  }
}

function count(network: Network): string {
  return `${networkSize(network)} addresses`;
}

/** The list of targets; empty when nothing is written after the key. */
export const targetList = z.preprocess(
  (value) => value instanceof YamlScalar && value.kind === "null" ? [] : value,
  z.array(parsedText(readTarget, WANTED), {
    error: ({ input }) =>
      `must be a list (write each target on a line of its own, such as "- 127.0.0.1"), not ${
        describe(input)
      }`,
  }).superRefine(refuseTooMany, { when: ({ value }) => Array.isArray(value) }),
);

/** Runs even when some targets are wrong, which are then not in the sum. */
function refuseTooMany(targets: readonly ReadTarget[], context: z.RefinementCtx): void {
  const total = countAddresses(targets.filter((target) => "network" in target));
  if (total > MAX_ADDRESSES) {
    context.addIssue(
      `have ${total} addresses in all, more than ${MAX_ADDRESSES} (write fewer or narrower targets)`,
    );
  }
}

/** Number of addresses in `targets`, equal networks counted once where there may be too many. */
function countAddresses(targets: readonly Pick<ReadTarget, "network">[]): bigint {
  const atMost = targets.reduce((sum, { network }) => sum + networkSize(network), 0n);
  if (atMost <= MAX_ADDRESSES) return atMost;
  const sizes = new Map(
    targets.map(({ network }) => [formatNetwork(network), networkSize(network)]),
  );
  return sizes.values().reduce((sum, size) => sum + size, 0n);
}
