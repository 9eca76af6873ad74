import type { ScanJob, ScanKey, ScanOutcome } from "../domain/scan.ts";
import type { Doubt, PortChange } from "../state/port_state.ts";
import type { UnitSummary } from "../state/scan_records.ts";
import type { LogFields, Logger } from "./logger.ts";

/** Changes of one outcome that get a line each; the rest are counted in one more. */
const MAX_CHANGE_LINES = 100;

/** Says in the log what happens to scans and ports, one line per event. */
export class ScanLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A unit ended. */
  ended(key: ScanKey, summary: UnitSummary): void {
    const { end, failure, up, down, timedOut, incomplete } = summary;
    const duration = `${summary.duration.toFixed(3)}s`;
    if (end === "stopped") {
      this.#log.info("Scan stopped", { ...keyFields(key), duration });
      return;
    }
    const fields: LogFields = {
      ...keyFields(key),
      duration,
      up,
      down,
      timed_out: timedOut,
      incomplete,
    };
    if (failure === undefined) this.#log.info("Scan complete", fields);
    else {
      const { type, message } = failure;
      this.#log.warn(end === "partial" ? "Scan incomplete" : "Scan failed", {
        ...fields,
        error_type: type,
        error: message,
      });
    }
  }

  /** Port states changed. */
  changed(key: ScanKey, changes: readonly PortChange[]): void {
    for (const { address, port, protocol, type } of changes.slice(0, MAX_CHANGE_LINES)) {
      const message = type === "closed_to_open" ? "Port opened" : "Port closed";
      this.#log.info(message, { ip: address, port, protocol, target: key.target });
    }
    const more = changes.length - MAX_CHANGE_LINES;
    if (more > 0) this.#log.info("More ports changed", { ...keyFields(key), ports: more });
  }

  /** Ports that seemed closed were found open again. */
  unconfirmed(key: ScanKey, ports: number, { address }: Doubt): void {
    this.#log.info("Ports seemed closed but are open", { ...keyFields(key), ip: address, ports });
  }

  /** A second look could not be taken. */
  secondLookFailed(key: ScanKey, { address, ports }: Doubt, error: string): void {
    this.#log.warn("Cannot confirm that ports closed: they stay open until the next scan", {
      ...keyFields(key),
      ip: address,
      ports: ports.length,
      error,
    });
  }

  /** A unit lost turns. */
  skipped(key: ScanKey, turns: number): void {
    this.#log.debug("Scan still waiting or running when due again", { ...keyFields(key), turns });
  }

  /** One nmap process ended. */
  processEnded(key: ScanKey, job: ScanJob, { failure, startedAt, endedAt }: ScanOutcome): void {
    this.#log.debug("nmap ended", {
      ...keyFields(key),
      addresses: job.addresses.length,
      first: job.addresses[0],
      confirming: job.confirming,
      duration: `${((endedAt - startedAt) / 1000).toFixed(3)}s`,
      error_type: failure?.type,
      error: failure?.message,
    });
  }
}

function keyFields({ target, portRange, protocol }: ScanKey): LogFields {
  return { target, port_range: portRange, protocol };
}
