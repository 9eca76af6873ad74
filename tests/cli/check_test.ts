import assert from "node:assert/strict";
import { join } from "node:path";
import { checkConfig, startWarnings } from "../../src/cli/check.ts";
import { ConfigError } from "../../src/config/config_error.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { inDirectory } from "../storage/builders.ts";

/** Checks a configuration in a directory; resolves with what is printed, without the directory. */
async function check(directory: string, config: string): Promise<string> {
  const file = join(directory, "config.yaml");
  await Deno.writeTextFile(file, config);
  const text = await checkConfig({ configFile: file, webConfigFile: undefined }, {
    workingDirectory: "/",
  });
  return text.replaceAll(`${directory}/`, "");
}

Deno.test("checkConfig() prints the plan, warnings and a verdict", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(
      join(directory, "list.yaml"),
      "- targets: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4]\n" +
        "  labels: { __openport_port_range: 1-100, __openport_interval: 1h, env: lab }\n",
    );
    const text = await check(
      directory,
      `scanning: { interval: 2m, port_range: "1-65535", exclude: [10.9.0.0/30, 10.1.0.128/25] }
auth: { basic: {} }
targets_files: [list.yaml, gone.json]
targets_http: ["http://127.0.0.1:1/targets?token=hidden"]
targets:
  - 127.0.0.1
  - 10.9.0.0/30
  - target: 10.1.0.0/24
    name: dmz
    port_range: "22,80"
    interval: 6h
    protocol: both
    expected_ports: "22"
    sweeps: [{ port_range: "1-1000", interval: 15m }]
  - { target: 10.2.0.1, name: gate, port_range: "1-65535", interval: 1d, sweeps: [{ port_range: known, interval: 1m }] }
  - { target: [db.example.org, 10.3.0.0/30], name: db, port_range: "5432", interval: 90s }
  - { target: 8.8.0.0/16, port_range: "443", interval: 1d }
`,
    );
    assert.equal(
      text,
      `TARGET                 ADDRESSES  PORTS    PROTOCOL  EVERY   PROBES     TIME   SHARE
127.0.0.1                      1  1-65535  tcp          2m   65,535  2.2 min   110 %
10.9.0.0/30                    0  1-65535  tcp          2m        0    0.0 s   0.0 %
dmz                          128  22,80    tcp          6h      256    1.1 s  <0.1 %
                                  22,80    udp          6h      256    1.1 s  <0.1 %
                                  1-1000   tcp         15m  128,000     33 s   3.7 %
                                  1-1000   udp         15m  128,000     33 s   3.7 %
gate                           1  1-65535  tcp          1d   65,535  2.2 min   0.2 %
                                  known    tcp          1m        ?        ?       ?
db                    4 + 1 name  5432     tcp         90s        5    1.0 s   1.1 %
8.8.0.0/16                65,536  443      tcp          1d   65,536  4.5 min   0.3 %
192.0.2.1 and 3 more           4  1-100    tcp          1h      400    1.2 s  <0.1 %

All together: 10 targets, 65,674 addresses, 65,536 of them public, 17 % of the time of 10 workers.
PROBES are addresses times ports. TIME and its SHARE of the interval are estimates for addresses
that never answer, at the configured rates, if nothing else is scanned meanwhile.
What a sweep of known ports takes depends on what is open: it is not counted.
Host names are resolved at each scan; here each is counted as one address.

Targets of targets_http are not in the plan: nobody is asked for them here.

warning: config.yaml:2:16: auth.basic.password: is a default or sample that anybody would try (choose one of your own)
warning: Cannot read gone.json: it is not there (write [] into a file for no targets)
warning: target "127.0.0.1": a round of 1-65535/tcp takes about 133 s of the 120 s from one start to the next: it cannot be kept up with (raise the interval or the rate, or scan fewer ports)
warning: target "10.9.0.0/30": all of it is in scanning.exclude: nothing of it is scanned
warning: target "dmz": ports are expected on 128 addresses that are in scanning.exclude: they are never seen there
warning: target "8.8.0.0/16": 65,536 of its addresses are public: scan only what you are allowed to
config.yaml: OK (6 warnings)
`,
    );
  }));

Deno.test("checkConfig() puts 100,000 targets that are alike on one line, and bounds the others", () =>
  inDirectory(async (directory) => {
    const alike = Array.from(
      { length: 100_000 },
      (_, i) => `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`,
    );
    const others = Array.from({ length: 200 }, (_, i) => `{ target: 192.0.2.${i}, name: t${i} }`);
    const text = await check(
      directory,
      `scanning: { port_range: "22" }\ntargets:\n${
        [...alike, ...others].map((target) => `  - ${target}\n`).join("")
      }`,
    );
    const lines = text.split("\n");
    assert.match(
      lines[1]!,
      /^10\.0\.0\.0 and 99,999 more +100,000 +22 +tcp +1d +100,000 +2\.8 h +12 %$/,
    );
    assert.match(lines[2]!, /^t0 /);
    assert.ok(lines.includes("and 151 more targets"));
    assert.ok(lines.length < 70);
    assert.match(
      text,
      /^All together: 100,200 targets, 100,200 addresses, 12 % of the time of 10 workers\.$/m,
    );
  }));

Deno.test("checkConfig() says that nothing is scanned where there are no targets", () =>
  inDirectory(async (directory) => {
    const warning = "nothing is scanned but what requests ask for\nconfig.yaml: OK (1 warning)\n";
    assert.equal(await check(directory, "{}"), `warning: targets: there are none: ${warning}`);
    await Deno.writeTextFile(join(directory, "list.json"), "[]");
    assert.equal(
      await check(directory, "targets_files: [list.json]"),
      `warning: targets: there are none, also in targets_files: ${warning}`,
    );
  }));

Deno.test("checkConfig() tells what is wrong in files of targets", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(
      join(directory, "a.json"),
      '[{"targets": ["10.0.0.1", "10.0.0.300"]}]',
    );
    await Deno.writeTextFile(join(directory, "b.json"), "[{]");
    const text = await check(directory, "targets_files: ['*.json', '*.yml']\ntargets: [127.0.0.1]");
    const warnings = text.split("\n").filter((line) => line.startsWith("warning: "));
    assert.equal(warnings.length, 3, text);
    assert.match(warnings[0]!, /b\.json/);
    assert.match(warnings[1]!, /Cannot find any file for \*\.yml/);
    assert.match(warnings[2]!, /a\.json: target .*10\.0\.0\.300/);
    assert.match(text, /^10\.0\.0\.1 +1 /m);
  }));

Deno.test("checkConfig() fails for a configuration that is wrong", () =>
  inDirectory(async (directory) => {
    await assert.rejects(check(directory, "targets: [10.0.0.300]"), ConfigError);
  }));

Deno.test("startWarnings() warns of what cannot finish and of what cannot be kept up with", () => {
  const { config } = parseConfig(
    "scanning: { interval: 100, host_timeout: 60 }\ntargets: [10.0.0.1]",
    "config.yaml",
  );
  const found = startWarnings(config).map((line) => line.split(": ")[0]);
  assert.deepEqual(found, ["scanning.host_timeout", 'target "10.0.0.1"']);
});
