import assert from "node:assert/strict";
import { parseNetwork } from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import type { Priority } from "../../src/domain/priority.ts";
import { TaskQueue } from "../../src/queue/task_queue.ts";
import { ScanRequests } from "../../src/requests/scan_requests.ts";
import type { PlannedTarget } from "../../src/schedule/plan.ts";
import { PortState } from "../../src/state/port_state.ts";
import { DEFAULTS, makeLook, makeUnit } from "../scan/builders.ts";

const TARGET = { id: "planned" } as PlannedTarget;

function scan(
  target: string,
  { ports = "1-100", timeout }: { ports?: string; timeout?: number } = {},
) {
  const { network } = parseNetwork(target);
  return { network, ports: parsePorts(ports), portRange: ports, protocol: "tcp" as const, timeout };
}

/** Requests around a real queue; what runs is told by the test. */
function makeRequests({ capacity = 10, exclude = [] as string[], maxCidrSize = 24 } = {}) {
  const queue = new TaskQueue(capacity);
  const running = new Map<string, PlannedTarget | undefined>();
  const cancelled: string[] = [];
  const abandoned: string[] = [];
  const replaced: [string, string[]][] = [];
  const options = { exclude, closing: false, maxCidrSize };
  const state = new PortState({ wallClock: () => 0, now: () => 0, closedRetention: Infinity });
  const requests = new ScanRequests({
    queue,
    state,
    pool: () => ({
      isRunning: (id) => running.has(id),
      targetOf: (id) => running.get(id),
      progressOf: () => undefined,
      wake: () => {},
      running: () =>
        Array.from(running, ([id, target]) => {
          const [address = ""] = id.split(" ");
          const task = { unit: makeUnit(address), id, target, sizeClass: 0 };
          const progress = { fraction: 0, remaining: undefined };
          return { task: { ...task, origin: "request" }, startedAt: 0, addresses: 1, ...progress };
        }),
      cancel: (ids) => void cancelled.push(...ids),
      abandon: (ids) => void abandoned.push(...ids),
    }),
    scanning: (unit) => ({
      maxCidrSize: options.maxCidrSize,
      nmap: { ...DEFAULTS, maxRetries: unit?.key.target === "10.7.1.0/24" ? 1 : 6 },
      timeout: unit?.key.target === "10.7.1.0/24" ? 20 : 60,
    }),
    exclude: () => NetworkSet.of(options.exclude.map((text) => parseNetwork(text).network)),
    isActive: (id) => queue.has(id) || running.has(id),
    isClosing: () => options.closing,
    keyOf: ({ key }) => key,
    onReplaced: (id, instead) => replaced.push([id, instead.map((unit) => unit.id)]),
  });
  return { requests, queue, running, cancelled, abandoned, replaced, options, state };
}

const ID = (target: string) => `${target} tcp ${parsePorts("1-100").id}`;

Deno.test("ScanRequests.query() queues what neither waits nor runs, and says how much does", () => {
  const { requests, queue, running } = makeRequests();
  running.set(ID("10.0.1.0/24"), undefined);
  const first = requests.query(scan("10.0.0.0/23"));
  assert.equal(first.status, "queued");
  if (first.status !== "queued") return;
  assert.deepEqual(first.queued.map(({ target }) => target), ["10.0.0.0/24"]);
  assert.equal(first.active, 1);
  assert.deepEqual(requests.query(scan("10.0.0.0/23")), { status: "skipped", active: 2 });
  assert.deepEqual([...queue.ids()], [ID("10.0.0.0/24")]);
});

Deno.test("ScanRequests refuses what does not fit, and then queues nothing of it", () => {
  const cases: [string, unknown][] = [
    ["10.0.0.0/20", { status: "too_many", units: 16, capacity: 10 }],
    ["10.0.0.0/21", { status: "full", units: 8, room: 7 }],
  ];
  for (const [target, expected] of cases) {
    const { requests, queue } = makeRequests();
    requests.query(scan("10.9.0.0/24"));
    requests.query(scan("10.9.1.0/24"));
    requests.query(scan("10.9.2.0/24"));
    assert.deepEqual(requests.query(scan(target)), expected);
    assert.deepEqual(requests.submit([scan(target)], "high"), expected);
    assert.equal(queue.size, 3);
  }
  const { requests, queue, options } = makeRequests();
  options.closing = true;
  assert.deepEqual(requests.submit([scan("10.0.0.1")], "high"), { status: "closing" });
  assert.equal(queue.size, 0);
});

Deno.test("ScanRequests.submit() leaves out what is excluded, and names every unit that is left", () => {
  const { requests, queue } = makeRequests({ exclude: ["10.0.0.0/31"] });
  const result = requests.submit([scan("10.0.0.0/29", { timeout: 7 }), scan("10.0.1.1")], "high");
  assert.equal(result.status, "queued");
  if (result.status !== "queued") return;
  const expected = ["10.0.0.2/31", "10.0.0.4/30", "10.0.1.1/32"];
  assert.deepEqual(result.units.map(({ id }) => id), expected.map(ID));
  assert.deepEqual(result.units.map(({ scan }) => scan.timeout), [7, 7, undefined]);
  const tasks = expected.map(() => queue.take("high")!);
  assert.deepEqual(tasks.map(({ unit }) => unit.timeout), [7, 7, 60]);
  const nothing = requests.submit([scan("10.0.0.0/31")], "high");
  assert.deepEqual(nothing, { status: "queued", units: [] });
});

Deno.test("ScanRequests run each unit with the options for it, and the time limit of the task", () => {
  const { requests, queue } = makeRequests();
  const taken = () => {
    const { unit: { nmap, timeout } } = queue.take("normal")!;
    return [nmap.maxRetries, timeout];
  };
  requests.query(scan("10.7.0.0/23"));
  assert.deepEqual([taken(), taken()], [[6, 60], [1, 20]]);
  requests.submit([scan("10.7.0.0/23", { timeout: 5 })], "normal");
  assert.deepEqual([taken(), taken()], [[6, 5], [1, 5]]);
});

Deno.test("ScanRequests.submit() joins what runs, and moves what waits ahead", () => {
  const { requests, queue, running } = makeRequests();
  const id = ID("10.0.0.1/32");
  const unit = makeUnit("10.0.0.1");
  queue.offer({ unit, id, origin: "schedule", target: TARGET, sizeClass: 0 });
  const waits = requests.submit([scan("10.0.0.1")], "high");
  assert.deepEqual(waits.status === "queued" && waits.units.map(({ running }) => running), [false]);
  assert.equal(queue.take("high")?.target, TARGET);
  running.set(id, TARGET);
  const runs = requests.submit([scan("10.0.0.1")], "high");
  assert.deepEqual(runs.status === "queued" && runs.units.map(({ running }) => running), [true]);
  assert.equal(queue.size, 0);
});

Deno.test("ScanRequests.withdraw() ends only what nobody else wants", () => {
  type Setup = (made: ReturnType<typeof makeRequests>, id: string) => void;
  const offer =
    (origin: "request" | "schedule", target?: PlannedTarget): Setup => ({ queue }, id) => {
      const unit = makeUnit("10.0.0.1");
      queue.offer({ unit, id, origin, target, sizeClass: 0 });
    };
  const cases: [name: string, Setup, Setup, waits: boolean, cancelled: boolean][] = [
    ["waiting", () => {}, () => {}, false, false],
    ["scheduled before", offer("schedule", TARGET), () => {}, true, false],
    [
      "asked for by a query",
      ({ requests }) => requests.query(scan("10.0.0.1")),
      () => {},
      true,
      false,
    ],
    ["its turn came", () => {}, ({ requests }, id) => requests.noteScheduled(id), true, false],
    [
      "running",
      () => {},
      ({ queue, running }, id) => {
        queue.take("normal");
        running.set(id, undefined);
      },
      false,
      true,
    ],
    [
      "running for the schedule",
      () => {},
      ({ queue, running }, id) => {
        queue.take("normal");
        running.set(id, TARGET);
      },
      false,
      false,
    ],
  ];
  for (const [name, before, after, waits, isCancelled] of cases) {
    const made = makeRequests();
    const id = ID("10.0.0.1/32");
    before(made, id);
    made.requests.submit([scan("10.0.0.1")], "normal");
    after(made, id);
    made.requests.withdraw([id]);
    assert.equal(made.queue.has(id), waits, name);
    assert.deepEqual(made.cancelled, isCancelled ? [id] : [], name);
  }
});

Deno.test("ScanRequests.cutExcluded() leaves of a waiting request what may be scanned, under its priority", () => {
  for (const priority of ["high", "low"] as Priority[]) {
    const { requests, queue, options, replaced } = makeRequests({ capacity: 1 });
    requests.submit([scan("10.0.0.0/30", { timeout: 5 })], priority);
    options.exclude = ["10.0.0.2/32"];
    requests.cutExcluded();
    const left = ["10.0.0.0/31", "10.0.0.3/32"];
    assert.deepEqual(replaced, [[ID("10.0.0.0/30"), left.map(ID)]]);
    const tasks = left.map(() => queue.take(priority)!);
    assert.deepEqual(tasks.map(({ unit }) => [unit.key.target, unit.timeout]), [
      ["10.0.0.0/31", 5],
      ["10.0.0.3/32", 5],
    ]);
    assert.ok(requests.isOfTask(ID("10.0.0.3/32")) && !requests.isOfTask(ID("10.0.0.0/30")));
  }
});

Deno.test("ScanRequests.cutExcluded() ends what runs and may not be scanned any more, and queues the rest of it", () => {
  const { requests, queue, running, options, replaced, abandoned } = makeRequests();
  requests.submit([scan("10.0.0.0/31"), scan("10.0.0.4"), scan("10.0.0.8")], "normal");
  for (let task = queue.take("normal"); task !== undefined; task = queue.take("normal")) {
    running.set(task.id, undefined);
  }
  // The plan deals with what it names.
  running.set(ID("10.0.0.6/32"), TARGET);
  options.exclude = ["10.0.0.1/32", "10.0.0.4/30"];
  requests.cutExcluded();
  assert.deepEqual(abandoned, [ID("10.0.0.0/31"), ID("10.0.0.4/32")]);
  const rest = ID("10.0.0.0/32");
  assert.deepEqual(replaced, [[ID("10.0.0.0/31"), [rest]], [ID("10.0.0.4/32"), []]]);
  assert.deepEqual([...queue.ids()], [rest]);
});

Deno.test("ScanRequests.ended() queues again what was asked for while it was being cancelled", () => {
  type Ask = (made: ReturnType<typeof makeRequests>, id: string) => void;
  const cases: [string, Ask, boolean][] = [
    ["nobody", () => {}, false],
    ["a query", ({ requests }) => requests.query(scan("10.0.0.1")), true],
    ["the schedule", ({ requests }, id) => requests.noteScheduled(id), true],
    // It hears that the unit was stopped, and asks again.
    ["a task", ({ requests }) => requests.submit([scan("10.0.0.1")], "normal"), false],
  ];
  for (const [who, ask, waits] of cases) {
    const made = makeRequests();
    const { requests, queue, running } = made;
    const id = ID("10.0.0.1/32");
    requests.submit([scan("10.0.0.1")], "normal");
    const task = queue.take("normal")!;
    running.set(id, undefined);
    requests.withdraw([id]);
    ask(made, id);
    running.delete(id);
    requests.ended(task);
    assert.equal(queue.has(id), waits, who);
    // Whoever comes later does not end it.
    requests.submit([scan("10.0.0.1")], "normal");
    requests.withdraw([id]);
    assert.equal(queue.has(id), waits, who);
  }
});

Deno.test("ScanRequests.keep() says what stands for a unit that is split otherwise now", () => {
  const { requests, queue, options, replaced } = makeRequests();
  const id = ID("10.0.0.0/24");
  queue.offer({
    unit: makeUnit("10.0.0.0/24"),
    id,
    origin: "schedule",
    target: TARGET,
    sizeClass: 0,
  });
  requests.submit([scan("10.0.0.0/24")], "high");
  const [removed] = queue.remove(() => true);
  options.maxCidrSize = 25;
  requests.keep(removed!);
  const halves = [ID("10.0.0.0/25"), ID("10.0.0.128/25")];
  assert.deepEqual(replaced, [[id, halves]]);
  requests.withdraw(halves);
  assert.equal(queue.size, 0);
});

Deno.test("ScanRequests.keep() queues for a request what the plan does not name any more", () => {
  const { requests, queue } = makeRequests();
  const id = ID("10.0.0.1/32");
  const unit = makeUnit("10.0.0.1", { timeout: 1 });
  queue.offer({ unit, id, origin: "schedule", target: TARGET, sizeClass: 0 });
  requests.submit([scan("10.0.0.1")], "high");
  const [removed] = queue.remove(() => true);
  assert.ok(requests.isOfTask(id));
  requests.keep(removed!);
  const kept = queue.take("high");
  assert.deepEqual([kept?.id, kept?.target, kept?.unit.timeout], [id, undefined, 60]);
});

Deno.test("ScanRequests.openTuples() counts what is open in the networks and ports that are named", () => {
  const { requests, state } = makeRequests();
  for (const address of ["10.0.0.1", "10.0.0.9", "10.0.1.1"]) {
    state.apply([makeLook({ address, open: [22, 80] })], "everything");
  }
  const cases: [string, string, number][] = [
    ["10.0.0.0/24", "1-100", 4],
    ["10.0.0.0/24", "22", 2],
    ["10.0.0.9", "1-100", 2],
    ["10.0.2.0/24", "1-100", 0],
  ];
  for (const [target, ports, count] of cases) {
    assert.equal(requests.openTuples([scan(target, { ports })]), count, `${target} ${ports}`);
  }
});
