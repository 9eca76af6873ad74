import type { Context } from "@hono/hono";
import type { TaskRecord, TaskRequest } from "../tasks/scan_task.ts";
import type { TaskManager } from "../tasks/task_manager.ts";
import { parseFields, parseParameters } from "./api_parameters.ts";
import { timeText } from "./api_time.ts";
import type { BodyEnv } from "./guards.ts";
import { jsonError } from "./json_error.ts";
import { noRoom } from "./no_room.ts";
import { parseJsonObject } from "./api_body.ts";
import { addressParameters, refuseOthers } from "./parameters.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import { rateRefusal } from "./rate_refusal.ts";
import { refusing } from "./refusing.ts";
import { judgeScans, type RequestPolicy } from "./request_policy.ts";
import { DEFAULT_TASK_LIMIT, parseTaskBody, TASK_PARAMETERS, TASK_PATH } from "./task_schemas.ts";

/** What the routes need. */
export interface TaskRouteOptions {
  readonly tasks: Pick<TaskManager, "submit" | "get" | "list" | "cancel">;
  /** What requests may ask for, now. */
  readonly policy: () => RequestPolicy;
  readonly rateLimiter: RateLimiter;
}

/** `/v1/tasks/scan`: validates the body, asks the policy, then takes from the rate limit, then queues. */
export function submitTaskRoute({ tasks, policy, rateLimiter }: TaskRouteOptions) {
  return refusing<BodyEnv>(function submitTask(c) {
    refuseOthers(addressParameters(c), []);
    // Whatever the type of the body is said to be: clients of the Go openport-exporter need not say.
    const request = parseTaskBody(parseJsonObject(c.get("body"), "targets and ports"));
    const { networks, ports, protocols } = request;
    const asked = { networks, ports, protocols: protocols.length, parameter: "targets" } as const;
    const verdict = judgeScans(asked, policy());
    if (!verdict.allowed) return jsonError(c, verdict.status, verdict);
    return rateRefusal(c, rateLimiter) ?? submitted(c, tasks, request);
  });
}

function submitted(
  c: Context,
  tasks: TaskRouteOptions["tasks"],
  request: TaskRequest,
): Response {
  const result = tasks.submit(request);
  switch (result.status) {
    case "accepted":
    case "duplicate":
      return c.json({ task_id: result.id, accepted: result.status === "accepted" });
    case "conflict":
      return jsonError(c, 409, {
        parameter: "dedupe_key",
        message: `dedupe_key: Cannot use this key: task ${result.id} has it and scans something ` +
          "else; write another one, or try again when it is over and 5 minutes old",
      });
    case "too_many":
      return jsonError(c, 400, {
        parameter: "targets",
        message: `targets: Cannot queue ${result.units} scans at once: the queue holds ` +
          `${result.capacity} (scanning.task_queue_size); ask for fewer or narrower targets`,
      });
    case "full":
      return noRoom(c, result);
    case "busy":
      return jsonError(c, 503, {
        message: "Too many tasks are not over yet: try again later, or cancel some",
      });
    case "closing":
      return jsonError(c, 503, { message: "The exporter is shutting down" });
  }
}

/** `/v1/tasks`: tasks, the newest first. */
export function tasksRoute({ tasks }: Pick<TaskRouteOptions, "tasks">) {
  return refusing(function listTasks(c) {
    const { state, limit = DEFAULT_TASK_LIMIT } = parseParameters(
      addressParameters(c),
      TASK_PARAMETERS,
    );
    return c.json(tasks.list({ state, limit }).map(taskJson));
  });
}

/** `/v1/tasks/{id}`: one task. */
export function taskRoute({ tasks }: Pick<TaskRouteOptions, "tasks">) {
  return refusing(function showTask(c) {
    const id = taskId(c);
    const record = tasks.get(id);
    return record === undefined ? unknownTask(c, id) : c.json(taskJson(record));
  });
}

/** `/v1/tasks/{id}/cancel`: cancels a task; what only it wants is not scanned any further. */
export function cancelTaskRoute({ tasks }: Pick<TaskRouteOptions, "tasks">) {
  return refusing(function cancelTask(c) {
    const id = taskId(c);
    const result = tasks.cancel(id);
    switch (result.status) {
      case "cancelled":
        return c.json(taskJson(result.record));
      case "over":
        return jsonError(c, 409, {
          message: `Cannot cancel this task: it ${result.state === "cancelled" ? "is" : "has"} ` +
            `${result.state} already`,
        });
      case "unknown":
        return unknownTask(c, id);
    }
  });
}

function taskId(c: Context): string {
  refuseOthers(addressParameters(c), []);
  return parseFields({ id: c.req.param("id") }, TASK_PATH).id;
}

function unknownTask(c: Context, id: string): Response {
  const shown = id.slice(0, 40).toWellFormed();
  return jsonError(c, 404, {
    message: `There is no task ${shown}: those that are over are kept for a day, ` +
      "and none outlives the exporter's process",
  });
}

function taskJson(record: TaskRecord) {
  const { summary, protocols, units, progress } = record;
  const time = (name: string, value: number | undefined) =>
    value === undefined ? {} : { [name]: timeText(value) };
  return {
    task_id: record.id,
    state: record.state,
    submitted_at: timeText(record.submittedAt),
    ...time("started_at", record.startedAt),
    ...time("finished_at", record.finishedAt),
    summary: {
      hosts_up: summary.hostsUp,
      hosts_down: summary.hostsDown,
      open_tuples: summary.openTuples,
    },
    error: record.error,
    targets: record.targets,
    targets_total: record.targetCount,
    ports: record.portRange,
    protocol: protocols.length === 1 ? protocols[0] : "both",
    priority: record.priority,
    ...(record.dedupeKey !== undefined && { dedupe_key: record.dedupeKey }),
    units,
    // No more than what is done: only all of it is 1.
    progress: Math.floor(progress * 10_000) / 10_000,
    percent: Math.floor(progress * 1000) / 10,
    ...time("expected_end", record.expectedEnd),
    retries: record.retries,
    retries_made: record.retriesMade,
    ...time("next_try_at", record.nextTryAt),
  };
}
