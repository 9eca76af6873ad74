import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { ScheduledTask } from "../../src/queue/scheduled_task.ts";
import { ScanRecords } from "../../src/state/scan_records.ts";
import { WantedScans } from "../../src/wanted/wanted_scans.ts";
import { makeUnit } from "../scan/builders.ts";
import { makeConfig } from "../schedule/builders.ts";

/** What is wanted of a configuration that the test may change, with what was retained last. */
function makeWanted(targets: readonly string[]) {
  const now = { config: makeConfig(targets), exclude: [] as string[] };
  const records = new ScanRecords({
    ...{ wallClock: () => 0, now: () => 0, requestedLimit: 1, requestedRetention: () => Infinity },
    onDropped: (dropped) => wanted.forget(dropped),
  });
  let retained: Parameters<ConstructorParameters<typeof WantedScans>[0]["state"]["retain"]>;
  const wanted = new WantedScans({
    config: () => now.config,
    targets: () => now.config.targets,
    exclude: () => NetworkSet.of(now.exclude.map((text) => parseNetwork(text).network)),
    state: { retain: (...given) => void (retained = given) },
    records,
  });
  const kept = (address: string, protocol: Protocol = "tcp") =>
    retained[1](parseAddress(address), protocol).toString();
  const concerned = (address: string) => retained[0](parseAddress(address));
  return { wanted, records, now, kept, concerned };
}

Deno.test("WantedScans.replan() follows the configuration and names the targets that are gone", () => {
  const { wanted, now } = makeWanted(["10.0.0.1", "10.0.0.2"]);
  const [first, second] = wanted.plan.targets;
  now.config = makeConfig(["10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(wanted.replan(), [first!.id]);
  assert.equal(wanted.plan.targets[0]!.id, second!.id);
  assert.deepEqual(wanted.replan(), []);
});

Deno.test("WantedScans.openRecords() makes the records of small targets alone", () => {
  const { wanted, records } = makeWanted(["10.0.0.0/23", "10.8.0.0/15"]);
  wanted.openRecords();
  assert.deepEqual(Array.from(records.values(), ({ key }) => key.target), [
    "10.0.0.0/24",
    "10.0.1.0/24",
  ]);
});

Deno.test("WantedScans.recordOf() counts a unit of the plan under the configured text, any other as requested", () => {
  const { wanted, records } = makeWanted(["10.0.0.1"]);
  const written = wanted.recordOf({
    ...makeUnit("10.0.0.1", { ports: "1-50,51-100" }),
    ports: parsePorts("1-100"),
  });
  assert.deepEqual([written.key.portRange, written.configured], ["1-100", true]);
  const other = wanted.recordOf(makeUnit("10.0.0.9", { ports: "7" }));
  assert.equal(other.configured, false);
  assert.deepEqual([...records.requested()], [other]);
});

Deno.test("WantedScans.unfinished() gives what was pending and is planned still", () => {
  const { wanted, records } = makeWanted(["10.0.0.1", "10.0.0.2"]);
  for (const address of ["10.0.0.1", "10.0.0.9"]) {
    records.notePending(wanted.recordOf(makeUnit(address)));
  }
  wanted.openRecords();
  assert.deepEqual(wanted.unfinished().map(({ unit }) => unit.key.target), ["10.0.0.1/32"]);
});

Deno.test("WantedScans.renewal() gives a waiting task the options of now, and its target", () => {
  const { wanted, now } = makeWanted(["10.0.0.1", "10.0.0.2"]);
  const [target] = wanted.plan.targets;
  const after = { dueAt: 0, taken: 1 };
  const scheduled = new ScheduledTask({ id: "x", target: target!, index: 0, after }, 1);
  const requested = {
    ...{ id: "y", origin: "request", target: undefined, sizeClass: 1 } as const,
    unit: makeUnit("10.0.0.9"),
  };
  now.config = makeConfig(["10.0.0.1"], { timeout: 7 });
  wanted.replan();
  const renew = wanted.renewal();
  const renewed = renew(scheduled);
  assert.deepEqual([renewed.target, renewed.unit.timeout], [wanted.plan.targets[0], 7]);
  assert.equal(renew(requested).unit.timeout, 7);
  assert.equal(renew({ ...requested, timeout: 3 }).unit.timeout, 3);
  assert.equal(renew({ ...requested, unit: makeUnit("10.0.0.1") }).target, wanted.plan.targets[0]);
});

Deno.test("WantedScans.optionsOf() runs a request, also after a reload, as the target that it lies in", () => {
  const { wanted, now } = makeWanted([]);
  const config = makeConfig(["10.0.0.0/24"], { maxCidrSize: 20 });
  const [target] = config.targets;
  now.config = { ...config, targets: [{ ...target!, timeout: 7 }] };
  wanted.replan();
  const { nmap, timeout } = config.scanning;
  assert.deepEqual(wanted.optionsOf(), { maxCidrSize: 20, nmap, timeout });
  const unit = makeUnit("10.0.0.9", { ports: "7" });
  assert.deepEqual(wanted.optionsOf(unit), { maxCidrSize: 20, nmap, timeout: 7 });
  const waiting = { id: "x", origin: "request", target: undefined, sizeClass: 1, unit } as const;
  assert.equal(wanted.renewal()(waiting).unit.timeout, 7);
});

Deno.test("WantedScans.isWanted() needs no plan for a request, and for a scheduled task the same units", () => {
  const { wanted, now } = makeWanted(["10.0.0.1", "10.0.0.2"]);
  const tasks = wanted.plan.targets.map((target) => ({
    ...{ id: target.id, origin: "schedule", target, sizeClass: 1, unit: target.unitAt(0) } as const,
  }));
  now.config = makeConfig(["10.0.0.2"]);
  wanted.replan();
  assert.deepEqual(tasks.map((task) => wanted.isWanted(task)), [false, true]);
  assert.equal(wanted.isWanted({ ...tasks[0]!, target: undefined }), true);
});

Deno.test("WantedScans.retain() keeps the ports of plan and requests, and nothing of what is excluded", () => {
  const { wanted, now, kept, concerned } = makeWanted(["10.0.0.0/30"]);
  wanted.recordOf(makeUnit("10.0.0.1", { ports: "443" }));
  now.exclude = ["10.0.0.2"];
  wanted.retain();
  assert.equal(concerned("192.0.2.1"), true);
  assert.deepEqual(
    ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((address) => kept(address)),
    ["1-100,443", "", "1-100", ""],
  );
  assert.equal(kept("10.0.0.1", "udp"), "");
});

Deno.test("WantedScans.forget() lets go of the addresses of what left, as far as nobody else asks", () => {
  const { wanted, records, kept, concerned } = makeWanted(["10.0.0.1"]);
  wanted.recordOf(makeUnit("10.0.0.1", { ports: "443" }));
  // The limit is one: this request pushes the other one out.
  wanted.recordOf(makeUnit("10.0.0.9"));
  records.prune(() => false);
  assert.deepEqual(["10.0.0.1", "10.0.0.9"].map(concerned), [true, false]);
  assert.equal(kept("10.0.0.1"), "1-100");
});

Deno.test("WantedScans.dropUnwantedRecords() drops what is planned no more, but not what was requested", () => {
  const { wanted, records, now } = makeWanted(["10.0.0.1", "10.0.0.2"]);
  wanted.openRecords();
  wanted.recordOf(makeUnit("10.0.0.9"));
  now.config = makeConfig(["10.0.0.2"]);
  wanted.replan();
  const dropped = wanted.dropUnwantedRecords(new Set());
  assert.deepEqual(dropped.map((id) => id.split(" ")[0]), ["10.0.0.1/32"]);
  assert.deepEqual(Array.from(records.values(), ({ key }) => key.target), [
    "10.0.0.2/32",
    "10.0.0.9/32",
  ]);
});
