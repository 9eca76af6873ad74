import * as z from "zod";
import { PRIORITIES } from "../domain/priority.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import { TASK_STATES } from "../tasks/scan_task.ts";

const time = () => z.string().meta({ format: "date-time" });
const count = () => z.int().min(0);
const ip = () => z.string().meta({ description: "IPv4 or IPv6 address, canonical (RFC 5952)" });
const port = () => z.int().min(1).max(65535);
const protocol = () => z.enum(PROTOCOLS);

/** Every error. */
export const ERROR_ANSWER = z.object({
  status: z.literal("error"),
  message: z.string().meta({ description: "What is wrong and what to do, for people" }),
  details: z.object({
    parameter: z.string().optional().meta({ description: "The parameter or field at fault" }),
    problems: z.array(z.string()).optional(),
  }).optional(),
});

/** Answer of `/v1/tasks/scan`. */
export const TASK_ACCEPTED = z.object({
  task_id: z.string(),
  accepted: z.boolean().meta({
    description: "False when a task with the same dedupe_key is there already: task_id is that one",
  }),
});

/** One task. */
export const TASK_ANSWER = z.object({
  task_id: z.string(),
  state: z.enum(TASK_STATES),
  submitted_at: time(),
  started_at: time().optional(),
  finished_at: time().optional(),
  summary: z.object({
    hosts_up: count(),
    hosts_down: count(),
    open_tuples: count().meta({
      description: "Open (address, protocol, port) in the networks and ports of the task",
    }),
  }),
  error: z.string().meta({ description: "The first failure; empty when there is none" }),
  targets: z.array(z.string()).meta({ description: "The first 100" }),
  targets_total: count(),
  ports: z.string(),
  protocol: z.enum([...PROTOCOLS, "both"]),
  priority: z.enum(PRIORITIES),
  dedupe_key: z.string().optional(),
  units: z.object({
    total: count(),
    waiting: count().meta({ description: "In the queue, or waiting for another try" }),
    running: count(),
    done: count(),
    failed: count(),
  }).meta({ description: "The scans that the task was split into" }),
  progress: z.number().min(0).max(1),
  percent: z.number().min(0).max(100),
  expected_end: time().optional(),
  retries: count(),
  retries_made: count(),
  next_try_at: time().optional(),
});

/** Answer of `/v1/tasks`. */
export const TASKS_ANSWER = z.array(TASK_ANSWER);

const HOST_FIELDS = {
  ip: ip(),
  open_ports: count(),
  first_seen: time().optional().meta({ description: "When it first showed life" }),
  last_seen: time().optional(),
};

const HOST_PORT = z.object({
  port: port(),
  protocol: protocol(),
  state: z.enum(["open", "closed"]),
  first_seen: time().meta({ description: "When it was first found open" }),
  last_seen: time(),
  last_change: time(),
});

/** Answer of `/v1/hosts`. */
export const HOSTS_ANSWER = z.object({
  status: z.literal("success"),
  hosts: z.array(z.object(HOST_FIELDS)),
  next: z.string().optional().meta({
    description: "What `after` has to be for the next part; absent when this is the last",
  }),
});

/** Answer of `/v1/hosts/{ip}`. */
export const HOST_ANSWER = z.object({
  status: z.literal("success"),
  host: z.object({ ...HOST_FIELDS, ports: z.array(HOST_PORT) }),
});

/** Answer of `/v1/changes`. */
export const CHANGES_ANSWER = z.object({
  status: z.literal("success"),
  changes: z.array(z.object({
    time: time(),
    ip: ip(),
    port: port(),
    protocol: protocol(),
    from: z.enum(["open", "closed"]),
    to: z.enum(["open", "closed"]),
    target: z.string().meta({ description: "The network that was scanned" }),
  })),
});

/** Answer of `/v1/sd`. */
export const SD_ANSWER = z.array(z.object({
  targets: z.array(z.string()).length(1),
  labels: z.record(z.string(), z.string()),
}));

/** Answer of `/v1/openapi.json`. */
export const DOCUMENT_ANSWER = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.unknown()),
});
