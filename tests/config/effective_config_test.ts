import assert from "node:assert/strict";
import fc from "fast-check";
import type { Config, SecretConfig } from "../../src/config/config.ts";
import { effectiveConfigYaml } from "../../src/config/effective_config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { KNOWN_KEYS } from "../../src/config/schema.ts";
import { plain } from "./builders.ts";

function parse(text: string): Config {
  return parseConfig(text, "config.yaml", { readSecret: (path) => `secret-of-${path}` }).config;
}

/** Keys that stand for another one beside which they cannot stand. */
const WRITTEN_AS = new Map([["password_file", "password"], ["bearer_token_file", "bearer_token"]]);

/** The configuration that the effective text of `config` comes to. */
function again(config: Config): Config {
  return parse(effectiveConfigYaml(config));
}

/** `config` as it comes back: everything but secrets and the queries of URLs. */
function hidden({ auth, targetsHttp, ...config }: Config): Config {
  return {
    ...config,
    auth: auth && {
      basic: auth.basic && { ...auth.basic, password: hiddenSecret(auth.basic.password) },
      bearerToken: auth.bearerToken && hiddenSecret(auth.bearerToken),
    },
    targetsHttp: targetsHttp.map((source) => ({
      ...source,
      url: source.url.replace(/\?.*/, "?%3Csecret%3E"),
    })),
  };
}

function hiddenSecret(secret: SecretConfig): SecretConfig {
  return secret.file === undefined ? { ...secret, value: "<secret>" } : secret;
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
  udp_scan: false
  disable_dns_resolution: true
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
  scan_technique: auto
  rate_limit: 30
  task_queue_size: 1000
  worker_count: 10
  max_total_rate: 0
  confirm_changes: true
  max_open_ports_per_host: 1000
  exclude: []
# auth: none, everything is public
targets: []
targets_files: []
targets_http: []
policy:
  allowed_networks: []
  client_networks: []
  trusted_proxies: []
  max_probes: 16777216
state:
  # path: "openport-exporter.db"
  closed_port_retention: 604800
  history_retention: 7776000
metrics:
  port_series_limit: 1000000
`,
  );
});

Deno.test("effectiveConfigYaml() shows every key there is, and no secret", () => {
  const yaml = effectiveConfigYaml(parse(`
auth: { basic: { username: ops, password: s3cret-42 }, bearer_token: s3cret-44 }
targets:
  - 127.0.0.1
  - 192.0.2.77/24
  - target: [10.0.0.1, a.example.com]
    name: dmz
    expected_ports: ""
    sweeps: [{ port_range: "22", interval: 60 }]
    scanning: { max_rate: 5, timeout: 60 }
targets_http: ["https://example.com/sd?token=s3cret-43"]
state: { path: a.db }
`));
  for (const [section, keys] of KNOWN_KEYS) {
    const parts = section === "" ? [] : section.split(/\.|(?=\[)/);
    const item = section.endsWith("[]");
    const indent = "  ".repeat(item ? parts.length - 1 : parts.length);
    for (const key of keys.map((key) => WRITTEN_AS.get(key) ?? key)) {
      assert.match(yaml, new RegExp(`^${indent}${item ? "[ -] " : ""}${key}:`, "m"), key);
    }
  }
  assert.doesNotMatch(yaml, /s3cret/);
  assert.match(yaml, /^ {2}- url: "https:\/\/example\.com\/sd\?<secret>"$/m);
  assert.match(yaml, /^ {4}username: "ops"\n {4}password: <secret>$/m);
  assert.match(
    yaml,
    /^targets:\n {2}- "127\.0\.0\.1"\n {2}- "192\.0\.2\.77\/24"\n {2}- target: \[/m,
  );
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
const networks = fc.array(fc.constantFrom("0.0.0.0/0", "192.0.2.77/24", "2001:db8::/32"));
const targetText = fc.constantFrom(
  "127.0.0.1",
  "192.0.2.77/24",
  " ::1 ",
  "2001:db8::/112",
  "Web.example.com.",
);
const ports = fc.constantFrom("", "22/tcp,53/udp", "80, 443 ,8000 - 8100/udp");
const targetObject = fc.record({
  target: fc.oneof(targetText, fc.array(targetText, { minLength: 1, maxLength: 3 })),
  name: odd.map((text) => `x${text.replace(/[\p{Cc}\p{Cs}]/gu, "_").trim()}x`),
  port_range: fc.constantFrom("22", "1-65535", "80, 443 ,8000-8100", "top:100"),
  protocol: fc.constantFrom("tcp", "udp", "both"),
  interval: fc.constantFrom("6h", "1d"),
  expected_ports: ports,
  allowed_ports: ports,
  sweeps: fc.uniqueArray(
    fc.record({
      port_range: fc.constantFrom("known", "top:7", "1-5"),
      interval: fc.constantFrom("1m", "2h"),
    }),
    { selector: ({ port_range }) => port_range },
  ),
  scanning: fc.record({
    min_rate: fc.integer({ min: 0, max: 99 }),
    scan_delay: fc.integer({ min: 1, max: 100 }),
    max_retries: fc.integer({ min: 0, max: 50 }),
    scan_technique: fc.constantFrom("auto", "syn", "connect"),
    disable_host_discovery: fc.boolean(),
    timeout: fc.constantFrom("1h30m", "90s"),
  }, { requiredKeys: [] }),
}, { requiredKeys: ["target", "name"] });
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
    max_open_ports_per_host: fc.integer({ min: 1, max: 10 ** 9 }),
    exclude: networks,
  }, { requiredKeys: [] }),
  auth: fc.oneof(
    fc.record({
      basic: fc.oneof(
        fc.record({ username, password: fc.constantFrom("sesame", "007") }),
        fc.record({ username, password_file: fc.constantFrom("a", "/run/x y") }),
      ),
      bearer_token: fc.constantFrom("abc=", "007"),
    }, { requiredKeys: ["basic"] }),
    fc.record({ bearer_token_file: fc.constantFrom("token", "/t:1") }),
  ),
  targets: fc.uniqueArray(fc.oneof(targetText, targetObject), {
    maxLength: 4,
    selector: (target) => typeof target === "string" ? target.trim() : target.name,
  }),
  targets_files: fc.array(fc.constantFrom("a.json", "sd/*.yml", "/x/Y*.yaml")),
  targets_http: fc.array(fc.oneof(
    fc.constantFrom("http://a", "https://a.example.com:1/b?c=d#e"),
    fc.record({ url: fc.constant("http://b/"), refresh_interval: fc.constantFrom("5m") }, {
      requiredKeys: ["url"],
    }),
  )),
  policy: fc.record({
    allowed_networks: networks,
    client_networks: networks,
    trusted_proxies: networks,
    max_probes: fc.integer({ min: 1, max: 2 ** 40 }),
  }, { requiredKeys: [] }),
  metrics: fc.record({ port_series_limit: fc.integer({ min: 1, max: 10 ** 9 }) }, {
    requiredKeys: [],
  }),
  state: fc.record({
    path,
    closed_port_retention: fc.constantFrom("0s", "7d"),
    history_retention: fc.integer({ min: 0, max: 315_360_000 }),
  }, { requiredKeys: [] }),
}, { requiredKeys: [] });

/** A configuration file in flow style; durations and techniques plain, other text as escapes. */
function write(value: unknown): string {
  if (typeof value === "string") {
    return /^(?:\d+[dhms]\w*|auto|syn|connect|tcp|udp|both)$/.test(value) ? value : escaped(value);
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
    { numRuns: 300 },
  );
});
