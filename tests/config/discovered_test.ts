import assert from "node:assert/strict";
import { discoveredTargets } from "../../src/config/discovered.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { plainTarget } from "./builders.ts";

const { config } = parseConfig("scanning: { max_rate: 500 }", "c");

function discover(targets: string[], labels: Record<string, string> = {}) {
  const found = discoveredTargets({ targets, labels }, config);
  return {
    ...found,
    targets: found.targets.map((target) => plainTarget(target, config.scanning)),
  };
}

const PLAIN = {
  hostNames: [],
  protocols: ["tcp"],
  schedules: [{ portRange: "1-65535", ports: { tcp: "1-65535", udp: "" }, interval: 86_400 }],
  expected: { tcp: "", udp: "" },
  allowed: { tcp: "", udp: "" },
  hasPolicy: false,
};

Deno.test("discoveredTargets() makes one target of each text, with the labels that are not meta", () => {
  const labels = { site: "fra", __meta_x: "y", __address__: "z", empty: "" };
  assert.deepEqual(discover(["10.0.0.1", "Web.example.com"], labels), {
    targets: [
      {
        ...PLAIN,
        name: "10.0.0.1",
        texts: ["10.0.0.1"],
        networks: [["10.0.0.1", "10.0.0.1/32"]],
        labels: { site: "fra" },
      },
      {
        ...PLAIN,
        name: "Web.example.com",
        texts: ["Web.example.com"],
        networks: [],
        hostNames: ["web.example.com"],
        labels: { site: "fra" },
      },
    ],
    problems: [],
    warnings: [],
  });
});

Deno.test("discoveredTargets() makes one target of a group that has a name, with the options of its labels", () => {
  const { targets, problems, warnings } = discover(["10.0.0.1", "10.0.1.77/24"], {
    __openport_name: "true",
    __openport_port_range: "22, 80",
    __openport_protocol: "both",
    __openport_interval: "6h",
    __openport_expected_ports: "22",
    __openport_allowed_ports: "",
    __openport_min_rate: "50",
    __openport_disable_host_discovery: "false",
    __openport_scan_technique: "connect",
    __openport_timeout: "600",
    __openport_max_retries: "",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings, ['target "10.0.1.77/24" has host bits set: 10.0.1.0/24 is used']);
  assert.equal(targets.length, 1);
  const [{ nmap, ...target }] = targets as [typeof targets[0]];
  assert.deepEqual(target, {
    name: "true",
    texts: ["10.0.0.1", "10.0.1.77/24"],
    networks: [["10.0.0.1", "10.0.0.1/32"], ["10.0.1.77/24", "10.0.1.0/24"]],
    hostNames: [],
    protocols: ["tcp", "udp"],
    schedules: [{ portRange: "22,80", ports: { tcp: "22,80", udp: "22,80" }, interval: 21_600 }],
    expected: { tcp: "22", udp: "" },
    allowed: { tcp: "", udp: "" },
    hasPolicy: true,
    timeout: 600,
    labels: {},
  });
  assert.deepEqual(
    [nmap?.minRate, nmap?.maxRate, nmap?.technique, nmap?.disableHostDiscovery, nmap?.maxRetries],
    [50, 500, "connect", false, 6],
  );
});

Deno.test("discoveredTargets() leaves out a text that is wrong, and says what to write", () => {
  const { targets, problems } = discover(["10.0.0.1:9100", "10.0.0.2", "10.0.0", "[::1]:80"]);
  assert.deepEqual(targets.map(({ name }) => name), ["10.0.0.2"]);
  assert.deepEqual(problems, [
    'target "10.0.0.1:9100" has a port (write "10.0.0.1" alone: what is scanned there is port_range)',
    'target Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1 (in "10.0.0")',
    'target "[::1]:80" has a port (write "::1" alone: what is scanned there is port_range)',
  ]);
});

Deno.test("discoveredTargets() leaves out a group that has a wrong label", () => {
  const f = (label: string, value: string, problem: RegExp) => {
    const { targets, problems } = discover(["10.0.0.1", "10.0.0.2"], { [label]: value });
    assert.deepEqual(targets, [], label);
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0]!, problem);
  };
  f("__openport_interval", "soon", /^__openport_interval: must be a duration/);
  f("__openport_interval", "0", /^__openport_interval: must be from 1/);
  f("__openport_name", "a\nb", /^__openport_name: has a character/);
  f("__openport_protocol", "icmp", /^__openport_protocol: must be one of/);
  f("__openport_min_rate", "501", /^__openport_min_rate: 501 is above scanning\.max_rate/);
  f("__openport_disable_host_discovery", "no", /must be true or false/);
  f("__openport_expected_ports", "ssh", /^__openport_expected_ports: Cannot read "ssh"/);
  f("__openport_port_range", "known", /known is for sweeps/);
  f(
    "__openport_port_rang",
    "22",
    /^__openport_port_rang: unknown option \(did you mean "port_range"\?\)$/,
  );
  f("__openport_sweeps", "[]", /^__openport_sweeps: cannot be set by a label$/);
  f("__openport_", "x", /^__openport_: unknown option/);
  f("__openport_worker_count", "1", /unknown option/);
  f("__openport_\u001b[31m", "1", /^"__openport_\\u001b/);
});

Deno.test("discoveredTargets() gives nothing for a group without targets", () => {
  assert.deepEqual(discover([]), { targets: [], problems: [], warnings: [] });
});
