import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { checkPolicy } from "../../src/oneshot/policy_check.ts";
import {
  failedResult,
  isGood,
  makeResult,
  type ScanResult,
} from "../../src/oneshot/scan_result.ts";
import { textReport } from "../../src/oneshot/text_report.ts";
import { wantTargets } from "../../src/oneshot/wanted_targets.ts";
import { makeHost, makeUnit } from "../scan/builders.ts";
import { FakeNetwork } from "../scan/network.ts";
import { type FakeScan, scanFake } from "./builders.ts";

const STARTED = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** The result of one scan of TCP and UDP ports 1 to 9000 of a few addresses. */
async function scanned(
  targets: readonly string[],
  { config = "", protocol = "tcp", ...fake }: FakeScan & {
    /** Targets of a configuration, by which is judged where there are any. */
    readonly config?: string;
    readonly protocol?: Protocol;
  } = {},
): Promise<ScanResult> {
  const parsed = parseConfig(`targets: [${config}]`, "config.yaml").config;
  const ports = { portRange: "1-9000", ports: makeUnit("::", { ports: "1-9000" }).ports };
  const wanted = await wantTargets({ targets, ports, protocol }, parsed, {
    resolve: (name) =>
      Promise.resolve(
        name === "web.test"
          ? {
            kind: "resolved",
            addresses: [{ family: 4, value: 0x0a000001n, text: "10.0.0.1" }],
            unanswered: [],
          }
          : { kind: "unresolved", message: `Cannot resolve "${name}": there is no such name` },
      ),
  });
  const units = wanted.targets.flatMap(({ networks }) =>
    networks.map(({ text }) => makeUnit(text, { ports: "1-9000", protocol }))
  );
  const found = await scanFake(units, fake);
  const judges = parsed.targets.filter(({ hasPolicy }) => hasPolicy);
  return makeResult({
    wanted,
    scanned: found,
    problems: [],
    nmap: { version: "7.93", scan_technique: "syn" },
    startedAt: STARTED,
    seconds: 12.3456,
    policy: config === "" ? undefined : checkPolicy({ targets: judges, units, ...found }),
    warnings: [],
  });
}

const NETWORK = new FakeNetwork({
  "10.0.0.1": [22, 80, 443, 8080],
  "10.0.0.2": [53],
  "2001:db8::7": [8443],
});

const golden = (name: string) =>
  Deno.readTextFile(new URL(`../testdata/oneshot/${name}`, import.meta.url));

const CASES: Readonly<Record<string, () => Promise<ScanResult>>> = {
  complete: () => scanned(["web.test", "10.0.0.0/29", "2001:db8::7"], { network: NETWORK }),
  nothing_open: () => scanned(["10.0.0.0/28"]),
  udp: () => scanned(["10.0.0.2"], { network: NETWORK, protocol: "udp" }),
  incomplete: () =>
    scanned(["10.0.0.0/29", "gone.test"], {
      network: NETWORK,
      change: (outcome) => ({
        ...outcome,
        failure: { type: "killed", message: "Cannot finish the scan: SIGKILL ended nmap" },
        hosts: [
          makeHost("10.0.0.1", { open: [22], unreachable: "8000-9000" }),
          makeHost("10.0.0.4", { timedOut: true }),
        ],
      }),
    }),
  violations: () =>
    scanned(["10.0.0.0/29", "10.1.0.0/30", "2001:db8::7", "10.2.0.0/31"], {
      network: NETWORK,
      config: '{target: 10.0.0.0/29, name: dmz, expected_ports: "22,9443", allowed_ports: "80"}, ' +
        '{target: 10.1.0.0/30, expected_ports: "22"}, {target: "2001:db8::7", expected_ports: "8443"}',
    }),
  as_expected: () =>
    scanned(["2001:db8::7"], {
      network: NETWORK,
      config: '{target: "2001:db8::7", name: six, expected_ports: "8443"}',
    }),
};

for (const [name, make] of Object.entries(CASES)) {
  Deno.test(`textReport() and JSON of a scan: ${name}`, async () => {
    const result = await make();
    const json = `${JSON.stringify(result, null, 2)}\n`;
    if (Deno.args.includes("--update")) {
      const at = (ending: string) =>
        new URL(`../testdata/oneshot/${name}.${ending}`, import.meta.url);
      await Deno.writeTextFile(at("txt"), textReport(result));
      await Deno.writeTextFile(at("json"), json);
    }
    assert.equal(textReport(result), await golden(`${name}.txt`));
    assert.equal(json, await golden(`${name}.json`));
  });
}

Deno.test("isGood() holds of what is complete and complies, and of nothing else", async () => {
  const good = await Promise.all(
    Object.entries(CASES).map(async ([name, make]) => isGood(await make()) ? [name] : []),
  );
  assert.deepEqual(good.flat(), ["complete", "nothing_open", "udp", "as_expected"]);
});

Deno.test("textReport() has no control character of what it was told, and an end to each list", async () => {
  const result = await CASES["violations"]!();
  const line = result.policy!.unexpected[0]!;
  const text = textReport({
    ...result,
    policy: {
      ...result.policy!,
      unexpected: Array.from({ length: 60 }, () => ({ ...line, name: "\u001b[31m" })),
    },
  });
  assert.equal(/[^\n -~…]/.test(text), false);
  assert.match(text, /\n {2}and 10 more\n/);
  assert.match(text, /\n[^\n]*, 61 policy violations\n$/);
});

Deno.test("makeResult() calls a scan failed of which nothing is known, and no other", async () => {
  const f = async (hosts: readonly ReturnType<typeof makeHost>[], status: string) => {
    const failure = { type: "bad_output", message: "Cannot read nmap's output" } as const;
    const result = await scanned(["10.0.0.1"], {
      change: (outcome) => ({ ...outcome, failure, hosts }),
    });
    assert.deepEqual([result.status, result.summary.unknown, isGood(result)], [status, 1, false]);
  };
  await f([], "failed");
  // Reported whole, by a process that came to a bad end after that.
  await f([makeHost("10.0.0.1", { open: [22] })], "partial");
});

Deno.test("textReport() says why nothing was begun, and as expected only of what was checked", async () => {
  const stopped = failedResult({ type: "stopped", message: "Cannot scan: \u001b" }, {
    startedAt: STARTED,
    now: STARTED + 1500,
  });
  assert.match(textReport(stopped), /^Cannot scan: \\u001b\n\n0 addresses: .*; 1\.5 s; failed\n$/);
  const result = await CASES["as_expected"]!();
  const text = textReport({ ...result, policy: { ...result.policy!, without_policy: ["::1"] } });
  assert.match(
    text,
    /\nWithout a policy:\n {2}::1\n[^]*; complete, as expected where it was checked\n$/,
  );
});

Deno.test("failedResult() has every key of a result", async () => {
  const failed = failedResult({ type: "usage", message: "Cannot" }, {
    startedAt: STARTED,
    now: STARTED + 1234,
  });
  assert.deepEqual([failed.started_at, failed.seconds], ["2026-01-02T03:04:05.678Z", 1.234]);
  const whole = await CASES["complete"]!();
  assert.deepEqual(Object.keys(failed), Object.keys(whole));
  assert.deepEqual(Object.keys(failed.summary), Object.keys(whole.summary));
  assert.equal(isGood(failed), false);
});
