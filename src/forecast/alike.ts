import type { SweepConfig, TargetConfig } from "../config/config.ts";
import { type NmapOptions, PROTOCOLS } from "../domain/scan.ts";

/** Most targets that are alike and are told one by one. */
const MAX_TOLD = 3;

/**
 * Groups targets that differ in nothing but their one address or network, where there are more than
 * three of a kind; every other target is alone. In the order of the first of each.
 */
export function groupAlike(targets: readonly TargetConfig[]): TargetConfig[][] {
  const kinds = new Kinds();
  const byKind = new Map<string, TargetConfig[]>();
  const kindOf = targets.map((target) => {
    const kind = isPlain(target) ? kinds.of(target) : undefined;
    if (kind === undefined) return undefined;
    const alike = byKind.get(kind);
    if (alike === undefined) byKind.set(kind, [target]);
    else alike.push(target);
    return kind;
  });
  return targets.flatMap((target, index) => {
    const alike = byKind.get(kindOf[index] ?? "") ?? [];
    if (alike.length <= MAX_TOLD) return [[target]];
    return alike[0] === target ? [alike] : [];
  });
}

function isPlain({ name, texts, hostNames, hasPolicy }: TargetConfig): boolean {
  return texts.length === 1 && name === texts[0] && hostNames.length === 0 && !hasPolicy;
}

/** Texts that are equal for equal options; most targets share theirs, so each is made once. */
class Kinds {
  readonly #known = new Map<object, string>();

  of({ schedules, protocols, nmap, timeout }: TargetConfig): string {
    return [
      this.#textOf(schedules, (schedules) => schedules.map(scheduleText).join(";")),
      protocols.join(),
      this.#textOf(nmap, (nmap: NmapOptions) => JSON.stringify(nmap)),
      timeout,
    ].join(" ");
  }

  #textOf<T extends object>(options: T, make: (options: T) => string): string {
    const text = this.#known.get(options) ?? make(options);
    this.#known.set(options, text);
    return text;
  }
}

function scheduleText({ portRange, ports, interval }: SweepConfig): string {
  const looked = ports === "known" ? ports : PROTOCOLS.map((protocol) => ports[protocol].id);
  return JSON.stringify([portRange, looked, interval]);
}
