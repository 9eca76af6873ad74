import assert from "node:assert/strict";
import { HELP, parseCommand } from "../../src/cli/args.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import type { ScanCommand } from "../../src/cli/scan_args.ts";
import { parsePorts } from "../../src/domain/ports.ts";

const SCAN: ScanCommand = {
  name: "scan",
  targets: ["192.0.2.1"],
  ports: undefined,
  protocol: undefined,
  output: "text",
  failOnUnexpected: false,
  configFile: undefined,
  logLevel: "info",
  logFormat: "logfmt",
};

Deno.test("parseCommand() reads scan with its targets and flags, in any order", () => {
  const f = (args: string, expected: Partial<ScanCommand>) =>
    assert.deepEqual(parseCommand(args.split(" ")), { ...SCAN, ...expected }, args);
  f("scan 192.0.2.1", {});
  f("scan -- 192.0.2.1", {});
  f("--output=json scan 192.0.2.1", { output: "json" });
  f("scan ::1 web.test 10.0.0.0/8", { targets: ["::1", "web.test", "10.0.0.0/8"] });
  f("scan scan learn", { targets: ["scan", "learn"] });
  f("scan 192.0.2.1 --protocol udp --log.level=error --log.format json", {
    protocol: "udp",
    logLevel: "error",
    logFormat: "json",
  });
  const ports = { portRange: "22,80-90", ports: parsePorts("22,80-90") };
  f("scan --ports 22,80-90 192.0.2.1", { ports });
  f("scan 192.0.2.1 --ports=top:100", { ports: { portRange: "top:100", ports: { top: 100 } } });
  f("scan --config.file=x.yaml 192.0.2.1", { configFile: "x.yaml" });
  f("scan --config.file x.yaml --fail-on-unexpected", {
    configFile: "x.yaml",
    failOnUnexpected: true,
    targets: [],
  });
  f("scan 192.0.2.1 --fail-on-unexpected --no-fail-on-unexpected", {});
});

Deno.test("parseCommand() refuses what scan cannot do, and its flags elsewhere", () => {
  const f = (args: string, message: RegExp) =>
    assert.throws(
      () => parseCommand(args.split(" ")),
      (error) => error instanceof UsageError && message.test(error.message),
      args,
    );
  f("scan", /^Cannot scan without a target: write scan TARGET/);
  f("scan --config.file=x", /^Cannot scan without a target/);
  f("scan 192.0.2.1 --fail-on-unexpected", /^--fail-on-unexpected: .* without --config\.file/);
  f("scan 192.0.2.1 --ports=", /^--ports: Cannot read "" as a port/);
  f("scan 192.0.2.1 --ports", /^--ports: Cannot do without a value/);
  f("scan 192.0.2.1 --ports 0", /^--ports: Cannot use port "0": ports are 1 to 65535/);
  f("scan 192.0.2.1 --ports top:0", /^--ports: Cannot read "top:0"/);
  f("scan 192.0.2.1 --ports 22 --ports=443", /^--ports: Cannot use it more than once$/);
  f("scan 192.0.2.1 --ports known", /^--ports: known is for sweeps/);
  f("scan 192.0.2.1 --protocol both", /^--protocol: Cannot use "both": write one of tcp, udp$/);
  f("scan 192.0.2.1 --output=xml", /^--output: Cannot use "xml": write one of text, json$/);
  f("scan 192.0.2.1 --web.listen-address=:1", /^--web\.listen-address: Cannot use it with scan$/);
  f("scan 192.0.2.1 --config.check", /^--config\.check: Cannot use it with scan$/);
  f("--ports=1", /^--ports: Cannot use it without scan$/);
  f("--config.check --fail-on-unexpected", /^--fail-on-unexpected: Cannot use it without scan$/);
  f("learn --output=json", /^--output: Cannot use it with learn$/);
  f("scan 192.0.2.1 --port=1", /^Unknown flag "--port": did you mean "--ports"\?$/);
  f("scna 192.0.2.1", /^Unexpected argument "scna": did you mean "scan"\?/);
  f("--ports 1 192.0.2.1", /^Unexpected argument "192\.0\.2\.1"/);
});

Deno.test("HELP says how to scan, and names every flag of scan", () => {
  assert.match(HELP, /^ {7}openport-exporter scan TARGET\.\.\. /m);
  assert.match(HELP, /^ {7}openport-exporter scan \[TARGET\.\.\.\] .* --fail-on-unexpected$/m);
  for (const flag of ["ports", "protocol", "output", "fail-on-unexpected"]) {
    assert.ok(HELP.includes(`\n  --${flag}`), flag);
  }
});
