import assert from "node:assert/strict";
import { hostLimitMetric } from "../../src/metrics/host_limit_metric.ts";
import { policyMetrics } from "../../src/metrics/policy_metrics.ts";
import { PortPolicy } from "../../src/policy/port_policy.ts";
import type { Exposition } from "../../src/prometheus/exposition.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { makeTarget } from "../policy/builders.ts";
import { makeState } from "../policy/make_state.ts";
import { samplesOf } from "../prometheus/samples.ts";
import { makeLook } from "../scan/builders.ts";

function makePage() {
  const { state } = makeState();
  const policy = new PortPolicy({ state, lookedForSince: () => undefined });
  const registry = new Registry();
  for (const family of policyMetrics(policy)) registry.register(family);
  return {
    policy,
    open: () => registry.open("text"),
    see: (...parts: Parameters<typeof makeLook>) =>
      void state.apply([makeLook(...parts)], "closings"),
  };
}

/** The samples on a page. */
function samplesIn(exposition: Exposition): string[] {
  let text = "";
  for (let part = exposition.next(); part !== undefined; part = exposition.next()) {
    text += new TextDecoder().decode(part);
  }
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("policyMetrics() has the counts of every policy target from the start", () => {
  const { policy, open } = makePage();
  assert.deepEqual(samplesIn(open()), []);
  policy.replace([
    makeTarget("b", { networks: "10.0.0.1", expected: "22" }),
    makeTarget('a "quoted"', { networks: "10.0.0.0/24", expected: "22" }),
  ]);
  assert.deepEqual(samplesIn(open()), [
    'openport_policy_unknown_ports{name="a \\"quoted\\""} 1',
    'openport_policy_unknown_ports{name="b"} 1',
    'openport_policy_violations{name="a \\"quoted\\""} 0',
    'openport_policy_violations{name="b"} 0',
  ]);
});

Deno.test("policyMetrics() has a series for each deviation while it lasts", () => {
  const { policy, open, see } = makePage();
  policy.replace([makeTarget('a"\n', { networks: "10.0.0.1", expected: "22", allowed: "80" })]);
  see({ open: [80, 99] });
  see({ protocol: "udp", open: [53] });
  const name = 'name="a\\"\\n"';
  assert.deepEqual(samplesIn(open()), [
    `openport_expected_port_missing{${name},ip="10.0.0.1",port="22",protocol="tcp"} 1`,
    `openport_policy_unknown_ports{${name}} 0`,
    `openport_policy_violations{${name}} 3`,
    `openport_unexpected_open_port{${name},ip="10.0.0.1",port="99",protocol="tcp"} 1`,
    `openport_unexpected_open_port{${name},ip="10.0.0.1",port="53",protocol="udp"} 1`,
  ]);
  see({ open: [22], takenAt: 2000 });
  see({ protocol: "udp", takenAt: 2000 });
  assert.deepEqual(samplesIn(open()), [
    `openport_policy_unknown_ports{${name}} 0`,
    `openport_policy_violations{${name}} 0`,
  ]);
});

Deno.test("policyMetrics() shows the moment at which a scrape began, however late it is read", () => {
  const { policy, open, see } = makePage();
  const targets = [makeTarget("a", { networks: "10.0.0.0/24" })];
  policy.replace(targets);
  see({ open: [1] });
  const first = open();
  see({ open: [1, 2], takenAt: 2000 });
  const second = open();
  policy.replace([{ ...targets[0]!, name: "b" }]);
  const third = open();
  policy.replace([]);
  const ports = (exposition: Exposition) =>
    samplesIn(exposition).filter((line) => line.startsWith("openport_unexpected"))
      .map((line) => /name="(.)".*port="(\d+)"/.exec(line)!.slice(1, 3).join(" "));
  assert.deepEqual(ports(open()), []);
  assert.deepEqual(ports(third), ["b 1", "b 2"]);
  assert.deepEqual(ports(second), ["a 1", "a 2"]);
  assert.deepEqual(ports(first), ["a 1"]);
});

Deno.test("policyMetrics() holds the targets against the ports once a page", () => {
  const { policy, open } = makePage();
  policy.replace([makeTarget("a", { networks: "10.0.0.1", expected: "22" })]);
  const judge = policy.judge.bind(policy);
  let judged = 0;
  policy.judge = () => {
    judged++;
    return judge();
  };
  for (let page = 1; page < 4; page++) {
    open().close();
    assert.equal(judged, page);
  }
});

Deno.test("hostLimitMetric() names the hosts with more open ports than the limit", () => {
  const { state } = makeState();
  let limit = 3;
  const metric = hostLimitMetric(state, { perHost: () => limit });
  state.apply([
    makeLook({ open: [1, 2, 3] }),
    makeLook({ address: "10.0.0.2", open: [1, 2] }),
    makeLook({ address: "10.0.0.2", protocol: "udp", open: [1, 2] }),
  ], "closings");
  const one = 'openport_host_port_limit_exceeded{ip="10.0.0.2"} 1\n';
  assert.equal(samplesOf(metric), one);
  limit = 2;
  assert.equal(samplesOf(metric), `openport_host_port_limit_exceeded{ip="10.0.0.1"} 1\n${one}`);
  limit = 4;
  assert.equal(samplesOf(metric), "");
});

Deno.test("policyMetrics() names every missing port, however many there are", () => {
  const { policy, open, see } = makePage();
  policy.replace([makeTarget("a", { networks: "10.0.0.0/16", expected: "22 80" })]);
  for (let n = 0; n < 700; n++) see({ address: `10.0.${n >> 8}.${n & 255}` });
  const page = open();
  policy.replace([]);
  const expected = Array.from({ length: 1400 }, (_, n) => {
    const ip = `10.0.${n >> 9}.${(n >> 1) & 255}`;
    const port = n % 2 === 0 ? 22 : 80;
    return `openport_expected_port_missing{name="a",ip="${ip}",port="${port}",protocol="tcp"} 1`;
  });
  assert.deepEqual(samplesIn(page), [
    ...expected,
    'openport_policy_unknown_ports{name="a"} 0',
    'openport_policy_violations{name="a"} 1400',
  ]);
});
