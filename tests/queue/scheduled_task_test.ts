import assert from "node:assert/strict";
import { ScheduledTask } from "../../src/queue/scheduled_task.ts";
import { TaskQueue } from "../../src/queue/task_queue.ts";
import { makeTarget } from "../schedule/builders.ts";

Deno.test("ScheduledTask makes its unit when asked, with the options of the target it has now", () => {
  const target = makeTarget("10.0.0.0/8", { timeout: 60 });
  const after = { dueAt: 5, taken: 300 };
  const task = new ScheduledTask({ id: "x", target, index: 299, after }, 2);
  assert.equal(task.unit.key.target, "10.1.43.0/24");
  const renewed = task.renewed(makeTarget("10.0.0.0/8", { timeout: 7 }), 3);
  assert.equal(renewed.unit.key.target, "10.1.43.0/24");
  assert.equal(renewed.unit.timeout, 7);
  assert.deepEqual([renewed.id, renewed.sizeClass, renewed.after], ["x", 3, after]);
});

Deno.test("TaskQueue moves a task ahead that makes its unit when asked", () => {
  const target = makeTarget("10.0.0.0/8");
  const queue = new TaskQueue(4);
  const after = { dueAt: 0, taken: 1 };
  queue.offer(new ScheduledTask({ id: "x", target, index: 0, after }, 0));
  const unit = target.unitAt(0);
  queue.offer({ unit, id: "x", origin: "request", target: undefined, sizeClass: 0 });
  const task = queue.take("normal");
  assert.equal(task?.unit.key.target, "10.0.0.0/24");
  assert.equal(task?.origin, "request");
  assert.equal(task?.target, target);
});
