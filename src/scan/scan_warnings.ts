import type { PortSet } from "../domain/ports.ts";
import type { NmapOptions, Protocol } from "../domain/scan.ts";
import {
  delaySeconds,
  heldRate,
  PROBES_PER_SILENT_PORT,
  type ScanCost,
  secondsForSilentAddress,
} from "./batch_size.ts";

/** How a process is limited. */
interface ProcessLimits {
  /** Seconds that one nmap process may take. */
  readonly timeout: number;
  readonly nmap: NmapOptions;
}

interface Target extends ProcessLimits {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  readonly schedules: readonly { readonly ports: Readonly<Record<Protocol, PortSet>> | "known" }[];
}

/** The part of a configuration that decides whether scans can finish. */
export interface ScanLimits {
  readonly scanning: ProcessLimits & {
    readonly ports: PortSet;
    /** Packets per second of all processes together, shared out among `workerCount`; 0 is no limit. */
    readonly maxTotalRate: number;
  };
  readonly targets: readonly Target[];
}

/** Warns, with the numbers, when a process for even one silent address would be ended before it finishes. */
export function scanWarnings({ scanning, targets }: ScanLimits): string[] {
  const general = new Set(problemsOf({ ...scanning, ports: scanning.ports.size }, scanning));
  // What is wrong with all is not said of each.
  const own = new Map<string, string[]>();
  let before: { readonly like: Target; readonly problems: readonly string[] } | undefined;
  for (const target of targets) {
    // There may be 100,000 that are alike.
    if (before === undefined || !sharesLimits(before.like, target)) {
      const problems = costsOf(target).flatMap((cost) => problemsOf(cost, scanning));
      before = { like: target, problems: [...new Set(problems)] };
    }
    for (const problem of before.problems) {
      if (general.has(problem)) continue;
      const names = own.get(problem) ?? [];
      own.set(problem, names);
      names.push(target.name);
    }
  }
  return [...general, ...Array.from(own, ([problem, names]) => `${namesText(names)}: ${problem}`)];
}

function sharesLimits(a: Target, b: Target): boolean {
  return a.schedules === b.schedules && a.protocols === b.protocols && a.nmap === b.nmap &&
    a.timeout === b.timeout;
}

/** What the schedules of a target cost, each once; what is known to be open is little. */
function costsOf(
  { protocols, schedules, nmap, timeout }: Target,
): ScanCost[] {
  const sizes = schedules.flatMap(({ ports }) =>
    ports === "known" ? [] : protocols.map((protocol) => ports[protocol].size)
  );
  return [...new Set(sizes)].map((ports) => ({ ports, nmap, timeout }));
}

function problemsOf(
  { ports, nmap, timeout }: ScanCost,
  { maxTotalRate }: Pick<ScanLimits["scanning"], "maxTotalRate">,
): string[] {
  const needed = secondsForSilentAddress({ ports, nmap });
  const limits = [["host_timeout", nmap.hostTimeout], ["timeout", timeout]] as const;
  const tooShort = limits.filter(([, limit]) => limit > 0 && needed > limit);
  if (tooShort.length === 0) return [];
  const [pace, cure] = delaySeconds(nmap) > 1 / heldRate(nmap)
    ? [`, one in ${nmap.scanDelay} ms (scanning.scan_delay),`, ", lower the delay"]
    : [
      ` at ${Number(heldRate(nmap).toFixed(1))} packets per second`,
      maxTotalRate > 0
        ? ", the rate or scanning.max_total_rate, lower worker_count"
        : " or the rate",
    ];
  return tooShort.map(([key, limit]) =>
    `scanning.${key}: even one silent address cannot finish in ${limit} s: ` +
    `${PROBES_PER_SILENT_PORT} probes for each of ${ports} ports${pace} ` +
    `take ${Math.ceil(needed)} s (raise it${cure}, or scan fewer ports)`
  );
}

function namesText([first = "", ...others]: readonly string[]): string {
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `target ${JSON.stringify(first)}${more}`;
}
