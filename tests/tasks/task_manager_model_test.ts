import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES } from "../../src/domain/priority.ts";
import { isOver } from "../../src/tasks/scan_task.ts";
import { complete, failed, makeManager, makeRequest, STOPPED } from "./fake_runner.ts";

const TARGETS = ["10.0.0.0/30", "10.0.0.1", "10.0.0.2/31", "10.0.1.1", "10.0.2.0/31"];
const OUTCOMES = [
  complete(1),
  complete(0, 1),
  failed(),
  failed("permission"),
  failed("timeout", 1),
  STOPPED,
];

const step = fc.oneof(
  fc.record({
    do: fc.constant("submit" as const),
    targets: fc.subarray(TARGETS.slice(1), { minLength: 1 }),
    retries: fc.nat(2),
    key: fc.option(fc.constantFrom("k1", "k2"), { nil: undefined }),
    priority: fc.constantFrom(...PRIORITIES),
  }),
  fc.record({ do: fc.constantFrom("begin", "cancel", "gone"), index: fc.nat(20) }),
  fc.record({
    do: fc.constant("end" as const),
    index: fc.nat(20),
    outcome: fc.nat(OUTCOMES.length - 1),
  }),
  fc.record({ do: fc.constant("tick" as const), seconds: fc.nat(400) }),
  fc.record({ do: fc.constant("room" as const), capacity: fc.integer({ min: 3, max: 8 }) }),
);

Deno.test("TaskManager ends every task, counts rightly and leaks nothing, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      using rig = makeManager();
      const { manager, runner, clock } = rig;
      runner.capacity = 8;
      const ids: string[] = [];
      const final = new Map<string, string>();
      const pick = <T>(all: Iterable<T>, index: number) => {
        const list = [...all];
        return list.length === 0 ? undefined : list[index % list.length];
      };
      const check = () => {
        let live = 0;
        for (const id of ids) {
          const record = manager.get(id)!;
          const { total, waiting, running, done, failed } = record.units;
          const sum = waiting + running + done + failed;
          if (record.state === "cancelled") assert.ok(sum <= total);
          else assert.equal(sum, total);
          assert.ok(record.progress >= 0 && record.progress <= 1);
          assert.ok(record.retriesMade <= record.retries * Math.max(total, 1));
          if (record.state === "succeeded") assert.deepEqual([done, record.error], [total, ""]);
          if (record.state === "failed") assert.ok(failed > 0 && record.error !== "");
          if (isOver(record.state)) {
            // What is over stays as it is.
            const text = JSON.stringify(record);
            assert.equal(final.get(id) ?? text, text);
            final.set(id, text);
          } else {
            live++;
            assert.ok(waiting + running > 0, "it would wait for ever");
          }
        }
        assert.equal(manager.sizes.live, live);
        // Nothing waits that no task wants.
        const wanting = ids.map((id) => manager.get(id)!).filter(({ state }) => !isOver(state));
        if (wanting.length === 0) assert.equal(runner.waiting.size, 0);
      };
      const ending = new Set<string>();
      for (const todo of steps) {
        switch (todo.do) {
          case "submit": {
            const { targets, retries, key: dedupeKey, priority } = todo;
            const result = manager.submit(makeRequest(targets, { retries, dedupeKey, priority }));
            if (result.status === "accepted") ids.push(result.id);
            break;
          }
          case "begin": {
            const id = pick(runner.waiting.keys(), todo.index);
            if (id !== undefined) rig.begin(id, { fraction: 0.3, remaining: undefined });
            break;
          }
          case "end": {
            const id = pick(runner.running.keys(), todo.index);
            if (id !== undefined) rig.end(id, ending.has(id) ? STOPPED : OUTCOMES[todo.outcome]);
            if (id !== undefined) ending.delete(id);
            break;
          }
          case "gone": {
            const id = pick(runner.waiting.keys(), todo.index);
            if (id === undefined) break;
            runner.waiting.delete(id);
            manager.unitGone(id, { reason: "it left" });
            break;
          }
          case "cancel": {
            const id = pick(ids, todo.index);
            if (id === undefined) break;
            const before = runner.withdrawn.length;
            manager.cancel(id);
            for (const unit of runner.withdrawn.slice(before)) {
              if (runner.running.has(unit)) ending.add(unit);
            }
            break;
          }
          case "tick":
            clock.tick(todo.seconds * 1000);
            break;
          case "room":
            runner.capacity = todo.capacity;
            break;
        }
        check();
      }
      // Everything is scanned from now on.
      runner.capacity = 100;
      for (let round = 0; manager.sizes.live > 0; round++) {
        assert.ok(round < 100, "a task never ends");
        for (const id of [...runner.waiting.keys()]) rig.begin(id);
        for (const id of [...runner.running.keys()]) rig.end(id);
        clock.tick(300_000);
      }
      check();
      assert.deepEqual(manager.sizes, {
        ...manager.sizes,
        live: 0,
        units: 0,
        finished: ids.length,
      });
      assert.equal(clock.countTimers(), 0);
      assert.equal(runner.waiting.size, 0);
    }),
    { numRuns: 400 },
  );
});
