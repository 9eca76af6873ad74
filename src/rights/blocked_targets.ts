import type { FailureType, NmapOptions, Protocol, Technique } from "../domain/scan.ts";
import type { NmapRights } from "./nmap_rights.ts";

/** A target as far as it matters what nmap has to do for it. */
export interface RestrictedTarget {
  readonly id: string;
  readonly protocol: Protocol;
  readonly nmap: NmapOptions;
}

/** What blocked targets are found out with. */
export interface BlockedTargetsOptions {
  readonly rights: Pick<NmapRights, "isThere" | "techniqueOf" | "noteMissing" | "refresh">;
  /** What is planned, now. */
  readonly targets: () => readonly RestrictedTarget[];
  /** Makes the targets with these ids due at once. */
  readonly hasten: (ids: ReadonlySet<string>) => void;
}

/** Targets that cannot be scanned before nmap can do more, or other things, than when they were tried. */
export class BlockedTargets {
  readonly #options: BlockedTargetsOptions;
  /** The technique that failed, by the id of the target. */
  readonly #failed = new Map<string, Technique>();
  /** The technique in use when each unit that is under way began. */
  readonly #startedBy = new Map<string, Technique>();

  constructor(options: BlockedTargetsOptions) {
    this.#options = options;
  }

  /** Notes that a unit is being scanned. */
  began(unitId: string, nmap: NmapOptions): void {
    this.#startedBy.set(unitId, this.#options.rights.techniqueOf(nmap));
  }

  /** Notes how the scan of a unit ended; `target` is what it was planned for. */
  ended(
    unitId: string,
    { target, failure }: {
      target: RestrictedTarget | undefined;
      failure: { readonly type: FailureType; readonly message: string } | undefined;
    },
  ): void {
    const { rights } = this.#options;
    const technique = this.#startedBy.get(unitId)!;
    this.#startedBy.delete(unitId);
    const isBlocked = failure?.type === "nmap_missing" || failure?.type === "permission";
    if (target !== undefined) {
      if (isBlocked) this.#failed.set(target.id, technique);
      else this.#failed.delete(target.id);
    }
    if (failure?.type === "nmap_missing") rights.noteMissing(failure.message);
    if (failure?.type === "permission") void rights.refresh().then(() => this.retryOthers());
  }

  /** Forgets targets that are not planned any more. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#failed.keys()) if (!ids.has(id)) this.#failed.delete(id);
  }

  /** Has everything that was blocked scanned at once, because nmap can do more than before. */
  retryAll(): void {
    this.#retry(() => true);
  }

  /**
   * Has at once scanned what failed with another technique than the one it would be scanned with now,
   * which is connect(): that needs no rights. Everything else waits for its next turn.
   */
  retryOthers(): void {
    this.#retry(({ protocol, nmap }, failed) =>
      protocol === "tcp" && failed !== "connect" &&
      this.#options.rights.techniqueOf(nmap) === "connect"
    );
  }

  #retry(works: (target: RestrictedTarget, failed: Technique) => boolean): void {
    const { rights, targets, hasten } = this.#options;
    if (!rights.isThere || this.#failed.size === 0) return;
    const ids = new Set<string>();
    for (const target of targets()) {
      const failed = this.#failed.get(target.id);
      if (failed === undefined || !works(target, failed)) continue;
      this.#failed.delete(target.id);
      ids.add(target.id);
    }
    if (ids.size > 0) hasten(ids);
  }
}
