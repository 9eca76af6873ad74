import { type ApiOperation, refusal } from "./api_operation.ts";
import {
  cancelTaskRoute,
  submitTaskRoute,
  taskRoute,
  type TaskRouteOptions,
  tasksRoute,
} from "./task_routes.ts";
import { TASK_BODY, TASK_PARAMETERS, TASK_PATH } from "./task_schemas.ts";

const STRANGER = refusal("The client is outside policy.client_networks");
const UNKNOWN = refusal("There is no such task, or none any more");

/** Everything under `/v1/tasks`. */
export function taskOperations(options: TaskRouteOptions): ApiOperation[] {
  return [
    {
      method: "POST",
      path: "/v1/tasks/scan",
      id: "submitScan",
      summary: "Have something scanned now",
      description:
        "All of it is queued, or nothing. What waits or runs already, for the schedule or " +
        "another task, is not scanned twice: the task waits for it.",
      body: { name: "ScanTask", schema: TASK_BODY },
      answers: {
        200: { description: "The task", schema: "TaskAccepted" },
        400: refusal("A field cannot be used; details.parameter names it"),
        403: refusal("The policy does not allow it, or a browser asks on behalf of another site"),
        409: refusal("A task with this dedupe_key scans something else"),
        429: refusal("Too many requests (scanning.rate_limit)", {
          "Retry-After": "Seconds after which a request is taken",
        }),
        503: refusal("There is no room in the queue, or the exporter is shutting down"),
      },
      handler: submitTaskRoute(options),
    },
    {
      method: "GET",
      path: "/v1/tasks",
      id: "listTasks",
      summary: "Tasks, the newest first",
      description:
        "Tasks that are over are kept for a day, 1,000 at most; none outlives the process.",
      parameters: TASK_PARAMETERS,
      answers: {
        200: { description: "The tasks", schema: "Tasks" },
        400: refusal("A parameter cannot be used"),
        403: STRANGER,
      },
      handler: tasksRoute(options),
    },
    {
      method: "GET",
      path: "/v1/tasks/:id",
      id: "getTask",
      summary: "One task",
      pathParameters: TASK_PATH,
      answers: {
        200: { description: "The task", schema: "Task" },
        400: refusal("There are parameters, and none is allowed"),
        403: STRANGER,
        404: UNKNOWN,
      },
      handler: taskRoute(options),
    },
    {
      method: "POST",
      path: "/v1/tasks/:id/cancel",
      id: "cancelTask",
      summary: "Cancel a task that is not over",
      description: "What only this task wants leaves the queue, or is ended; what nmap reported " +
        "before counts. A body is ignored.",
      pathParameters: TASK_PATH,
      answers: {
        200: { description: "The cancelled task", schema: "Task" },
        400: refusal("There are parameters, and none is allowed"),
        403: refusal("A browser asks on behalf of another site, or the client may not ask"),
        404: UNKNOWN,
        409: refusal("The task is over"),
      },
      handler: cancelTaskRoute(options),
    },
  ];
}
