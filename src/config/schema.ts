import type * as z from "zod";
import { AUTH_KEYS, authSection } from "./auth.ts";
import { MANY, nmapKeys } from "./nmap_options.ts";
import {
  filePath,
  listenAddress,
  parsedText,
  portList,
  seconds,
  truth,
  wholeNumber,
} from "./scalars.ts";
import { list, mapping, section } from "./section.ts";
import { fileList, httpList, httpObject } from "./sources.ts";
import type { KnownKeys } from "./suggest.ts";
import { readNetwork } from "./target_text.ts";
import { SWEEP_KEYS, targetList, targetObject, targetScanning } from "./targets.ts";

/** Most probes that one request may be allowed: every port of 2^24 addresses is below it. */
const MOST_PROBES = 2 ** 40;

const networks = list(
  parsedText(
    readNetwork,
    "must be an address or CIDR as text, such as 192.0.2.1 or 192.0.2.0/24",
  ),
  'each address or CIDR on a line of its own, such as "- 192.0.2.0/24"',
);

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
  udp_scan: truth(),
  ...nmapKeys.shape,
  rate_limit: wholeNumber(0, MANY),
  task_queue_size: wholeNumber(1, 1_000_000),
  worker_count: wholeNumber(1, 1000),
  max_total_rate: wholeNumber(0, MANY),
  confirm_changes: truth(),
  max_open_ports_per_host: wholeNumber(1, MANY),
  exclude: networks,
});

const policy = mapping({
  allowed_networks: networks,
  client_networks: networks,
  trusted_proxies: networks,
  max_probes: wholeNumber(1, MOST_PROBES),
});

const state = mapping({
  path: filePath(),
  closed_port_retention: seconds(0),
  history_retention: seconds(0),
});

const metrics = mapping({ port_series_limit: wholeNumber(1, MANY) });

const file = mapping({
  server: section(server),
  scanning: section(scanning),
  auth: authSection,
  targets: targetList,
  targets_files: fileList,
  targets_http: httpList,
  policy: section(policy),
  state: section(state),
  metrics: section(metrics),
});

/** The configuration file: every key, with its type and range. Defaults are applied afterwards. */
export const configSchema = section(file);

/** A valid file, without defaults; an item of a list that was refused is undefined. */
export type WrittenConfig = z.output<typeof configSchema>;

/** What may be written where, for suggestions; the mappings in a list are at its path and `[]`. */
export const KNOWN_KEYS: KnownKeys = new Map<string, readonly string[]>([
  ["", Object.keys(file.shape)],
  ["server", Object.keys(server.shape)],
  ["scanning", Object.keys(scanning.shape)],
  ...AUTH_KEYS,
  ["policy", Object.keys(policy.shape)],
  ["state", Object.keys(state.shape)],
  ["metrics", Object.keys(metrics.shape)],
  ["targets[]", Object.keys(targetObject.shape)],
  ["targets[].sweeps[]", SWEEP_KEYS],
  ["targets[].scanning", Object.keys(targetScanning.shape)],
  ["targets_http[]", Object.keys(httpObject.shape)],
]);
