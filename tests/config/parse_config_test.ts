import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError } from "../../src/config/config_error.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { plain } from "./builders.ts";

function read(name: string) {
  const url = new URL(`../testdata/config/${name}`, import.meta.url);
  return parseConfig(Deno.readTextFileSync(url), "config.yaml");
}

const DEFAULTS = {
  server: { address: "0.0.0.0", port: 9919 },
  scanning: {
    interval: 86400,
    portRange: "1-65535",
    ports: "1-65535",
    maxCidrSize: 24,
    timeout: 3600,
    durationMetrics: false,
    udpScan: false,
    rateLimit: 30,
    taskQueueSize: 1000,
    workerCount: 10,
    maxTotalRate: 0,
    confirmChanges: true,
    nmap: {
      technique: "auto",
      disableDnsResolution: true,
      disableHostDiscovery: true,
      minRate: 1000,
      maxRate: 0,
      minParallelism: 1000,
      maxRetries: 6,
      hostTimeout: 300,
      scanDelay: 0,
      maxScanDelay: 0,
      initialRttTimeout: 0,
      maxRttTimeout: 0,
      minRttTimeout: 0,
    },
    maxOpenPortsPerHost: 1000,
    exclude: [],
  },
  auth: undefined,
  targets: [],
  targetsFiles: [],
  targetsHttp: [],
  policy: { allowedNetworks: [], clientNetworks: [], trustedProxies: [], maxProbes: 2 ** 24 },
  state: {
    path: "openport-exporter.db",
    pathWritten: false,
    closedPortRetention: 604_800,
    historyRetention: 7_776_000,
  },
  metrics: { portSeriesLimit: 1_000_000 },
};

Deno.test("parseConfig() gives every key of an empty file its default, without a warning", () => {
  for (const text of ["", "\n", "# only a comment\n", "---\n", "{}", "\uFEFF", "null"]) {
    const { config, warnings } = parseConfig(text, "config.yaml");
    assert.deepEqual(plain(config), DEFAULTS);
    assert.deepEqual(warnings, []);
  }
});

Deno.test("parseConfig() takes a section without a value as one with nothing in it", () => {
  assert.deepEqual(plain(read("valid_empty_sections.yaml").config), DEFAULTS);
});

Deno.test("parseConfig() reads every key", () => {
  const { config, warnings } = read("valid_full.yaml");
  assert.deepEqual(warnings, []);
  assert.deepEqual(plain(config), {
    server: { address: "::1", port: 0 },
    scanning: {
      interval: 21600,
      portRange: "22,80,8000-8100",
      ports: "22,80,8000-8100",
      maxCidrSize: 28,
      timeout: 900,
      durationMetrics: true,
      udpScan: true,
      rateLimit: 0,
      taskQueueSize: 5,
      workerCount: 2,
      maxTotalRate: 45,
      confirmChanges: false,
      nmap: {
        technique: "connect",
        disableDnsResolution: false,
        disableHostDiscovery: false,
        minRate: 10,
        maxRate: 20,
        minParallelism: 30,
        maxRetries: 0,
        hostTimeout: 5400,
        scanDelay: 0,
        maxScanDelay: 1000,
        initialRttTimeout: 100,
        maxRttTimeout: 150,
        minRttTimeout: 50,
      },
      maxOpenPortsPerHost: 500,
      exclude: ["192.0.2.1/32", "2001:db8::/32"],
    },
    auth: {
      basic: { username: "007", password: { value: "0x1F", file: undefined } },
      bearerToken: undefined,
    },
    targets: [
      target("127.0.0.1", [["127.0.0.1", "127.0.0.1/32"]]),
      target("192.0.2.0/24", [["192.0.2.0/24", "192.0.2.0/24"]]),
      target("2001:db8::1", [["2001:db8::1", "2001:db8::1/128"]]),
      target("Web.example.com.", [], ["web.example.com."]),
      {
        name: "dmz",
        texts: ["198.51.100.0/24", "dmz.example.com"],
        networks: [["198.51.100.0/24", "198.51.100.0/24"]],
        hostNames: ["dmz.example.com"],
        protocols: ["tcp"],
        schedules: [
          { portRange: "1-65535", ports: { tcp: "1-65535", udp: "" }, interval: 86_400 },
          { portRange: "known", ports: "known", interval: 60 },
          { portRange: "22,80", ports: { tcp: "22,80", udp: "" }, interval: 900 },
        ],
        expected: { tcp: "22,443", udp: "" },
        allowed: { tcp: "80,8000-8100", udp: "53" },
        hasPolicy: true,
        nmap: {
          technique: "syn",
          disableDnsResolution: true,
          disableHostDiscovery: true,
          minRate: 0,
          maxRate: 15,
          minParallelism: 0,
          maxRetries: 1,
          hostTimeout: 60,
          scanDelay: 10,
          maxScanDelay: 20,
          initialRttTimeout: 101,
          maxRttTimeout: 151,
          minRttTimeout: 51,
        },
        timeout: 1800,
        labels: {},
      },
    ],
    targetsFiles: [
      { text: "targets/*.json", pattern: "targets/*.json" },
      { text: "/etc/targets.yml", pattern: "/etc/targets.yml" },
    ],
    targetsHttp: [
      { url: "https://inventory.example.com/targets", refreshInterval: 60 },
      { url: "http://127.0.0.1:8080/sd?site=1", refreshInterval: 300 },
    ],
    policy: {
      allowedNetworks: ["10.0.0.0/8"],
      clientNetworks: ["127.0.0.0/8", "::1/128"],
      trustedProxies: ["192.0.2.7/32"],
      maxProbes: 65536,
    },
    state: {
      path: "/var/lib/openport-exporter/state.db",
      pathWritten: true,
      closedPortRetention: 129_600,
      historyRetention: 0,
    },
    metrics: { portSeriesLimit: 50_000 },
  });
});

/** A target of valid_full.yaml that has nothing of its own. */
function target(name: string, networks: string[][], hostNames: string[] = []) {
  const ports = "22,80,8000-8100";
  return {
    name,
    texts: [name],
    networks,
    hostNames,
    protocols: ["tcp", "udp"],
    schedules: [{ portRange: ports, ports: { tcp: ports, udp: ports }, interval: 21600 }],
    expected: { tcp: "", udp: "" },
    allowed: { tcp: "", udp: "" },
    hasPolicy: false,
    labels: {},
  };
}

Deno.test("parseConfig() follows aliases", () => {
  const { config } = read("valid_anchors.yaml");
  assert.equal(config.scanning.nmap.minRttTimeout, 50);
  assert.equal(config.scanning.nmap.maxRttTimeout, 50);
});

Deno.test("parseConfig() warns, with the place, of what is allowed but unwise", () => {
  const { config, warnings } = read("valid_warnings.yaml");
  assert.deepEqual(warnings, [
    "config.yaml:2:13: scanning.interval: 30 s is short: the same addresses are probed without a pause (60 s and more is usual)",
    "config.yaml:3:13: scanning.min_rate: is written beside scanning.scan_delay: nmap obeys min_rate and ignores scan_delay (write one of the two)",
    "config.yaml:4:20: scanning.min_parallelism: is left out: nmap ignores it beside scanning.scan_delay (write one of the two)",
    "config.yaml:9:15: auth.basic.password: is a default or sample that anybody would try (choose one of your own)",
    'config.yaml:11:5: targets[0]: "192.0.2.77/24" has host bits set: 192.0.2.0/24 is used',
    "config.yaml:12:5: targets[1]: 192.0.2.0/24 is already targets[0]: it is scanned once",
  ]);
  assert.equal(config.scanning.nmap.minRate, 100);
  assert.equal(config.scanning.nmap.minParallelism, 0);
});

Deno.test("parseConfig() lets an unwritten min_rate and min_parallelism give way", () => {
  const cases: readonly (readonly [text: string, minRate: number, minParallelism: number])[] = [
    ["{}", 1000, 1000],
    ["{ max_rate: 100 }", 100, 1000],
    ["{ max_rate: 5000 }", 1000, 1000],
    ["{ scan_delay: 5 }", 0, 0],
    ["{ scan_delay: 5, max_rate: 100 }", 0, 0],
    ["{ scan_delay: 5, min_rate: 0, min_parallelism: 0 }", 0, 0],
    ["{ min_rate: 0, max_rate: 100 }", 0, 1000],
    ["{ max_total_rate: 5000 }", 500, 1000],
    ["{ max_total_rate: 5000, worker_count: 2 }", 1000, 1000],
    ["{ max_total_rate: 5000, max_rate: 100 }", 100, 1000],
    ["{ max_total_rate: 5000, scan_delay: 5 }", 0, 0],
    ["{ max_total_rate: 5000, min_rate: 500 }", 500, 1000],
    ["{ max_total_rate: 7 }", 1, 1000],
    ["{ min_rate: 50, max_rate: 100, min_parallelism: 7 }", 50, 7],
  ];
  for (const [text, minRate, minParallelism] of cases) {
    const { config, warnings } = parseConfig(`scanning: ${text}`, "config.yaml");
    const { nmap } = config.scanning;
    assert.deepEqual(
      [nmap.minRate, nmap.minParallelism, warnings],
      [minRate, minParallelism, []],
      text,
    );
  }
});

Deno.test("parseConfig() takes unquoted numbers as they are written where text is wanted", () => {
  const cases = ["22", "0x1F", "007", "1e3", "1.50", "-1", "8_0"];
  for (const text of cases) {
    const { config } = parseConfig(`auth: { basic: { username: ops, password: ${text} } }`, "c");
    assert.equal(config.auth?.basic?.password.value, text);
  }
  assert.equal(parseConfig("scanning: { port_range: 22 }", "c").config.scanning.portRange, "22");
});

Deno.test("parseConfig() takes an empty auth.basic as admin and secret, and warns", () => {
  for (const text of ["auth:\n  basic:\n", "auth: { basic: {} }"]) {
    const { config, warnings } = parseConfig(text, "config.yaml");
    assert.deepEqual(config.auth, {
      basic: { username: "admin", password: { value: "secret", file: undefined } },
      bearerToken: undefined,
    });
    assert.equal(warnings.length, 1);
    assert.doesNotMatch(warnings[0] ?? "", /secret/);
  }
});

Deno.test("parseConfig() accepts these listen addresses", () => {
  for (const text of ["127.0.0.1", "0.0.0.0", "'::'", "::1", "localhost"]) {
    const { config } = parseConfig(`server:\n  address: ${text}\n`, "config.yaml");
    assert.equal(config.server.address, text.replaceAll("'", ""));
  }
});

Deno.test("parseConfig() takes these state paths, and knows which one was written", () => {
  const cases: readonly (readonly [yaml: string, path: string, written: boolean])[] = [
    ["{}", "openport-exporter.db", false],
    ["{ history_retention: 30d }", "openport-exporter.db", false],
    ["{ path: openport-exporter.db }", "openport-exporter.db", true],
    ['{ path: "" }', "", true],
    ["{ path: 2026 }", "2026", true],
    ["{ path: ../state dir/ünï.db }", "../state dir/ünï.db", true],
    ["{ path: .state }", ".state", true],
    ["{ path: a.. }", "a..", true],
  ];
  for (const [yaml, path, written] of cases) {
    const { state } = parseConfig(`state: ${yaml}`, "config.yaml").config;
    assert.deepEqual([state.path, state.pathWritten], [path, written], yaml);
  }
  for (const path of [".", "..", "/", "a/", "a/.", "a/..", " ", "file:x", "FILE:x", ":memory:"]) {
    const yaml = `state: { path: ${JSON.stringify(path)} }`;
    assert.throws(() => parseConfig(yaml, "c"), /^ConfigError: c:1:16: state\.path: /, path);
  }
});

Deno.test("parseConfig() takes retentions from 0 to ten years", () => {
  for (const [text, seconds] of [["0", 0], ["0s", 0], ["7d", 604_800], ["3650d", 315_360_000]]) {
    const yaml = `state: { closed_port_retention: ${text}, history_retention: ${text} }`;
    const { state } = parseConfig(yaml, "config.yaml").config;
    assert.deepEqual([state.closedPortRetention, state.historyRetention], [seconds, seconds]);
  }
  assert.throws(() => parseConfig("state: { history_retention: 3651d }", "c"), ConfigError);
});

Deno.test("parseConfig() ignores blanks around a target and accepts 2^24 addresses", () => {
  const { config } = parseConfig("targets: [' 10.0.0.0/8\t', 10.0.0.0/8]", "config.yaml");
  assert.deepEqual(config.targets.map(({ texts }) => texts), [["10.0.0.0/8"]]);
});

Deno.test("parseConfig() reads YAML 1.2 even when told otherwise", () => {
  assert.throws(
    () => parseConfig("%YAML 1.1\n---\nscanning: { udp_scan: yes }\n", "c"),
    /^ConfigError: c:3:23: scanning\.udp_scan: must be true or false/,
  );
});

Deno.test("parseConfig() cuts and escapes hostile text in messages", () => {
  const long = "x".repeat(10_000);
  for (const text of [`server: { address: ${long} }`, `${long}: 1`, '"\\e[31m\\n\\u202e": 1']) {
    assert.throws(() => parseConfig(text, "c"), (error: Error) => {
      // deno-lint-ignore no-control-regex -- these must not be there
      assert.doesNotMatch(error.message, /[\u0000-\u001f\u202e]/);
      assert.ok(error.message.length < 250, error.message);
      return true;
    });
  }
});

Deno.test("parseConfig() is not blown up by aliases or nesting", () => {
  const levels = Array.from({ length: 30 }, (_, i) => {
    const alias = i === 0 ? "x" : `*a${i - 1}`;
    return `k${i}: &a${i} [${Array(9).fill(alias).join(", ")}]`;
  });
  for (const text of [levels.join("\n"), "[".repeat(20_000), "- ".repeat(20_000)]) {
    assert.throws(() => parseConfig(text, "c"), ConfigError);
  }
});

const KEYS = ["server", "scanning", "auth", "basic", "targets", "port", "port_range", "interval"];
const fragment = fc.oneof(
  fc.constantFrom(...KEYS, ": ", "\n", "  ", "- ", "[", "]", "{", "}", "&a ", "*a", "'", '"', "#"),
  fc.constantFrom(
    "!x ",
    "! ",
    "!!int ",
    "!!seq ",
    "|",
    ">",
    "---\n",
    "...",
    "<<",
    "? ",
    "127.0.0.1",
    "22",
    "true",
    "~",
    "%",
  ),
  fc.string({ unit: "binary", maxLength: 5 }),
);

Deno.test("parseConfig() throws nothing but ConfigError, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""))),
      (text) => {
        try {
          parseConfig(text, "config.yaml");
        } catch (error) {
          assert.ok(error instanceof ConfigError, `${error}`);
          assert.ok(error.issues.length > 0);
          for (const { line, column } of error.issues) assert.ok(line >= 1 && column >= 1);
          for (const line of error.message.split("\n")) {
            assert.match(line, /^config\.yaml:\d+:\d+: \S/);
          }
        }
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("parseConfig() takes files with targets from its own directory, and each source once", () => {
  const yaml = "targets_files: [a.json, sd/*.yml, /x/b.yaml, a.json]\n" +
    "targets_http: [http://a, { url: http://a/, refresh_interval: 5 }, https://b?token=s3cret]\n";
  const { config, warnings } = parseConfig(yaml, "/etc/exporter/config.yaml");
  assert.deepEqual(config.targetsFiles, [
    { text: "a.json", pattern: "/etc/exporter/a.json" },
    { text: "sd/*.yml", pattern: "/etc/exporter/sd/*.yml" },
    { text: "/x/b.yaml", pattern: "/x/b.yaml" },
  ]);
  assert.deepEqual(config.targetsHttp, [
    { url: "http://a/", refreshInterval: 60 },
    { url: "https://b/?token=s3cret", refreshInterval: 60 },
  ]);
  assert.deepEqual(
    warnings,
    [
      'c:1:46: targets_files[3]: "a.json" is already targets_files[0]',
      "c:2:26: targets_http[1]: is the same URL as targets_http[0]",
    ].map((line) => line.replace("c:", "/etc/exporter/config.yaml:")),
  );
});

Deno.test("parseConfig() warns of host bits in every list of networks", () => {
  const yaml =
    "scanning: { exclude: [10.0.0.1/8, ::1/0] }\npolicy: { allowed_networks: [10.1.0.0/8] }";
  assert.deepEqual(parseConfig(yaml, "c").warnings, [
    'c:1:23: scanning.exclude[0]: "10.0.0.1/8" has host bits set: 10.0.0.0/8 is used',
    'c:1:35: scanning.exclude[1]: "::1/0" has host bits set: ::/0 is used',
    'c:2:30: policy.allowed_networks[0]: "10.1.0.0/8" has host bits set: 10.0.0.0/8 is used',
  ]);
});

Deno.test("parseConfig() gives each process an even share of max_total_rate as its max_rate", () => {
  const f = (text: string, maxRate: number) => {
    const { scanning } = parseConfig(`scanning: ${text}`, "config.yaml").config;
    assert.equal(scanning.nmap.maxRate, maxRate, text);
  };
  f("{}", 0);
  f("{ max_total_rate: 0, max_rate: 7 }", 7);
  f("{ max_total_rate: 1005 }", 100);
  f("{ max_total_rate: 1005, worker_count: 3 }", 335);
  f("{ max_total_rate: 1005, max_rate: 50 }", 50);
  f("{ max_total_rate: 1005, max_rate: 500 }", 100);
  // there is no less than one packet per second
  f("{ max_total_rate: 3 }", 1);
});
