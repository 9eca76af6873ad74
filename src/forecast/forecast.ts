import type { Config, TargetConfig } from "../config/config.ts";
import { type Network, networkSize } from "../domain/network.ts";
import { NetworkSet, neverScanned } from "../domain/network_set.ts";
import { rateShare } from "../domain/rate_share.ts";
import { KNOWN_PORTS, type Protocol } from "../domain/scan.ts";
import { type PlannedTarget, planTargets } from "../schedule/plan.ts";
import { groupAlike } from "./alike.ts";
import { countAddresses, countPublic } from "./public_addresses.ts";
import { type RoundCost, roundCost } from "./round_cost.ts";

/** What a forecast is made of. */
export type ForecastConfig = Pick<Config, "targets" | "scanning">;

/** What one schedule of a target takes, for one protocol. */
export interface ScheduleForecast {
  readonly portRange: string;
  readonly protocol: Protocol;
  /** Seconds. */
  readonly interval: number;
  /** `known` for ports that are open or expected at the time: what that takes is not known before. */
  readonly cost: RoundCost | "known";
}

/** What a target takes, or several that differ in nothing but their address. */
export interface TargetForecast {
  /** Of the first. */
  readonly name: string;
  /** How many targets there are, at least 1. */
  readonly count: number;
  /** Without those that are excluded and those of host names. */
  readonly addresses: bigint;
  /** Each is taken for one address. */
  readonly hostNames: number;
  readonly schedules: readonly ScheduleForecast[];
}

/** What a configuration asks for, if nothing answers. */
export interface Forecast {
  /** In the order of the configuration. */
  readonly targets: readonly TargetForecast[];
  /** Processes at once. */
  readonly workers: number;
  /** Addresses that are scanned, each counted once, without those of host names. */
  readonly addresses: bigint;
  /** How many of them are of the public internet. */
  readonly publicAddresses: bigint;
  /** Share of all workers' time that all schedules take together, those of known ports left out; 1 is all of it. */
  readonly load: number;
}

/** Stands for the address that a host name may have. */
const SOME_ADDRESS: Network = { family: 4, base: 0n, prefix: 32 };

/** Works out what a configuration takes; asks nothing and nobody. */
export function makeForecast(config: ForecastConfig): Forecast {
  return new Forecaster(config).forecast();
}

/** The networks of a target without what is excluded. */
export function scannedNetworks({ networks }: TargetConfig, exclude: NetworkSet): Network[] {
  return networks.flatMap(({ network }) =>
    exclude.overlaps(network) ? [...exclude.outside(network)] : [network]
  );
}

class Forecaster {
  readonly #config: ForecastConfig;
  readonly #exclude: NetworkSet;
  readonly #workers: number;

  constructor(config: ForecastConfig) {
    const { exclude, maxTotalRate, workerCount } = config.scanning;
    this.#config = config;
    this.#exclude = neverScanned(exclude);
    this.#workers = rateShare(maxTotalRate, workerCount).workers;
  }

  forecast(): Forecast {
    const { targets } = this.#config;
    const groups = groupAlike(targets).map((alike) => ({
      alike,
      networks: alike.flatMap((target) => scannedNetworks(target, this.#exclude)),
    }));
    const scanned = NetworkSet.of(groups.flatMap(({ networks }) => networks));
    return {
      targets: groups.map(({ alike, networks }) => this.#target(alike, networks)),
      workers: this.#workers,
      addresses: countAddresses(scanned),
      publicAddresses: countPublic(scanned),
      load: this.#loadOfNetworks() + this.#loadOfNames(),
    };
  }

  #target(alike: readonly TargetConfig[], networks: readonly Network[]): TargetForecast {
    const [target] = alike;
    const { name, hostNames } = target!;
    return {
      name,
      count: alike.length,
      addresses: networks.reduce((sum, network) => sum + networkSize(network), 0n),
      hostNames: hostNames.length,
      schedules: this.#schedules(target!, [...networks, ...hostNames.map(() => SOME_ADDRESS)]),
    };
  }

  #schedules(target: TargetConfig, networks: readonly Network[]): ScheduleForecast[] {
    return target.schedules.flatMap(({ portRange, ports, interval }) =>
      target.protocols.map((protocol) => ({
        portRange,
        protocol,
        interval,
        cost: ports === "known"
          ? ports
          : this.#cost(networks, { ...optionsOf(target), ports: ports[protocol].size }),
      }))
    );
  }

  /** Of what is planned, where nothing is there twice that two targets ask for. */
  #loadOfNetworks(): number {
    let load = 0;
    let before:
      | { readonly like: PlannedTarget; readonly timeout: number; readonly load: number }
      | undefined;
    for (const planned of planTargets(this.#config)) {
      if (planned.portRange === KNOWN_PORTS) continue;
      const { timeout } = planned.unitAt(0);
      // There may be 100,000 that are alike.
      if (before?.timeout !== timeout || !costsTheSame(before.like, planned)) {
        const { network, ports, nmap, interval } = planned;
        const { work } = this.#cost([network], { ports: ports.size, nmap, timeout });
        before = { like: planned, timeout, load: work / interval };
      }
      load += before.load;
    }
    return load / this.#workers;
  }

  #loadOfNames(): number {
    let load = 0;
    for (const target of this.#config.targets) {
      if (target.hostNames.length === 0) continue;
      const networks = target.hostNames.map(() => SOME_ADDRESS);
      for (const { interval, cost } of this.#schedules(target, networks)) {
        if (cost !== "known") load += cost.work / interval;
      }
    }
    return load / this.#workers;
  }

  #cost(
    networks: readonly Network[],
    options: Pick<TargetConfig, "nmap" | "timeout"> & { readonly ports: number },
  ): RoundCost {
    const { maxCidrSize } = this.#config.scanning;
    return roundCost(networks, { ...options, maxCidrSize, workers: this.#workers });
  }
}

function costsTheSame(a: PlannedTarget, b: PlannedTarget): boolean {
  return a.nmap === b.nmap && a.ports === b.ports && a.interval === b.interval &&
    a.network.prefix === b.network.prefix && a.network.family === b.network.family;
}

function optionsOf({ nmap, timeout }: TargetConfig): Pick<TargetConfig, "nmap" | "timeout"> {
  return { nmap, timeout };
}
