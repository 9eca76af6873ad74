import type * as z from "zod";
import { authSection } from "./auth.ts";
import { refuseContradictions } from "./contradictions.ts";
import {
  filePath,
  listenAddress,
  milliseconds,
  oneOf,
  portList,
  seconds,
  truth,
  wholeNumber,
} from "./scalars.ts";
import { mapping, section } from "./section.ts";
import type { KnownKeys } from "./suggest.ts";
import { targetList } from "./targets.ts";

/** Upper end of numbers that have no natural one: far above use, far below where nmap overflows. */
const MANY = 1_000_000_000;
/** Milliseconds; nmap refuses a `--max-rtt-timeout` and an `--initial-rtt-timeout` below it. */
const LEAST_RTT = 5;

const server = mapping({
  address: listenAddress(),
  port: wholeNumber(0, 65535),
});

const scanning = mapping({
  interval: seconds(1),
  port_range: portList(),
  max_cidr_size: wholeNumber(0, 32),
  timeout: seconds(1),
  duration_metrics: truth(),
  disable_dns_resolution: truth(),
  udp_scan: truth(),
  min_rate: wholeNumber(0, MANY),
  max_rate: wholeNumber(0, MANY),
  min_parallelism: wholeNumber(0, MANY),
  max_retries: wholeNumber(0, 50),
  host_timeout: seconds(0),
  scan_delay: milliseconds(),
  max_scan_delay: milliseconds(),
  initial_rtt_timeout: milliseconds(LEAST_RTT),
  max_rtt_timeout: milliseconds(LEAST_RTT),
  min_rtt_timeout: milliseconds(LEAST_RTT),
  disable_host_discovery: truth(),
  rate_limit: wholeNumber(0, MANY),
  task_queue_size: wholeNumber(1, 1_000_000),
  worker_count: wholeNumber(1, 1000),
  scan_technique: oneOf(["auto", "syn", "connect"]),
  max_total_rate: wholeNumber(0, MANY),
  confirm_changes: truth(),
});

const state = mapping({
  path: filePath(),
  closed_port_retention: seconds(0),
  history_retention: seconds(0),
});

/** The configuration file: every key, with its type and range. Defaults are applied afterwards. */
export const configSchema = section(
  mapping({
    server: section(server),
    // Also when some keys are wrong, so that one run shows everything.
    scanning: section(scanning.superRefine(refuseContradictions, { when: () => true })),
    auth: authSection,
    targets: targetList,
    state: section(state),
  }),
);

/** A valid file, without defaults. */
export type WrittenConfig = z.output<typeof configSchema>;

/** What may be written where, for suggestions. */
export const KNOWN_KEYS: KnownKeys = new Map([
  ["", ["server", "scanning", "auth", "targets", "state"]],
  ["server", Object.keys(server.shape)],
  ["scanning", Object.keys(scanning.shape)],
  ["auth", ["basic"]],
  ["auth.basic", ["username", "password"]],
  ["state", Object.keys(state.shape)],
]);
