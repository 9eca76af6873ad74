import assert from "node:assert/strict";
import type { Config, TargetConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config_error.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { ServiceFrequencies } from "../../src/domain/service_frequencies.ts";
import { plainTarget, portTexts } from "./builders.ts";

const readServices = () =>
  ServiceFrequencies.parse(
    "a 22/tcp 0.5\nb 80/tcp 0.9\nc 443/tcp 0.7\nd 53/udp 0.4\ne 123/udp 1/2\n",
  );

function parse(yaml: string): { config: Config; warnings: readonly string[] } {
  return parseConfig(yaml, "c", { readServices });
}

/** The one target of a file with this target in flow style. */
function target(yaml: string, scanning = "{}"): TargetConfig {
  const { config } = parse(`scanning: ${scanning}\ntargets: [${yaml}]`);
  assert.equal(config.targets.length, 1);
  return config.targets[0]!;
}

function warningsOf(yaml: string, scanning = "{}"): string[] {
  return parse(`scanning: ${scanning}\ntargets: [${yaml}]`).warnings.map((text) =>
    text.replace(/^c:\d+:\d+: /, "")
  );
}

function refusal(yaml: string): string {
  try {
    parse(yaml);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return "";
}

Deno.test("a target takes from scanning what it does not say itself", () => {
  const scanning = '{ port_range: "22,80", interval: 2h, udp_scan: true, max_rate: 7, timeout: 9 }';
  const { config } = parse(`scanning: ${scanning}\ntargets: [{ target: 10.0.0.1, name: a }]`);
  const [only] = config.targets;
  assert.deepEqual(plainTarget(only!, config.scanning), {
    name: "a",
    texts: ["10.0.0.1"],
    networks: [["10.0.0.1", "10.0.0.1/32"]],
    hostNames: [],
    protocols: ["tcp", "udp"],
    schedules: [{ portRange: "22,80", ports: { tcp: "22,80", udp: "22,80" }, interval: 7200 }],
    expected: { tcp: "", udp: "" },
    allowed: { tcp: "", udp: "" },
    hasPolicy: false,
    labels: {},
  });
  assert.equal(only!.nmap, config.scanning.nmap);
});

Deno.test("a target may be one text or several, addresses and host names", () => {
  const f = (yaml: string, name: string, networks: number, hostNames: string[]) => {
    const found = target(yaml);
    assert.deepEqual(
      [found.name, found.networks.length, found.hostNames],
      [name, networks, hostNames],
      yaml,
    );
  };
  f("127.0.0.1", "127.0.0.1", 1, []);
  f("{ target: 127.0.0.1 }", "127.0.0.1", 1, []);
  f("{ target: [10.0.0.1, 10.0.1.0/24] }", "10.0.0.1,10.0.1.0/24", 2, []);
  f("{ target: [10.0.0.1, A.example.com], name: 007 }", "007", 1, ["a.example.com"]);
  f("localhost", "localhost", 0, ["localhost"]);
  f("_dns.host_1.lan.", "_dns.host_1.lan.", 0, ["_dns.host_1.lan."]);
  f("1.pool.example.org", "1.pool.example.org", 0, ["1.pool.example.org"]);
  f("xn--bcher-kva.example", "xn--bcher-kva.example", 0, ["xn--bcher-kva.example"]);
});

Deno.test("text that looks like an address, or like no host name, is refused", () => {
  const long = `${"a".repeat(63)}.`.repeat(4);
  const texts = [
    "10.0.0",
    "1.2.3.4.5",
    "0x7f.1",
    "256.1.1.1",
    "0x7f",
    "127.1",
    "1",
    "1.2.3.4.",
    "0X.",
    "a.1",
  ];
  for (const text of texts) {
    assert.match(refusal(`targets: ["${text}"]`), /Cannot (?:read an IP address|use octet)/, text);
  }
  const names = [
    "a b",
    "-a",
    "a-",
    "a..b",
    ".a",
    "b\u00fccher.example",
    "a,b",
    "a*",
    long,
    "a@b",
    "--script=x",
  ];
  for (const text of names) {
    assert.match(refusal(`targets: ["${text}"]`), /Cannot read a host name here/, text);
  }
  assert.match(refusal('targets: ["fe80::1%eth0"]'), /Cannot read an IP address/);
  assert.match(refusal('targets: ["2001:db8::/64"]'), /too many for IPv6/);
  assert.match(refusal('targets: [" "]'), /is empty/);
});

Deno.test("top:N is the most frequent ports of each protocol", () => {
  const { schedules: [main, sweep] } = target(
    "{ target: 10.0.0.1, protocol: both, port_range: top:2, sweeps: [{ port_range: top:1, interval: 1h }] }",
  );
  assert.equal(main!.portRange, "top:2");
  assert.deepEqual(main!.ports !== "known" && portTexts(main!.ports), {
    tcp: "80,443",
    udp: "53,123",
  });
  assert.deepEqual(sweep!.ports !== "known" && portTexts(sweep!.ports), { tcp: "80", udp: "123" });
  for (
    const text of ["top:0", "top:65536", "top", "top:-1", "top:1.5", "TOP:5", "top:01", "top: 5"]
  ) {
    const yaml = `targets: [{ target: 10.0.0.1, port_range: "${text}" }]`;
    assert.match(
      refusal(yaml),
      /^c:1:43: targets\[0\]\.port_range: Cannot read "\S+( 5)?": write top:/i,
      text,
    );
  }
});

Deno.test("top:N is refused where nmap's list cannot be read, at its place, with what else is wrong", () => {
  const yaml = "targets:\n  - { target: 10.0.0.1, port_range: top:9 }\nserver: { port: x }\n";
  const lost = () => {
    throw new RangeError("Cannot read which ports are most frequent");
  };
  assert.throws(() => parseConfig(yaml, "c", { readServices: lost }), {
    message: "c:2:37: targets[0].port_range: Cannot read which ports are most frequent\n" +
      'c:3:17: server.port: must be a whole number from 0 to 65535, not "x"',
  });
});

Deno.test("expected and allowed ports without a protocol are of the target's only one, or of TCP", () => {
  const f = (protocol: string, text: string, tcp: string, udp: string) => {
    const yaml = `{ target: 10.0.0.1, protocol: ${protocol}, expected_ports: "${text}" }`;
    const { expected, allowed, hasPolicy } = target(yaml);
    assert.deepEqual(portTexts(expected), { tcp, udp }, yaml);
    assert.deepEqual([portTexts(allowed), hasPolicy], [{ tcp: "", udp: "" }, true]);
  };
  f("tcp", "22,80-81/tcp,53/udp", "22,80-81", "53");
  f("udp", "22,80-81/tcp,53/udp", "80-81", "22,53");
  f("both", "22, 80 - 81,53/udp", "22,80-81", "53");
  f("tcp", "", "", "");
  assert.equal(target("{ target: 10.0.0.1 }").hasPolicy, false);
  assert.equal(target('{ target: 10.0.0.1, allowed_ports: "" }').hasPolicy, true);
  for (
    const text of ["22/", "/tcp", "22/TCP", "22/plain", "22/tcp/tcp", "22 /tcp,", "0", "22,,23"]
  ) {
    assert.match(
      refusal(`targets: [{ target: 10.0.0.1, allowed_ports: "${text}" }]`),
      /^c:1:46: targets\[0\]\.allowed_ports: Cannot /,
      text,
    );
  }
});

Deno.test("an address that is no host's is refused as a target", () => {
  for (const text of ["0.0.0.0", "0.1.2.0/24", '"::"']) {
    assert.match(
      refusal(`targets: [${text}]`),
      /is no host's address, and means this machine \(write 127\.0\.0\.1 or ::1 for it\)/,
    );
  }
  assert.equal(target('"::1"').networks.length, 1);
});

Deno.test("a target's nmap options make inherited ones that nobody wrote give way", () => {
  const f = (own: string, scanning: string, minRate: number, minParallelism: number) => {
    const { nmap } = target(`{ target: 10.0.0.1, scanning: ${own} }`, scanning);
    assert.deepEqual([nmap.minRate, nmap.minParallelism], [minRate, minParallelism], own);
  };
  f("{ max_rate: 100 }", "{}", 100, 1000);
  f("{ scan_delay: 5 }", "{}", 0, 0);
  f("{ min_rate: 50 }", "{ max_rate: 100 }", 50, 1000);
  f("{ scan_delay: 0 }", "{ scan_delay: 5 }", 1000, 1000);
  f("{ max_retries: 1 }", "{ min_rate: 5, max_rate: 9 }", 5, 1000);
  const { config } = parse("targets: [{ target: 10.0.0.1, scanning: { timeout: 5 } }]");
  assert.equal(config.targets[0]!.nmap, config.scanning.nmap);
  assert.equal(config.targets[0]!.timeout, 5);
});

Deno.test("targets warn of what is allowed but unwise", () => {
  const f = (yaml: string, expected: string[], scanning?: string) =>
    assert.deepEqual(warningsOf(yaml, scanning), expected, yaml);
  f(
    '{ target: 10.0.0.1, expected_ports: "1-65535", sweeps: [{ port_range: known, interval: 1m }] }',
    [],
  );
  f('{ target: 10.0.0.1, port_range: "22", expected_ports: "22,80,53/udp" }', [
    "targets[0].expected_ports: 80/tcp is expected and never scanned: it is in no port_range of the target (add it to one)",
    "targets[0].expected_ports: 53/udp is expected and never scanned: protocol leaves udp out (write protocol: both)",
  ]);
  f(
    '{ target: 10.0.0.1, port_range: "22", expected_ports: "22,80", sweeps: [{ port_range: "80", interval: 1h }] }',
    [],
  );
  f('{ target: 10.0.0.1, expected_ports: "22-25", allowed_ports: "25,80" }', [
    "targets[0].allowed_ports: 25/tcp must be open and may be open: is in expected_ports too (write it once)",
  ]);
  f('{ target: 10.0.0.1, port_range: "22,80", sweeps: [{ port_range: known, interval: 30 }] }', [
    "targets[0].sweeps[0].interval: 30 s is short: the same addresses are probed without a pause (60 s and more is usual)",
    "targets[0].sweeps[0].port_range: known finds no new port, and 65533 tcp ports are in no other schedule of the target: " +
    'what opens there is never seen (a full one has port_range: "1-65535")',
  ]);
  f("{ target: [10.0.0.1/24, 10.0.0.0/24], interval: 59 }", [
    'targets[0].target[0]: "10.0.0.1/24" has host bits set: 10.0.0.0/24 is used',
    "targets[0].target[1]: 10.0.0.0/24 is already target[0]: it is scanned once",
    "targets[0].interval: 59 s is short: the same addresses are probed without a pause (60 s and more is usual)",
  ]);
  f("{ target: 10.0.0.1, scanning: { scan_delay: 5 } }", [
    "targets[0].scanning.scan_delay: is written beside scanning.min_rate: nmap obeys min_rate and ignores scan_delay (write one of the two)",
  ], "{ min_rate: 5 }");
  f("10.0.0.1, 10.0.0.1, A.example.com, a.example.com", [
    "targets[1]: 10.0.0.1/32 is already targets[0]: it is scanned once",
    "targets[3]: a.example.com is already targets[2]: it is scanned once",
  ]);
  // overlaps with options of their own are meant
  f("10.0.0.1, { target: 10.0.0.1, name: b }, { target: 10.0.0.0/24, interval: 1h }", []);
});

Deno.test("names are unique, and a repeated plain target is left out", () => {
  const { config } = parse("targets: [10.0.0.1, 10.0.0.1/32, 10.0.0.1, ' 10.0.0.1 ']");
  assert.deepEqual(config.targets.map(({ name }) => name), ["10.0.0.1", "10.0.0.1/32"]);
  assert.match(
    refusal("targets: [10.0.0.1, { target: 10.0.0.1, interval: 1h }]"),
    /^c:1:21: targets\[1\]: "10\.0\.0\.1" is already the name of targets\[0\] \(write another name\)$/,
  );
});

Deno.test("parseConfig() takes time in proportion to the number of targets", () => {
  const time = (count: number) => {
    const lines = Array.from(
      { length: count },
      (_, n) => `  - { target: 10.${n >> 8}.${n & 255}.1, expected_ports: "22" }`,
    );
    const before = performance.now();
    assert.equal(parse(`targets:\n${lines.join("\n")}`).config.targets.length, count);
    return performance.now() - before;
  };
  time(1000);
  const few = time(1000);
  assert.ok(time(8000) < 8 * 5 * few);
});
