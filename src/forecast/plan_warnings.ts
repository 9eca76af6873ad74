import type { Config, TargetConfig } from "../config/config.ts";
import { show } from "../config/show.ts";
import { networkSize } from "../domain/network.ts";
import { NetworkSet } from "../domain/network_set.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import type { Forecast, ForecastConfig, TargetForecast } from "./forecast.ts";
import { scannedNetworks } from "./forecast.ts";
import { countPublic } from "./public_addresses.ts";

/** Share of an interval, or of all workers' time, above which there is little room for what goes wrong. */
const MUCH = 0.8;
/** Public addresses of one network that somebody may well mean to scan. */
const FEW_PUBLIC = 256n;
/** Most warnings of one kind. */
const MAX_ALIKE = 10;

/** Warns of schedules that take more than 80 % of their interval, alone or all together. */
export function loadWarnings({ targets, load, workers }: Forecast): string[] {
  const single = targets.flatMap((target) =>
    target.schedules.flatMap(({ portRange, protocol, interval, cost }) => {
      if (cost === "known" || cost.seconds <= MUCH * interval) return [];
      const seconds = Math.ceil(cost.seconds);
      const ports = portRange.length > 30 ? `${portRange.slice(0, 30)}…` : portRange;
      return [
        `${nameOf(target)}: a round of ${ports}/${protocol} takes about ${seconds} s of the ` +
        `${interval} s from one start to the next: ${verdict(cost.seconds / interval)} ` +
        `(raise the interval or the rate, or scan fewer ports)`,
      ];
    })
  );
  return [
    ...bounded(single, "more rounds take too long"),
    ...load <= MUCH ? [] : [
      `targets: all schedules together take about ${percent(load)} % of the time of ` +
      `${workers} ${workers === 1 ? "worker" : "workers"}: ${verdict(load)} ` +
      `(raise intervals, scanning.worker_count or the rate, or scan fewer ports)`,
    ],
  ];
}

function verdict(share: number): string {
  return share > 1
    ? "it cannot be kept up with"
    : "little is left for second looks and hosts that answer late";
}

function percent(share: number): string {
  return Math.ceil(share * 100).toLocaleString("en-US");
}

function nameOf({ name, count }: TargetForecast): string {
  const more = count === 1 ? "" : ` and ${count - 1} more`;
  return `target ${show(name)}${more}`;
}

/** Warns of what is asked for and excluded, and of broad networks of the public internet. */
export function addressWarnings({ targets, scanning }: ForecastConfig): string[] {
  const exclude = NetworkSet.of(scanning.exclude);
  const excluded: string[] = [];
  const broad: string[] = [];
  for (const target of targets) {
    const { name, networks, hostNames } = target;
    if (networks.some(({ network }) => exclude.overlaps(network))) {
      const hidden = networks.reduce((sum, { network }) => sum + exclude.countIn(network), 0n);
      const all = networks.reduce((sum, { network }) => sum + networkSize(network), 0n);
      if (hidden === all && hostNames.length === 0) {
        excluded.push(
          `target ${show(name)}: all of it is in scanning.exclude: nothing of it is scanned`,
        );
      } else if (isExpecting(target)) {
        excluded.push(
          `target ${show(name)}: ports are expected on ${hidden} addresses that are in ` +
            `scanning.exclude: they are never seen there`,
        );
      }
    }
    if (networks.every(({ network }) => networkSize(network) <= FEW_PUBLIC)) continue;
    const found = countPublic(NetworkSet.of(scannedNetworks(target, exclude)));
    if (found <= FEW_PUBLIC) continue;
    broad.push(
      `target ${show(name)}: ${found.toLocaleString("en-US")} of its addresses are public: ` +
        `scan only what you are allowed to`,
    );
  }
  return [
    ...bounded(excluded, "more targets have addresses in scanning.exclude"),
    ...bounded(broad, "more targets have many public addresses"),
  ];
}

function isExpecting({ expected }: TargetConfig): boolean {
  return PROTOCOLS.some((protocol) => expected[protocol].size > 0);
}

/** Warns when nothing is scanned but what requests ask for. */
export function emptyWarnings(
  { targets, targetsFiles, targetsHttp }: Pick<Config, "targets" | "targetsFiles" | "targetsHttp">,
): string[] {
  if (targets.length + targetsHttp.length > 0) return [];
  const lists = targetsFiles.length === 0 ? "" : ", also in targets_files";
  return [`targets: there are none${lists}: nothing is scanned but what requests ask for`];
}

function bounded(lines: readonly string[], rest: string): string[] {
  const more = lines.length - MAX_ALIKE;
  return more <= 0 ? [...lines] : [...lines.slice(0, MAX_ALIKE), `${more} ${rest}`];
}
