import { formatNetwork, MAX_ADDRESSES, networkSize } from "../domain/network.ts";
import type { TargetConfig } from "./config.ts";
import type { Report } from "./report.ts";
import { plainTarget, resolveTarget, type TargetContext } from "./resolve_target.ts";
import type { WrittenConfig } from "./schema.ts";
import { show } from "./show.ts";
import type { ReadTarget } from "./target_text.ts";

/** The targets of a file; one that is written twice without options of its own is there once. */
export function resolveTargets(
  written: NonNullable<WrittenConfig["targets"]>,
  context: Omit<TargetContext, "path">,
): readonly TargetConfig[] {
  const { report, scanning, readServices } = context;
  const targets: TargetConfig[] = [];
  const repeats = new Repeats(report);
  // Of plain targets, equal names are repeats: 100,000 need not be compared once more.
  const names = written.some((item) => item !== undefined && plainTarget(item) === undefined)
    ? new Names(report)
    : undefined;
  for (const [index, item] of written.entries()) {
    if (item === undefined) continue;
    const path = ["targets", index] as const;
    const target = resolveTarget(item, { scanning, readServices, report, path });
    const alone = plainTarget(item);
    if (alone !== undefined && repeats.has(alone, path)) continue;
    names?.add(target.name, index, { written: item.name !== undefined });
    targets.push(target);
  }
  refuseTooMany(targets, report);
  return targets;
}

/** Finds plain targets that are written twice, perhaps in different texts. */
class Repeats {
  readonly #report: Report;
  /** By canonical text, the first as it was written and where. */
  readonly #first = new Map<string, readonly [text: string, index: number]>();
  /** Other texts of the same. */
  readonly #others = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether the same text was there before; warns when the same target was. */
  has(target: ReadTarget, path: readonly ["targets", number]): boolean {
    const { text } = target;
    const label = "hostName" in target ? target.hostName : formatNetwork(target.network);
    const first = this.#first.get(label);
    if (first === undefined) {
      this.#first.set(label, [text, path[1]]);
      return false;
    }
    this.#report.warn(path, `${label} is already targets[${first[1]}]: it is scanned once`);
    if (text === first[0] || this.#others.has(text)) return true;
    this.#others.add(text);
    return false;
  }
}

/** Refuses names that several targets have. */
class Names {
  readonly #report: Report;
  readonly #first = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  add(name: string, index: number, { written }: { written: boolean }): void {
    const first = this.#first.get(name);
    if (first === undefined) {
      this.#first.set(name, index);
      return;
    }
    const path = ["targets", index];
    // What a refused name would have been is not known.
    if ([index, first].some((place) => this.#report.refused(["targets", place, "name"]))) return;
    this.#report.fail(
      written ? [...path, "name"] : path,
      `${show(name)} is already the name of targets[${first}] (write another name)`,
    );
  }
}

function refuseTooMany(targets: readonly TargetConfig[], report: Report): void {
  let atMost = 0n;
  for (const { networks } of targets) {
    for (const { network } of networks) atMost += networkSize(network);
  }
  // To find equal ones among 100,000 takes a while.
  if (atMost <= MAX_ADDRESSES) return;
  const total = countAddresses(targets);
  if (total > MAX_ADDRESSES) {
    report.fail(
      ["targets"],
      `have ${total} addresses in all, more than ${MAX_ADDRESSES} (write fewer or narrower targets)`,
    );
  }
}

/** Number of addresses in `targets`, equal networks counted once; host names have none until they are resolved. */
export function countAddresses(targets: readonly Pick<TargetConfig, "networks">[]): bigint {
  const sizes = new Map<string, bigint>();
  for (const { networks } of targets) {
    for (const { network } of networks) sizes.set(formatNetwork(network), networkSize(network));
  }
  return sizes.values().reduce((sum, size) => sum + size, 0n);
}
