import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { rulesOf } from "../../src/cli/monitoring_command.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { alertingRules, alertingRulesYaml } from "../../src/monitoring/alerting_rules.ts";
import { knownLabels, knownMetrics, labelsIn, metricsIn } from "./metric_names.ts";
import { promtool, withFiles } from "./promtool.ts";
import { ROOT } from "../support/root.ts";

const RULES = `${ROOT}deploy/prometheus/rules.yml`;

const config = (text: string) => parseConfig(text, "config.yaml").config;
const yamlOf = (text: string) => alertingRulesYaml(config(text));

Deno.test("deploy/prometheus/rules.yml is what the rules command prints for config.yaml", async () => {
  assert.equal(
    await Deno.readTextFile(RULES),
    await rulesOf(`${ROOT}config.yaml`),
    "make it again: deno task start rules > deploy/prometheus/rules.yml",
  );
});

Deno.test("promtool accepts the rules, and each of them fires and stays silent rightly", async () => {
  await assertClean(RULES);
  const { ok, text } = await promtool("test", "rules", testFile());
  assert.ok(ok, text);
});

/** Checks a rule file with promtool, which ends well also where rules are there twice. */
async function assertClean(file: string): Promise<void> {
  const { ok, text } = await promtool("check", "rules", "--lint-fatal", file);
  assert.ok(ok, text);
}

function testFile(): string {
  return RULES.replace("rules.yml", "rules_test.yml");
}

Deno.test("every alert is in a test as one that fires", async () => {
  const tests = await Deno.readTextFile(testFile());
  const here = await Deno.readTextFile(new URL(import.meta.url));
  for (const { alert } of alertingRules(config("targets: [127.0.0.1]\n")).flatMap(rulesIn)) {
    assert.ok((tests + here).includes(`alertname="${alert}"`), alert);
  }
});

function rulesIn({ rules }: ReturnType<typeof alertingRules>[number]) {
  return rules;
}

Deno.test("rules read metrics that the program serves, and say what to do", () => {
  const known = knownMetrics();
  const labels = knownLabels();
  const groups = alertingRules(
    config("targets: [127.0.0.1, db.example]\ntargets_files: [a.json]\n"),
  );
  for (const { alert, expr, summary, description } of groups.flatMap(rulesIn)) {
    const metrics = metricsIn(expr);
    assert.ok(metrics.length > 0, alert);
    for (const metric of metrics) assert.ok(known.has(metric), `${alert}: ${metric}`);
    for (const label of labelsIn(expr)) assert.ok(labels.has(label), `${alert}: ${label}`);
    assert.ok(summary.length <= 200 && summary.endsWith("."), summary);
    assert.ok(description.length > 40 && description.endsWith("."), description);
  }
});

Deno.test("rules name headings of README.md, and README.md has a row for each of them", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  // As forges make them of headings.
  const anchors = [...readme.matchAll(/^##+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
  );
  for (const { alert, runbook } of alertingRules(config("targets: [::1]\n")).flatMap(rulesIn)) {
    assert.ok(anchors.includes(runbook), `${alert}: ${runbook}`);
    assert.match(readme, new RegExp(`^\\| .*\`(Openport|…)${alert.slice(8)}\``, "m"));
  }
});

Deno.test("rules with any names of targets are YAML that says the same, and promtool accepts them", async () => {
  const hostile = fc.constantFrom(
    ..."\"'\\`{}[]()$%|&*!?#:,.-~^<>@=+/ \t\u2028\ufeff\ufffe\u202eäß日{{}}$1\u{1f600}",
  );
  const name = fc.array(
    fc.oneof(
      hostile,
      fc.constantFrom("{{", "}}", "{{ .Value }}", "{{/*", "$1", "${1}", "%s", "\\n", '\\"', "\n#"),
      fc.string({ unit: "binary" }),
    ),
    { minLength: 1, maxLength: 12 },
  ).map((parts) => parts.join("").replace(/[\p{Cc}\p{Cs}]/gu, "").trim())
    .filter((name) => name !== "" && [...name].length <= 200);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 1, maxLength: 12 }),
      async (names) => {
        const targets = names.map((name, n) => ({
          target: `192.0.2.${n}`,
          name,
          interval: 60 * (n % 3 + 1),
        }));
        // As a file would have to be written: what does not print stands as an escape.
        const escaped = JSON.stringify({ targets }).replace(
          /[^\p{L}\p{N}\p{P}\p{S} ]/gu,
          (char) => `\\U${char.codePointAt(0)!.toString(16).padStart(8, "0")}`,
        );
        const whole = config(escaped);
        const text = alertingRulesYaml(whole);
        const read = parse(text);
        for (const [g, { rules }] of alertingRules(whole).entries()) {
          for (const [r, { expr, summary, description, runbook }] of rules.entries()) {
            const rule = read.groups[g].rules[r];
            assert.deepEqual(
              [rule.expr, rule.annotations],
              [expr, { summary, description, runbook: `README.md#${runbook}` }],
            );
          }
        }
        await withFiles({ "rules.yml": text }, async (directory) => {
          await assertClean(`${directory}/rules.yml`);
        });
      },
    ),
    { numRuns: 25 },
  );
});

/** Runs one case against the rules of a configuration: what fires of which labels at which time. */
async function assertFiring(
  configText: string,
  { series, at, labels, expected }: {
    readonly series: Readonly<Record<string, string>>;
    readonly at: string;
    readonly labels: string;
    readonly expected: readonly string[];
  },
): Promise<void> {
  const tests = {
    rule_files: ["rules.yml"],
    evaluation_interval: "1m",
    tests: [{
      interval: "1m",
      input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
      promql_expr_test: [{
        expr: `group by (${labels}) (ALERTS{alertstate="firing"})`,
        eval_time: at,
        exp_samples: expected.map((labels) => ({ labels, value: 1 })),
      }],
    }],
  };
  const files = { "rules.yml": yamlOf(configText), "test.yml": JSON.stringify(tests) };
  await withFiles(files, async (directory) => {
    const { ok, text } = await promtool("test", "rules", `${directory}/test.yml`);
    assert.ok(ok, text);
  });
}

Deno.test("what takes the place of a series that is cut off is not called opened, and the change is told", async () => {
  const status = (port: number) => `open_port_status{ip="127.0.0.1",port="${port}",protocol="tcp"}`;
  await assertFiring(
    "scanning: { max_open_ports_per_host: 3 }\ntargets: [127.0.0.1]\n",
    {
      series: {
        openport_task_queue_capacity: "1000+0x80",
        task_queue_size: "0+0x80",
        'openport_nmap_info{version="7.93"}': "1+0x80",
        'open_ports_total{ip="127.0.0.1"}': "4+0x80",
        'port_state_changes_total{target="127.0.0.1/32",change_type="closed_to_open"}':
          "0+0x60 1+0x20",
        [status(1)]: "1+0x80",
        [status(2)]: "1+0x80",
        [status(3)]: "1+0x60 stale",
        [status(4)]: "_x61 1+0x20",
      },
      at: "62m",
      labels: "alertname, port, target",
      expected: ['{alertname="OpenportPortsChangedUnnamed",target="127.0.0.1/32"}'],
    },
  );
});

Deno.test("a port that closes is told although no 0 of it is ever seen", async () => {
  await assertFiring(
    "state: { closed_port_retention: 0 }\ntargets: [127.0.0.1]\n",
    {
      series: {
        openport_task_queue_capacity: "1000+0x80",
        task_queue_size: "0+0x80",
        'openport_nmap_info{version="7.93"}': "1+0x80",
        'open_ports_total{ip="127.0.0.1"}': "1+0x60 0+0x20",
        'port_state_changes_total{target="127.0.0.1/32",change_type="open_to_closed"}':
          "0+0x60 1+0x20",
        'open_port_status{ip="127.0.0.1",port="22",protocol="tcp"}': "1+0x60 stale",
      },
      at: "62m",
      labels: "alertname, port, target",
      expected: ['{alertname="OpenportPortsChangedUnnamed",target="127.0.0.1/32"}'],
    },
  );
});

Deno.test("an old scan is told by the name of its target, each at its own interval", async () => {
  const name = 'the "dmz" \\ {{ $1 }} ${2} $3';
  await assertFiring(
    `scanning: { interval: 1h, port_range: "22" }
targets:
  - 127.0.0.1
  - { target: 10.0.0.0/22, name: ${
      JSON.stringify(name)
    }, interval: 5m, sweeps: [{ port_range: known, interval: 1d }] }
`,
    {
      series: Object.fromEntries([
        ["openport_task_queue_capacity", "1000+0x200"],
        ['openport_nmap_info{version="7.93"}', "1+0x200"],
        ...["127.0.0.1/32", "10.0.0.0/24", "10.0.3.0/24", "10.0.4.0/24"].flatMap((target) =>
          ["22", "known"].map((ports) => [
            `last_scan_timestamp_seconds{target="${target}",port_range="${ports}",protocol="tcp"}`,
            "0+0x200",
          ])
        ),
      ]),
      at: "60m",
      labels: "alertname, target, port_range, name",
      expected: ["10.0.0.0/24", "10.0.3.0/24"].map((target) =>
        `{alertname="OpenportScanStale",target="${target}",port_range="22",name=${
          JSON.stringify(name)
        }}`
      ),
    },
  );
});

Deno.test("turns that are lost count by the interval of the scan that lost them, and name its target", async () => {
  const skipped = (portRange: string) =>
    `openport_scans_skipped_total{target="192.0.2.1/32",port_range="${portRange}",protocol="tcp"}`;
  await assertFiring(
    `targets:
  - { target: 192.0.2.1, name: web, port_range: "22", interval: 1h, sweeps: [{ port_range: known, interval: 1m }] }
`,
    {
      series: {
        openport_task_queue_capacity: "1000+0x400",
        'openport_nmap_info{version="7.93"}': "1+0x400",
        [skipped("22")]: "0+0x200 1+0x59 2+0x59 3+0x100",
        // As few in hours of a sweep that has 60 turns in each are no news.
        [skipped("known")]: "0+0x200 1+0x59 2+0x59 3+0x100",
      },
      at: "370m",
      labels: "alertname, port_range, name, interval",
      expected: ['{alertname="OpenportScansSkipped",port_range="22",name="web",interval="1h"}'],
    },
  );
});

Deno.test("rules do not grow with the addresses of a target", () => {
  const one = yamlOf("targets: [10.0.0.0/24]\n");
  const many = yamlOf("targets: [10.0.0.0/8]\n");
  assert.ok(many.length < one.length * 1.5, `${one.length} and ${many.length} bytes`);
});

Deno.test("rules look back no further than Prometheus keeps data by default, however long an interval is", () => {
  const text = yamlOf("scanning: { interval: 3650d }\ntargets: [127.0.0.1]\n");
  const offsets = new Set([...text.matchAll(/offset (\w+)/g)].map(([, time]) => time));
  assert.deepEqual([...offsets].sort(), ["15m", "7d"]);
  assert.match(text, /> 63072\d{4}\n/, "old data are told by their age, of two intervals");
});

Deno.test("without targets there are no rules of scans, and all others", async () => {
  const text = yamlOf("targets: []\n");
  assert.ok(!text.includes("OpenportScan") && text.includes("OpenportPortOpened"));
  await withFiles({ "rules.yml": text }, async (directory) => {
    await assertClean(`${directory}/rules.yml`);
  });
});
