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
  return {
    status: health.status,
    ...(health.reasons.length > 0 && { reasons: health.reasons }),
    queue_size: health.queueSize,
    queue_capacity: health.queueCapacity,
    workers_busy: health.workersBusy,
    workers: health.workers,
  };
}
