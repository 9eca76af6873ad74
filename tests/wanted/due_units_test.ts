import assert from "node:assert/strict";
import type { Recheck } from "../../src/discovery/target_sources.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { NO_NETWORK } from "../../src/domain/network.ts";
import { ScheduledTask } from "../../src/queue/scheduled_task.ts";
import { type Task, TaskQueue } from "../../src/queue/task_queue.ts";
import { ScanRecords } from "../../src/state/scan_records.ts";
import { DueUnits } from "../../src/wanted/due_units.ts";
import { WantedScans } from "../../src/wanted/wanted_scans.ts";
import { makeConfig, plainTarget } from "../schedule/builders.ts";

/** Due units of these targets; `verdict` is what asking for a host name says, undefined where there is none. */
function makeDueUnits(
  targets: readonly string[],
  { verdict, capacity = 10 }: { verdict?: Recheck; capacity?: number } = {},
) {
  const now = { config: makeConfig(targets), closing: false };
  const options = { config: () => now.config, targets: () => now.config.targets };
  const records = new ScanRecords({
    ...{ wallClock: () => 0, now: () => 0, requestedLimit: 9, requestedRetention: () => Infinity },
    onDropped: () => {},
  });
  const wanted = new WantedScans({
    ...{ ...options, records, exclude: () => NetworkSet.EMPTY, state: { retain: () => {} } },
  });
  const queue = new TaskQueue(capacity);
  const said: string[] = [];
  const dueUnits = new DueUnits({
    ...{ wanted, queue, records, now: () => 5000, isClosing: () => now.closing },
    sources: {
      isNamed: () => verdict !== undefined,
      recheck: () => Promise.resolve(verdict!),
    },
    onQueued: () => said.push("queued"),
    onNoRoom: ({ id }) => said.push(`no room for ${id.split(" ")[0]}`),
    onUnresolved: ({ key }, { failure, incomplete }) =>
      said.push(`${key.target}, ${failure?.type}: ${failure?.message} (${incomplete})`),
  });
  const due = (index = 0) => wanted.dueNow(wanted.plan.targets[index]!.unitAt(0))!;
  const waiting = (): Task[] => queue.inOrder().toArray();
  return { dueUnits, wanted, records, queue, now, said, due, waiting };
}

Deno.test("DueUnits.offer() queues a due unit at once, and remembers that its turn was taken", () => {
  const { dueUnits, said, due, waiting, wanted } = makeDueUnits(["10.0.0.1"]);
  dueUnits.offer(due());
  assert.deepEqual(waiting().map(({ id, origin }) => [id, origin]), [[due().id, "schedule"]]);
  assert.deepEqual([said, wanted.unfinished().length], [["queued"], 1]);
});

Deno.test("DueUnits.offer() makes no record of a unit of a large target before it is begun", () => {
  const { dueUnits, due, waiting, records } = makeDueUnits(["10.0.0.0/15"]);
  dueUnits.offer({ ...due(), place: { index: 0, after: { dueAt: 0, taken: 1 } } });
  assert.ok(waiting()[0] instanceof ScheduledTask);
  assert.deepEqual([...records.values()], []);
});

Deno.test("DueUnits.offer() queues an address of a host name once the name was asked for again", async () => {
  const { dueUnits, due, waiting, now, wanted } = makeDueUnits(["10.0.0.1"], { verdict: "same" });
  const { id } = due();
  dueUnits.offer(due());
  assert.deepEqual([dueUnits.isRechecking(id), waiting()], [true, []]);
  // A reload meanwhile.
  now.config = makeConfig(["10.0.0.1"], { timeout: 7 });
  wanted.replan();
  await Promise.resolve();
  assert.equal(dueUnits.isRechecking(id), false);
  assert.deepEqual(waiting().map(({ unit }) => unit.timeout), [7]);
});

for (
  const [what, verdict, told] of [
    ["does nothing more when the name has let go of the address", "gone", []],
    ["counts a failed scan when the name does not resolve", { unresolved: "no such name" }, [
      "10.0.0.1/32, unresolved: no such name (1)",
    ]],
  ] as const
) {
  Deno.test(`DueUnits.offer() ${what}`, async () => {
    const { dueUnits, due, waiting, said } = makeDueUnits(["10.0.0.1"], { verdict });
    dueUnits.offer(due());
    await Promise.resolve();
    assert.deepEqual([waiting(), said, dueUnits.isRechecking(due().id)], [[], told, false]);
  });
}

Deno.test("DueUnits.offer() gives a unit back that finds no room after the name was asked for", async () => {
  const { dueUnits, due, said } = makeDueUnits(["10.0.0.1", "10.0.0.2"], {
    ...{ verdict: "same", capacity: 1 },
  });
  dueUnits.offer(due(0));
  dueUnits.offer(due(1));
  await Promise.resolve();
  assert.deepEqual(said, ["queued", "no room for 10.0.0.2/32", "queued"]);
});

for (
  const [what, change] of [
    ["the program ends", ({ now }) => now.closing = true],
    ["the target leaves the configuration", ({ now, wanted }) => {
      now.config = makeConfig(["10.0.0.2"]);
      wanted.replan();
    }],
  ] as [string, (made: ReturnType<typeof makeDueUnits>) => void][]
) {
  Deno.test(`DueUnits.offer() drops a unit while its name is asked for when ${what}`, async () => {
    const made = makeDueUnits(["10.0.0.1"], { verdict: { unresolved: "no such name" } });
    made.dueUnits.offer(made.due());
    change(made);
    await Promise.resolve();
    assert.deepEqual([made.waiting(), made.said], [[], []]);
  });
}

Deno.test("DueUnits.failName() counts one failed scan for each protocol, under the name", () => {
  const { dueUnits, said, records, now } = makeDueUnits(["10.0.0.1"]);
  const target = plainTarget("10.0.0.1", { ...now.config.scanning, udpScan: true });
  dueUnits.failName({ target, hostName: "db.example", message: "no such name" });
  assert.deepEqual(said, Array(2).fill("db.example, unresolved: no such name (1)"));
  assert.deepEqual(
    Array.from(records.values(), ({ key, network }) => [key.protocol, network === NO_NETWORK]),
    [["tcp", true], ["udp", true]],
  );
});
