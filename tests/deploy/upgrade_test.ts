import assert from "node:assert/strict";
import { KNOWN_KEYS } from "../../src/config/schema.ts";
import { ROOT } from "../support/root.ts";

const readme = await Deno.readTextFile(`${ROOT}README.md`);
const section = between(readme, "\n## Upgrade from the Go original\n", "\n## ");
const [tasksKind, converted] = [...section.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map((match) => match[1]!) as [string, string];

/** Everything that the first kind of the Go original has in its configuration. */
const FIRST_KIND = `
server:
  port: 0
scanning:
  interval: 43200
  port_range: "20-1023,8080"
  max_cidr_size: 28
  timeout: 1800
  duration_metrics: true
  disable_dns_resolution: true
  udp_scan: false
  rate_limit: 20
  task_queue_size: 500
  worker_count: 4
  min_rate: 1500
  max_rate: 2000
  min_parallelism: 1200
  max_retries: 4
  host_timeout: 180
  scan_delay: 0
  max_scan_delay: 0
  initial_rtt_timeout: 100
  max_rtt_timeout: 1500
  min_rtt_timeout: 50
  disable_host_discovery: true
auth:
  basic:
    username: scanner
    password: one of many words
targets:
  - 127.0.0.1/32
  - 127.0.1.0/24
`;

function between(text: string, begin: string, end: string): string {
  const start = text.indexOf(begin);
  assert.ok(start >= 0, `README.md has ${begin.trim()}`);
  const stop = text.indexOf(end, start + begin.length);
  return text.slice(start + begin.length, stop < 0 ? undefined : stop);
}

/** Rows of the table under a heading of the section: the cells of each. */
function table(heading: string): string[][] {
  return between(section, `\n### ${heading}\n`, "\n### ").split("\n")
    .filter((line) => line.startsWith("| ")).slice(2)
    .map((line) => line.slice(2, -2).split(" | ").map((cell) => cell.trim()));
}

/** What is in backticks, without labels. */
function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!.replace(/\{.*\}$/, ""));
}

function isKnown(key: string): boolean {
  const dot = key.lastIndexOf(".");
  return KNOWN_KEYS.get(key.slice(0, Math.max(dot, 0)))?.includes(key.slice(dot + 1)) === true;
}

async function check(config: string): Promise<{ code: number; text: string }> {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(path, config);
    return await run("--config.check", `--config.file=${path}`);
  } finally {
    await Deno.remove(path);
  }
}

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "--allow-all", `${ROOT}main.ts`, ...args],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("--config.check accepts the configuration of the first kind as it is", async () => {
  const { code, text } = await check(FIRST_KIND);
  assert.equal(code, 0, text);
  assert.match(text, /: OK\n$/);
});

Deno.test("--config.check refuses the example of the tasks kind, and names every key to change", async () => {
  const { code, text } = await check(tasksKind);
  assert.equal(code, 2);
  const gone = ["server.trusted_proxies_cidrs", "scanning.use_syn_scan", "targets[0].module"];
  const sections = ["background_details", "scheduler", "modules", "policy.client_allow_cidrs"];
  const policy = ["rate_limit_rps", "rate_burst", "max_concurrent", "series_limit"];
  for (const key of [...gone, ...sections, ...policy.map((key) => `policy.${key}`)]) {
    assert.ok(text.includes(` ${key}: `), `${key}\n${text}`);
  }
});

Deno.test("--config.check accepts the example as the section converts it", async () => {
  const { code, text } = await check(converted);
  assert.equal(code, 0, text);
});

Deno.test("the section's table of keys is true of the configuration", () => {
  const rows = table("Configuration, key by key");
  assert.ok(rows.length > 40, String(rows.length));
  for (const [there, here] of rows as [string, string][]) {
    if (there === "unknown keys") continue;
    const same = here === "same";
    for (const key of names(there)) assert.equal(isKnown(key), same, `${key} is ${here}`);
    assert.ok(same || here === "none" || names(here).length > 0, there);
    for (const key of names(here)) assert.ok(isKnown(key), `${key} takes the place of ${there}`);
  }
});

Deno.test("the section's table of keys has every key of the first kind and of the example", () => {
  const cells = table("Configuration, key by key").flatMap(([there]) => names(there!));
  const listed = (key: string) =>
    cells.some((cell) => cell === key || key.startsWith(`${cell}.`) || cell.startsWith(`${key}.`));
  for (const text of [FIRST_KIND, tasksKind]) {
    for (const key of keysOf(text)) assert.ok(listed(key), key);
  }
});

/** Paths of keys of the first two levels that are written as blocks. */
function* keysOf(yaml: string): Generator<string> {
  let top = "";
  for (const line of yaml.split("\n")) {
    const key = /^(?: {2})?([a-z_]+):/.exec(line)?.[1];
    if (key === undefined) continue;
    if (!line.startsWith(" ")) top = key;
    yield line.startsWith(" ") ? `${top}.${key}` : key;
  }
}

Deno.test("the section's table of flags names flags that exist", async () => {
  const { text } = await run("--help");
  for (const [there, here] of table("Flags and environment") as [string, string][]) {
    for (const flag of names(here)) assert.ok(text.includes(flag), `${flag} for ${there}`);
  }
});

Deno.test("the section's table of metrics names metrics that are documented", () => {
  const documented = new Set(names(between(readme, "\n## Metrics\n", "\n## ")));
  for (const [there, here] of table("Metrics, one by one") as [string, string][]) {
    for (const name of here === "same" ? names(there) : names(here)) {
      assert.ok(documented.has(name), `${name} for ${there}`);
    }
  }
});

Deno.test("the section has every metric that the contract keeps from the first kind", () => {
  const rows = table("Metrics, one by one").filter(([, here]) => here === "same");
  const kept = rows.flatMap(([there]) => names(there!)).sort();
  assert.deepEqual(kept, [
    "last_scan_timestamp_seconds",
    "nmap_host_down_count",
    "nmap_host_up_count",
    "nmap_scan_timeouts_total",
    "open_port_status",
    "open_ports_total",
    "port_state_changes_total",
    "scan_duration_histogram_seconds",
    "scan_duration_seconds",
    "scans_failed_total",
    "scans_successful_total",
    "task_queue_size",
  ]);
});
