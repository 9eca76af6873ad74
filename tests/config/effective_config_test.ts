import assert from "node:assert/strict";
import fc from "fast-check";
import type { Config } from "../../src/config/config.ts";
import { effectiveConfigYaml } from "../../src/config/effective_config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { KNOWN_KEYS } from "../../src/config/schema.ts";
import { plain } from "./builders.ts";

function parse(text: string): Config {
  return parseConfig(text, "config.yaml").config;
}

/** The configuration that the effective text of `config` comes to. */
function again(config: Config): Config {
  return parse(effectiveConfigYaml(config));
}

/** `config` as it comes back: everything but the password. */
function hidden(config: Config): Config {
  const { auth } = config;
  return auth === undefined ? config : { ...config, auth: { ...auth, password: "<secret>" } };
}

Deno.test("effectiveConfigYaml() shows every key of an empty file with its default", () => {
  assert.equal(
    effectiveConfigYaml(parse("")),
    `server:
  port: 9919
  address: "0.0.0.0"
scanning:
  interval: 86400
  port_range: "1-65535"
  max_cidr_size: 24
  timeout: 3600
  duration_metrics: false
  disable_dns_resolution: true
  udp_scan: false
  min_rate: 1000
  max_rate: 0
  min_parallelism: 1000
  max_retries: 6
  host_timeout: 300
  scan_delay: 0
  max_scan_delay: 0
  initial_rtt_timeout: 0
  max_rtt_timeout: 0
  min_rtt_timeout: 0
  disable_host_discovery: true
  rate_limit: 30
  task_queue_size: 1000
  worker_count: 10
  scan_technique: auto
  max_total_rate: 0
  confirm_changes: true
# auth: none, everything is public
targets: []
state:
  # path: "openport-exporter.db"
  closed_port_retention: 604800
  history_retention: 7776000
`,
  );
});

Deno.test("effectiveConfigYaml() shows every key there is, and no secret", () => {
  const yaml = effectiveConfigYaml(parse(`
auth: { basic: { username: ops, password: s3cret-42 } }
targets: [127.0.0.1, 192.0.2.77/24]
state: { path: a.db }
`));
  for (const [section, keys] of KNOWN_KEYS) {
    const indent = section === "" ? "" : "  ".repeat(section.split(".").length);
    for (const key of keys) assert.match(yaml, new RegExp(`^${indent}${key}:`, "m"), key);
  }
  assert.doesNotMatch(yaml, /s3cret/);
  assert.match(yaml, /^ {4}username: "ops"\n {4}password: <secret>$/m);
  assert.match(yaml, /^targets:\n {2}- "127\.0\.0\.1"\n {2}- "192\.0\.2\.77\/24"$/m);
  assert.match(yaml, /^state:\n {2}path: "a\.db"$/m);
});

Deno.test("effectiveConfigYaml() means the same again as the files it was made from", () => {
  for (const name of ["full", "anchors", "empty_sections", "warnings"]) {
    const url = new URL(`../testdata/config/valid_${name}.yaml`, import.meta.url);
    const config = parse(Deno.readTextFileSync(url));
    assert.deepEqual(plain(again(config)), plain(hidden(config)), name);
  }
});

/** Text with what YAML, JSON and terminals read in a way of their own. */
const odd = fc.array(
  fc.oneof(
    fc.constantFrom(
      '"',
      "'",
      "\\",
      "#",
      " #",
      ": ",
      "- ",
      "&",
      "*",
      "!",
      "%",
      "{",
      "[",
      "~",
      "\u2028",
    ),
    fc.constantFrom(
      "\ufeff",
      "\ufffe",
      "\uffff",
      "\u202e",
      "\u200b",
      "\u00a0",
      "null",
      "\ud800",
      "true",
      "007",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
  ),
  { minLength: 1, maxLength: 8 },
).map((parts) => parts.join(""));

/** Reads text that is only escapes, as a file may hold it. */
function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}

const username = odd.map((text) => text.replace(/[:\p{Cc}]/gu, "_"));
const path = odd.map((text) => `x${text.replace(/[\p{Cc}\p{Cs}]/gu, "_").trim()}x`);
const written = fc.record({
  server: fc.record({
    port: fc.integer({ min: 0, max: 65535 }),
    address: fc.constantFrom("::", "::1", "127.0.0.1", "localhost", "2001:DB8:0::1"),
  }, { requiredKeys: [] }),
  scanning: fc.record({
    interval: fc.integer({ min: 1, max: 315_360_000 }),
    port_range: fc.constantFrom("22", "1-65535", "80, 443 ,8000-8100", "1,1,1"),
    max_cidr_size: fc.integer({ min: 0, max: 32 }),
    timeout: fc.constantFrom("1h30m", "90s", "1d"),
    duration_metrics: fc.boolean(),
    disable_dns_resolution: fc.boolean(),
    udp_scan: fc.boolean(),
    min_rate: fc.integer({ min: 0, max: 100 }),
    max_rate: fc.integer({ min: 100, max: 2000 }),
    min_parallelism: fc.integer({ min: 0, max: 2000 }),
    max_retries: fc.integer({ min: 0, max: 50 }),
    host_timeout: fc.constantFrom("0s", "5m"),
    scan_delay: fc.integer({ min: 0, max: 100 }),
    max_scan_delay: fc.constantFrom("0ms", "1s", "1s500ms"),
    initial_rtt_timeout: fc.integer({ min: 50, max: 99 }),
    max_rtt_timeout: fc.integer({ min: 100, max: 1000 }),
    min_rtt_timeout: fc.integer({ min: 5, max: 49 }),
    disable_host_discovery: fc.boolean(),
    rate_limit: fc.integer({ min: 0, max: 1000 }),
    task_queue_size: fc.integer({ min: 1, max: 1_000_000 }),
    worker_count: fc.integer({ min: 1, max: 1000 }),
    max_total_rate: fc.oneof(fc.constant(0), fc.integer({ min: 100_000, max: 1_000_000 })),
    scan_technique: fc.constantFrom("auto", "syn", "connect"),
    confirm_changes: fc.boolean(),
  }, { requiredKeys: [] }),
  auth: fc.record({
    basic: fc.record({ username, password: fc.constantFrom("sesame", "007") }),
  }),
  targets: fc.array(fc.constantFrom("127.0.0.1", "192.0.2.77/24", " ::1 ", "2001:db8::/112")),
  state: fc.record({
    path,
    closed_port_retention: fc.constantFrom("0s", "7d"),
    history_retention: fc.integer({ min: 0, max: 315_360_000 }),
  }, { requiredKeys: [] }),
}, { requiredKeys: [] });

/** A configuration file in flow style; durations and techniques plain, other text as escapes. */
function write(value: unknown): string {
  if (typeof value === "string") {
    return /^(?:\d+[dhms]\w*|auto|syn|connect)$/.test(value) ? value : escaped(value);
  }
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return `{ ${entries.map(([key, inner]) => `${key}: ${write(inner)}`).join(", ")} }`;
}

Deno.test("effectiveConfigYaml() means the same again, whatever was written", () => {
  fc.assert(
    fc.property(written, (file) => {
      const config = parse(write(file));
      assert.deepEqual(plain(again(config)), plain(hidden(config)));
      const yaml = effectiveConfigYaml(config);
      assert.doesNotMatch(yaml, /sesame|password: "?007/);
      assert.doesNotMatch(
        yaml,
        // deno-lint-ignore no-control-regex -- a terminal may obey these
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/,
      );
      assert.equal(effectiveConfigYaml(again(config)), yaml);
    }),
    { numRuns: 1000 },
  );
});
