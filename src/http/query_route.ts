import type { Context } from "@hono/hono";
import type { QueryResult } from "../requests/scan_requests.ts";
import { parseJsonObject } from "./api_body.ts";
import type { BodyEnv } from "./guards.ts";
import { jsonError } from "./json_error.ts";
import { noRoom } from "./no_room.ts";
import { addressParameters, ParameterError, type Parameters } from "./parameters.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import { rateRefusal } from "./rate_refusal.ts";
import { refusing } from "./refusing.ts";
import { judgeRequest, type RequestPolicy } from "./request_policy.ts";
import { parseScanQuery, type ScanQuery } from "./scan_query.ts";

/** What the route needs. */
export interface QueryRouteOptions {
  /** Queues the scan, without the addresses that are excluded now; some are left. */
  readonly requestScan: (query: ScanQuery) => QueryResult;
  /** What requests may ask for, now. */
  readonly policy: () => RequestPolicy;
  readonly rateLimiter: RateLimiter;
}

/** Scan keys that an answer lists at most. */
const MAX_LISTED = 100;

/** `/query`: validates the parameters, asks the policy, then takes from the rate limit, then queues. */
export function queryRoute({ requestScan, policy, rateLimiter }: QueryRouteOptions) {
  return refusing<BodyEnv>(function query(c) {
    const scanQuery = parseScanQuery(parametersOf(c));
    const verdict = judgeRequest(scanQuery, policy());
    if (!verdict.allowed) return jsonError(c, verdict.status, verdict);
    return rateRefusal(c, rateLimiter) ?? answer(c, requestScan(scanQuery), verdict);
  });
}

/** Parameters of the address and, for POST, of a form or JSON body. */
function parametersOf(c: Context<BodyEnv>): Parameters {
  const all = addressParameters(c);
  const add = (name: string, value: string) => {
    all.set(name, [...(all.get(name) ?? []), value]);
  };
  if (c.req.method !== "POST") return all;
  const body = c.get("body");
  if (body === "") return all;
  const type = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") {
    for (const [name, value] of Object.entries(parseJsonObject(body, "ip and ports"))) {
      if (typeof value !== "string" && typeof value !== "number") {
        throw new ParameterError(name, "Cannot use this value: write a text");
      }
      add(name, String(value));
    }
  } else if (type === "application/x-www-form-urlencoded") {
    for (const [name, value] of new URLSearchParams(body)) add(name, value);
  } else {
    throw new ParameterError(
      "Content-Type",
      "Cannot read this body: send application/x-www-form-urlencoded or application/json",
    );
  }
  return all;
}

/** `excluded` addresses were asked for and are skipped. */
function answer(
  c: Context<BodyEnv>,
  result: QueryResult,
  { excluded }: { excluded: number },
): Response {
  const skipped = excluded === 0 ? {} : { excluded_addresses: excluded };
  switch (result.status) {
    case "queued": {
      const { queued, active } = result;
      const scans = queued.slice(0, MAX_LISTED).map(({ target, portRange, protocol }) => ({
        target,
        port_range: portRange,
        protocol,
      }));
      return c.json({
        status: "success",
        message: `Queued ${count(queued.length, "scan")}` +
          (excluded === 0 ? "" : `, without ${excluded} excluded of the addresses`),
        details: { queued: queued.length, already_active: active, ...skipped, scans },
      });
    }
    case "skipped":
      return c.json({
        status: "skipped",
        message: "The same scan is already waiting or running",
        details: { queued: 0, already_active: result.active, ...skipped },
      }, 202);
    case "too_many":
      return jsonError(c, 400, {
        parameter: "ip",
        message: `ip: Cannot queue ${count(result.units, "scan")} at once: the queue holds ` +
          `${result.capacity} (scanning.task_queue_size); ask for a narrower network`,
      });
    case "full":
      return noRoom(c, result);
    case "closing":
      return jsonError(c, 503, { message: "The exporter is shutting down" });
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
