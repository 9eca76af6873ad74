import assert from "node:assert/strict";
import { PortSet } from "../../src/domain/ports.ts";
import {
  classify,
  localSendError,
  permissionLine,
  type ProcessEnd,
} from "../../src/nmap/failure.ts";
import type { NmapDocument } from "../../src/nmap/output.ts";

const DOCUMENT: NmapDocument = {
  version: "7.93",
  covered: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
  finished: { exit: "success", errormsg: undefined },
  total: 2,
  skippedTargets: [],
  strangers: 0,
};
const PRETTY_HIGH =
  "Warning: Your --min-parallelism option is pretty high!  This can hurt reliability.\n";

const SEND_ERROR =
  "sendto in send_ip_packet_sd: sendto(4, packet, 44, 0, 10.77.0.9, 16) => Operation not permitted\n" +
  "Offending packet: TCP 10.77.0.1:61832 > 10.77.0.9:22 S ttl=50\n";

/** The failure of a process that is complete but for what is given. */
const failureOf = (end: Partial<ProcessEnd>, document: Partial<NmapDocument> = {}) =>
  classify({
    code: 0,
    signal: null,
    endedByUs: false,
    stderr: PRETTY_HIGH,
    malformed: undefined,
    asked: 2,
    ...end,
    document: { ...DOCUMENT, ...document },
  });

Deno.test("classify() finds nothing wrong with a complete process, whatever it warned of", () => {
  assert.equal(failureOf({}), undefined);
  assert.equal(failureOf({ stderr: "" }), undefined);
  assert.equal(failureOf({ endedByUs: true }), undefined);
});

Deno.test("classify() asks for every sign of success", () => {
  const types = [
    failureOf({ malformed: "Cannot read nmap's output at 1:0: cut" }),
    failureOf({}, { finished: undefined }),
    failureOf({}, { total: undefined }),
    failureOf({}, { total: 1 }),
    failureOf({}, { total: 4294967295 }),
    failureOf({}, { strangers: 1 }),
  ].map((failure) => failure?.type);
  assert.deepEqual(types, Array(6).fill("bad_output"));
  assert.match(failureOf({}, { total: 1, skippedTargets: ["10.0.0.9"] })!.message, /10\.0\.0\.9/);
});

Deno.test("classify() tells a missing privilege and what to grant", () => {
  const said = [
    "You requested a scan type which requires root privileges.\nQUITTING!\n",
    "dnet: Failed to open device eth0\nQUITTING!\n",
    "Couldn't open a raw socket. Error: Operation not permitted (1)\nQUITTING!\n",
  ];
  for (const stderr of said) {
    const failure = failureOf({ code: 1, stderr: PRETTY_HIGH + stderr, malformed: "no root" });
    assert.equal(failure?.type, "permission");
    assert.match(failure.message, /^Cannot open raw sockets \(.*CAP_NET_RAW/);
    assert.ok(failure.message.includes(stderr.split("\n")[0]!));
  }
  const finished = { exit: "error", errormsg: "dnet: Failed to open device lo" };
  assert.equal(failureOf({ code: 1, stderr: "" }, { finished })?.type, "permission");
});

Deno.test("classify() does not say that it is about raw sockets when nmap did not", () => {
  const said = [
    "socket troubles in Init: Permission denied",
    "Failed to open normal output file /x for writing: Permission denied",
    "You don't have permission to use this device",
    "socket: Operation not permitted",
  ];
  for (const line of said) {
    const failure = failureOf({ code: 1, stderr: `${PRETTY_HIGH}${line}\n`, malformed: "cut" });
    assert.equal(failure?.type, "permission");
    const { message } = failure;
    assert.ok(message.startsWith(`Cannot scan: ${line} (if it is about raw sockets, `), message);
    assert.match(message, /CAP_NET_RAW/);
  }
});

Deno.test("permissionLine() is the line that says what is missing, and none about a packet that was not sent", () => {
  const raw = "Couldn't open a raw socket. Error: Operation not permitted (1)";
  assert.equal(permissionLine(`${PRETTY_HIGH}${SEND_ERROR}${raw}\nQUITTING!\n`), raw);
  assert.equal(permissionLine(PRETTY_HIGH + SEND_ERROR), undefined);
});

Deno.test("classify() tells names and routes that are missing", () => {
  const missing = { total: 0 };
  const unresolved = 'Failed to resolve "nosuch".\nWARNING: No targets were specified.\n';
  assert.equal(failureOf({ stderr: unresolved }, missing)?.type, "unresolved");
  const noRoute = "setup_target: failed to determine route to 10.0.0.9\n";
  const failure = failureOf({ stderr: PRETTY_HIGH + noRoute }, missing);
  assert.deepEqual(failure, { type: "no_route", message: `Cannot scan: ${noRoute.trim()}` });
});

Deno.test("classify() finds nothing wrong with packets that could not be sent, which show in the reports", () => {
  for (const text of ["Network is unreachable", "Operation not permitted", "Permission denied"]) {
    const stderr = PRETTY_HIGH + SEND_ERROR.replace("Operation not permitted", text);
    assert.equal(localSendError(stderr), text);
    assert.equal(failureOf({ stderr }), undefined);
  }
  assert.equal(localSendError(PRETTY_HIGH), undefined);
});

Deno.test("classify() does not take packets that could not be sent for the reason of something else", () => {
  const failures = [
    failureOf({ code: 1, stderr: SEND_ERROR }),
    failureOf({ code: 1, stderr: `bad value\n${SEND_ERROR}` }),
    failureOf({ stderr: SEND_ERROR }, { total: 1 }),
    failureOf({ code: 137, signal: "SIGKILL", stderr: SEND_ERROR, malformed: "cut" }),
    failureOf({ code: 1, stderr: `${SEND_ERROR}dnet: Failed to open device eth0\n` }),
  ];
  assert.deepEqual(failures.map((failure) => failure?.message.replace(/: run as root.*/, "")), [
    "Cannot scan: nmap exited with code 1",
    "Cannot scan: bad value",
    "Cannot use nmap's output: 1 addresses of 2 are accounted for",
    "Cannot finish the scan: SIGKILL ended nmap",
    "Cannot open raw sockets (dnet: Failed to open device eth0)",
  ]);
});

Deno.test("classify() tells a signal that somebody else sent", () => {
  const killed = failureOf({ code: 137, signal: "SIGKILL", malformed: "cut" });
  assert.equal(killed?.type, "killed");
  assert.match(killed.message, /SIGKILL/);
  assert.doesNotMatch(killed.message, /pretty high/);
  const crashed = failureOf({ code: 134, signal: "SIGABRT", stderr: "nmap: assertion failed\n" });
  assert.match(crashed!.message, /assertion failed/);
});

Deno.test("classify() blames the output when that is why we ended the process", () => {
  const failure = failureOf({ code: 143, signal: "SIGTERM", endedByUs: true, malformed: "junk" });
  assert.deepEqual(failure, { type: "bad_output", message: "junk" });
});

Deno.test("classify() repeats what nmap said last, warnings aside", () => {
  const messages = [
    failureOf({
      code: 255,
      stderr: "nmap: unrecognized option '--bogus'\nSee the output of nmap -h for a summary.\n",
    }),
    failureOf({ code: 1, stderr: `bad value\n${PRETTY_HIGH}QUITTING!\n` }),
    failureOf({ code: 3, stderr: PRETTY_HIGH }),
    failureOf({ code: 4, stderr: "Host discovery disabled (-Pn). All addresses will be up.\n" }),
    failureOf({ code: 1, stderr: "" }, { finished: { exit: "error", errormsg: "no ports\n" } }),
    failureOf({ code: 0, stderr: "" }, { finished: { exit: "error", errormsg: "odd" } }),
    failureOf({ code: 0 }, { finished: { exit: "error", errormsg: undefined } }),
  ];
  assert.deepEqual(messages.map((failure) => `${failure?.type}: ${failure?.message}`), [
    "other: Cannot scan: nmap: unrecognized option '--bogus'",
    "other: Cannot scan: bad value",
    "other: Cannot scan: nmap exited with code 3",
    "other: Cannot scan: nmap exited with code 4",
    "other: Cannot scan: no ports",
    "other: Cannot scan: odd",
    "other: Cannot scan: nmap says that it failed",
  ]);
});

Deno.test("classify() makes one short line of whatever nmap says", () => {
  const { message } = failureOf({ code: 1, stderr: `\u001b[2J${"x".repeat(5000)}\u0007` })!;
  assert.match(message, /^Cannot scan: \\u\{1b\}\[2Jx+…$/);
  assert.equal(message.length, 300);
});
