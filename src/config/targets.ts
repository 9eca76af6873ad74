import * as z from "zod";
import { nmapKeys } from "./nmap_options.ts";
import {
  POLICY_PORTS_WANTED,
  PORT_RANGE_WANTED,
  readPolicyPorts,
  readPortRange,
  SWEEP_RANGE_WANTED,
} from "./port_texts.ts";
import { oneOf, parsedText, readText, seconds } from "./scalars.ts";
import { chosen, isMapping, list, mapping, readBy, section } from "./section.ts";
import { type ReadTarget, readTarget, TARGET_WANTED } from "./target_text.ts";

/** Most characters of a name that is written, which is a label of metrics. */
export const MAX_NAME_LENGTH = 200;

/**
 * Reads the name of a target.
 *
 * @throws {SyntaxError} or {RangeError} that says what is allowed.
 */
function readName(written: string): string {
  const name = written.trim();
  if (name === "") throw new SyntaxError("is empty (write at least one character)");
  if (/\p{Cc}|\p{Cs}/u.test(name)) {
    throw new SyntaxError(
      "has a character that is not allowed (allowed: anything but control characters)",
    );
  }
  if ([...name].length > MAX_NAME_LENGTH) {
    throw new RangeError(`is too long (at most ${MAX_NAME_LENGTH} characters)`);
  }
  return name;
}

const oneTarget = parsedText(readTarget, TARGET_WANTED);

const sweep = mapping({
  port_range: parsedText((text) => readPortRange(text, { sweep: true }), SWEEP_RANGE_WANTED),
  interval: seconds(1),
}).superRefine((sweep, context) => {
  for (const [key, example] of [["port_range", "top:1000"], ["interval", "15m"]] as const) {
    if (!(key in sweep)) {
      context.addIssue({ code: "custom", path: [key], message: `is missing (such as ${example})` });
    }
  }
}, { when: ({ value }) => isMapping(value) });

/** nmap options for one target, and how long one of its processes may take. */
export const targetScanning = mapping({ ...nmapKeys.shape, timeout: seconds(1) });

const severalTargets = list(oneTarget, 'each on a line of its own, such as "- 127.0.0.1"')
  .refine((targets) => targets.length > 0, "is empty (write an address, a CIDR or a host name)");

/** Keys of a target object that hold one value; labels of discovered targets may set them too. */
export const targetOptions = mapping({
  name: parsedText(readName),
  port_range: parsedText((text) => readPortRange(text), PORT_RANGE_WANTED),
  protocol: oneOf(["tcp", "udp", "both"]),
  interval: seconds(1),
  expected_ports: parsedText(readPolicyPorts, POLICY_PORTS_WANTED),
  allowed_ports: parsedText(readPolicyPorts, POLICY_PORTS_WANTED),
});

/** The keys of a target object. */
export const targetObject = mapping({
  target: chosen<ReadTarget | readonly (ReadTarget | undefined)[]>((value) =>
    Array.isArray(value) ? severalTargets : oneTarget
  ),
  ...targetOptions.shape,
  sweeps: list(
    section(sweep),
    "each on a line of its own, such as { port_range: known, interval: 1m }",
  ),
  scanning: section(targetScanning),
}).superRefine((target, context) => {
  if (!("target" in target)) {
    const message = "is missing (write an address, a CIDR or a host name)";
    context.addIssue({ code: "custom", path: ["target"], message });
  }
}, { when: ({ value }) => isMapping(value) });

/** A target object, without defaults. */
export type WrittenTarget = z.output<typeof targetObject>;

/** One step of the schema for a plain text, and no more: there may be 100,000. */
const anyTarget = z.transform((value: unknown, context): WrittenTarget =>
  isMapping(value)
    ? readBy(targetObject, value, context)
    : { target: readText(value, context, { parse: readTarget, wanted: TARGET_WANTED }) }
);

/** The list of targets, plain texts as objects that have nothing but their target. */
export const targetList = list(
  anyTarget,
  'each target on a line of its own, such as "- 127.0.0.1"',
);

/** Keys of the mappings in a sweep list, for suggestions. */
export const SWEEP_KEYS = ["port_range", "interval"] as const;
