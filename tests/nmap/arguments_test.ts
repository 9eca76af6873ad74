import assert from "node:assert/strict";
import fc from "fast-check";
import { addressAt } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import type { ScanJob, Technique } from "../../src/domain/scan.ts";
import { nmapArguments } from "../../src/nmap/arguments.ts";
import { makeJob } from "./builders.ts";

const line = (job: ScanJob, technique: Technique = "syn") =>
  nmapArguments(job, technique).join(" ");

Deno.test("nmapArguments() makes the command line of the defaults", () => {
  assert.equal(
    line(makeJob({ addresses: ["127.0.0.1", "127.0.0.2"], ports: "80,22,81-90" })),
    "-oX - --stats-every 1s --privileged -sS -n -Pn --min-rate 1000 --min-parallelism 1000 " +
      "--max-retries 6 --host-timeout 300s -p 22,80-90 -- 127.0.0.1 127.0.0.2",
  );
});

Deno.test("nmapArguments() makes nmap verbose when told to", () => {
  const [quiet, verbose] = [false, true].map((verbose) =>
    nmapArguments(makeJob(), "syn", { verbose })
  );
  assert.deepEqual(verbose, [...quiet!.slice(0, 2), "-v", ...quiet!.slice(2)]);
});

Deno.test("nmapArguments() tells nmap of the technique and of its privilege", () => {
  assert.match(line(makeJob(), "syn"), / --privileged -sS /);
  assert.match(line(makeJob(), "connect"), / --unprivileged -sT /);
  assert.match(line(makeJob({ protocol: "udp" }), "connect"), / --privileged -sU /);
  assert.match(line(makeJob({ family: 6, addresses: ["::1"] })), / -6 .*-- ::1$/);
});

Deno.test("nmapArguments() leaves out what is 0 or off, except retries", () => {
  const nmap = {
    disableDnsResolution: false,
    disableHostDiscovery: false,
    minRate: 0,
    minParallelism: 0,
    maxRetries: 0,
    hostTimeout: 0,
  };
  assert.equal(
    line(makeJob({ nmap })),
    "-oX - --stats-every 1s --privileged -sS --max-retries 0 -p 1-100 -- 127.0.0.1",
  );
});

Deno.test("nmapArguments() writes units with every time", () => {
  const nmap = {
    maxRate: 5,
    hostTimeout: 10000,
    scanDelay: 1,
    maxScanDelay: 2,
    initialRttTimeout: 300,
    maxRttTimeout: 400,
    minRttTimeout: 50,
  };
  const text = line(makeJob({ nmap }));
  for (
    const part of [
      "--max-rate 5",
      "--host-timeout 10000s",
      "--scan-delay 1ms",
      "--max-scan-delay 2ms",
      "--initial-rtt-timeout 300ms",
      "--max-rtt-timeout 400ms",
      "--min-rtt-timeout 50ms",
    ]
  ) assert.ok(text.includes(` ${part} `), part);
  assert.ok(!text.includes("--min-parallelism"), "nmap ignores it beside --scan-delay");
});

Deno.test("nmapArguments() of a second look is unhurried and discovers nothing", () => {
  const nmap = { maxRetries: 1, maxRate: 7, scanDelay: 3, disableHostDiscovery: false };
  assert.equal(
    line(makeJob({ nmap, confirming: true })),
    "-oX - --stats-every 1s --privileged -sS -n -Pn --disable-arp-ping --max-retries 6 " +
      "--max-rate 7 --host-timeout 300s --scan-delay 3ms -p 1-100 -- 127.0.0.1",
  );
  assert.match(line(makeJob({ nmap: { maxRetries: 9 }, confirming: true })), /--max-retries 9 /);
});

Deno.test("nmapArguments() refuses every address that is not canonical text of the family", () => {
  const hostile = [
    "-iL/etc/passwd",
    "--script=x",
    "-oN=/tmp/x",
    "0/0",
    "127.0.0.0/8",
    "10.0-255.*.1-254",
    "127.1",
    "0x7f.0.0.1",
    "010.0.0.1",
    "localhost",
    "",
    " ",
    "127.0.0.1 ",
    "127.0.0.1\n",
    "127.0.0.1,2",
    "127.0.0.1\u0000",
    "１27.0.0.1",
    "::1",
  ];
  for (const text of hostile) {
    assert.throws(() => nmapArguments(makeJob({ addresses: [text] }), "syn"), SyntaxError, text);
  }
  for (const text of ["0::1", "::FF", "fe80::1%lo", "::ffff:127.0.0.1", "127.0.0.1", "::/0"]) {
    const job = makeJob({ family: 6, addresses: [text] });
    assert.throws(() => nmapArguments(job, "syn"), SyntaxError, text);
  }
});

Deno.test("nmapArguments() refuses nothing to scan, twice the same, and odd numbers", () => {
  const jobs = [
    makeJob({ addresses: [] }),
    makeJob({ addresses: ["127.0.0.1", "127.0.0.1"] }),
    { ...makeJob(), ports: PortSet.EMPTY },
    ...[-1, 0.5, NaN, Infinity, 1e21].map((minRate) => makeJob({ nmap: { minRate } })),
  ];
  for (const job of jobs) assert.throws(() => nmapArguments(job, "syn"), RangeError);
});

Deno.test("nmapArguments() puts nothing but digits and addresses where a person's text goes", () => {
  const number = fc.nat(100_000);
  fc.assert(fc.property(
    fc.uniqueArray(fc.nat(0xffffff), { minLength: 1, maxLength: 16 }),
    fc.constantFrom<4 | 6>(4, 6),
    fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { minLength: 1 }),
    fc.record({ minRate: number, maxRate: number, scanDelay: number, hostTimeout: number }),
    fc.boolean(),
    fc.constantFrom<"tcp" | "udp">("tcp", "udp"),
    (offsets, family, ports, nmap, confirming, protocol) => {
      const network = family === 4
        ? { family, base: 0x7f000000n, prefix: 8 }
        : { family, base: 0n, prefix: 96 };
      const addresses = offsets.map((offset) => addressAt(network, offset));
      const job = makeJob({ addresses, family, nmap, confirming, protocol });
      const args = nmapArguments({ ...job, ports: PortSet.of(ports) }, "connect");
      const dashes = args.indexOf("--");
      assert.deepEqual(args.slice(dashes + 1), addresses);
      assert.ok(args.slice(dashes + 1).every((text) => /^[0-9a-f.:]+$/.test(text)));
      assert.equal(args[dashes - 2], "-p");
      assert.match(args[dashes - 1]!, /^[0-9,-]+$/);
      assert.ok(
        args.slice(0, dashes - 2).every((text) => /^(?:-[-a-zA-Z0-9]*|\d+m?s?)$/.test(text)),
      );
    },
  ));
});

Deno.test("nmapArguments() never lets a random text through as an address", () => {
  fc.assert(fc.property(
    fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.ipV4(), fc.ipV6(), fc.domain()),
    (text) => {
      let args: string[];
      try {
        args = nmapArguments(makeJob({ addresses: [text] }), "syn");
      } catch {
        return;
      }
      assert.match(args.at(-1)!, /^\d{1,3}(?:\.\d{1,3}){3}$/);
    },
  ));
});
