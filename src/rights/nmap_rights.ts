import type { NmapOptions, Technique } from "../domain/scan.ts";
import type { Logger } from "../log/logger.ts";
import type { NmapCapability } from "../nmap/capability.ts";
import { NmapMonitor } from "../nmap/monitor.ts";
import { failWithoutRawSockets, type ScanKind, withoutRawSockets } from "../nmap/scan_kinds.ts";

/** What nmap's rights are found out with. */
export interface NmapRightsOptions {
  /** Asks nmap what it can do. */
  readonly probe: (signal: AbortSignal) => Promise<NmapCapability>;
  readonly log: Logger;
  /** Options of what has none of its own. */
  readonly defaults: () => NmapOptions;
  /** nmap can do more than before: what failed for that may be tried again. */
  readonly onGained: () => void;
}

/** What nmap may do here, now: how that is found out, what follows for scans, and what is said about it. */
export class NmapRights {
  /** Of what is planned, and of what may be requested. */
  kinds: ReadonlySet<ScanKind> = new Set();
  readonly #defaults: () => NmapOptions;
  readonly #log: Logger;
  readonly #monitor: NmapMonitor;

  constructor({ probe, log, defaults, onGained }: NmapRightsOptions) {
    this.#log = log;
    this.#defaults = defaults;
    this.#monitor = new NmapMonitor({
      probe,
      onChange: (now, before) => {
        this.#tell(now);
        if (before === undefined || !now.available) return;
        if (!before.available || (now.rawSockets && !before.rawSockets)) onGained();
      },
    });
  }

  /** Whether nmap can be run, as far as is known. */
  get isThere(): boolean {
    return this.#monitor.capability?.available === true;
  }

  /** How TCP ports are probed with these options. */
  techniqueOf({ technique }: Pick<NmapOptions, "technique">): Technique {
    return technique === "auto" ? this.#monitor.technique : technique;
  }

  /** For the metric of that name; undefined while nmap is not there. */
  get info(): { version: string; technique: string } | undefined {
    const { capability } = this.#monitor;
    if (!capability?.available) return undefined;
    return { version: capability.version, technique: this.techniqueOf(this.#defaults()) };
  }

  /** What is wrong now, for people: one line each. */
  troubles(): string[] {
    const { capability } = this.#monitor;
    if (capability === undefined) return [];
    if (!capability.available) return [capability.reason];
    if (capability.unanswered) return [`nmap does not answer (${capability.reason})`];
    if (capability.rawSockets || !failWithoutRawSockets(this.kinds)) return [];
    return [`Scans that need raw sockets fail: grant CAP_NET_RAW (${capability.reason})`];
  }

  /** Why no scan can be done yet; undefined when one can. */
  get notReady(): string | undefined {
    const { capability } = this.#monitor;
    if (capability === undefined) return "nmap has not answered yet";
    return capability.available ? undefined : capability.reason;
  }

  /** Asks nmap what it can do now. */
  refresh(): Promise<void> {
    return this.#monitor.refresh();
  }

  /** Takes note of a scan that found no nmap. */
  noteMissing(reason: string): void {
    this.#monitor.noteMissing(reason);
  }

  /** Asks no more; resolves when nothing is asked any longer. */
  stop(): Promise<void> {
    return this.#monitor.stop();
  }

  #tell(now: NmapCapability): void {
    if (!now.available) {
      this.#log.error("Cannot run nmap: scans fail until it is there", { reason: now.reason });
      return;
    }
    const { version, rawSockets, unanswered, reason } = now;
    const technique = this.techniqueOf(this.#defaults());
    this.#log.info("Found nmap", { version, scan_technique: technique });
    const effect = rawSockets ? undefined : withoutRawSockets(this.kinds);
    if (effect === undefined) return;
    this.#log.warn(
      unanswered
        ? "Cannot find out whether nmap may open raw sockets: it does not answer; it is asked again"
        : "Cannot open raw sockets: run as root, or grant CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW)",
      { effect, reason },
    );
  }
}
