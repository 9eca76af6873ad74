import { formatNetwork, MAX_ADDRESSES, networkSize } from "../domain/network.ts";
import type { TargetConfig } from "./config.ts";
import type { Report } from "./report.ts";
import { resolveTarget, type TargetContext } from "./resolve_target.ts";
import type { WrittenConfig } from "./schema.ts";
import { show } from "./show.ts";

/** The targets of a file; one that is written twice without options of its own is there once. */
export function resolveTargets(
  written: NonNullable<WrittenConfig["targets"]>,
  context: Omit<TargetContext, "path">,
): readonly TargetConfig[] {
  const { report } = context;
  const targets: TargetConfig[] = [];
  const plain = new Map<string, number>();
  const names = new Map<string, number>();
  for (const [index, item] of written.entries()) {
    if (item === undefined) continue;
    const path = ["targets", index];
    const target = resolveTarget(item, { ...context, path });
    const { name } = target;
    if (isPlain(item)) {
      const label = target.networks[0] === undefined
        ? target.hostNames[0]!
        : formatNetwork(target.networks[0].network);
      const first = plain.get(label);
      if (first === undefined) plain.set(label, index);
      else {
        report.warn(path, `${label} is already targets[${first}]: it is scanned once`);
        if (names.get(name) === first) continue;
      }
    }
    const first = names.get(name);
    if (first === undefined) names.set(name, index);
    else if (!report.refused([...path, "name"]) && !report.refused(["targets", first, "name"])) {
      report.fail(
        item.name === undefined ? path : [...path, "name"],
        `${show(name)} is already the name of targets[${first}] (write another name)`,
      );
    }
    targets.push(target);
  }
  refuseTooMany(targets, report);
  return targets;
}

function isPlain(written: NonNullable<WrittenConfig["targets"]>[number] & object): boolean {
  return Object.keys(written).length === 1 && !Array.isArray(written.target);
}

function refuseTooMany(targets: readonly TargetConfig[], report: Report): void {
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
