/** What `/healthz` answers (contract, section 3). */
export interface Health {
  readonly status: "ok" | "degraded" | "shutting down";
  /** What is degraded, for people. */
  readonly reasons: readonly string[];
  readonly queueSize: number;
  readonly queueCapacity: number;
  readonly workersBusy: number;
  readonly workers: number;
}

/** The JSON of a health report. */
export function healthBody(health: Health): Record<string, unknown> {
  const closing = health.status === "shutting down";
  return {
    // An answer with an error status is an error for those who read only the body.
    status: closing ? "error" : health.status,
    ...(closing && { message: "The exporter is shutting down" }),
    ...(health.reasons.length > 0 && { reasons: health.reasons }),
    queue_size: health.queueSize,
    queue_capacity: health.queueCapacity,
    workers_busy: health.workersBusy,
    workers: health.workers,
  };
}
