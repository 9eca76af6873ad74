import type { PortModel } from "./port_model.ts";
import { exponential, seededRandom } from "./random.ts";

/** What is scanned, and what a scan costs. */
export interface World {
  readonly model: PortModel;
  /** Addresses that have a host behind them. */
  readonly hosts: number;
  /** Share of the hosts that never answer on a port that is not open: two packets per port instead of one. */
  readonly silent: number;
  /** Seconds that a port stays open, on average; exponentially distributed. */
  readonly lifetime: number;
  /** Packets per second of one nmap process: how long a scan takes. */
  readonly rate: number;
  /** Packets of a scan that ask for no port (one ARP or ND question). */
  readonly overhead: number;
  /** Seconds that the second look takes before a port is reported closed. */
  readonly confirmation: number;
  /** A change is seen when the port answers, or only when nmap reports the host at the end of its scan. */
  readonly seen: "answer" | "report";
}

/** A port that is open on a host from `opened` until `closed`, in seconds from the start. */
export interface Service {
  readonly host: number;
  readonly port: number;
  readonly rank: number;
  /** From the long tail. */
  readonly random: boolean;
  /** -Infinity: it was open, and known, at the start. */
  readonly opened: number;
  readonly closed: number;
}

/** What happened in a world, the same for every plan. */
export interface History {
  readonly seed: number;
  /** Seconds. */
  readonly duration: number;
  readonly services: readonly Service[];
}

/** The world as it can be: a whole number of hosts is silent. */
export function wholeHosts(world: World): World {
  return { ...world, silent: Math.round(world.silent * world.hosts) / world.hosts };
}

/** Lets about `openings` ports open in a world of which each host has as many open ports as in the model. */
export function makeHistory(
  world: World,
  { seed, openings }: { seed: number; openings: number },
): History {
  const { model, hosts, lifetime } = world;
  const random = seededRandom(seed);
  const service = (host: number, opened: number): Service => {
    const { port, random: tail } = model.draw(random);
    const from = Math.max(opened, 0);
    const closed = from + exponential(random, lifetime);
    return { host, port, rank: model.rankOf(port), random: tail, opened, closed };
  };
  const gap = lifetime / model.openPerHost;
  const duration = openings * gap / hosts;
  const services: Service[] = [];
  for (let host = 0; host < hosts; host++) {
    // As many as a Poisson process of mean openPerHost makes in one lifetime.
    for (let t = exponential(random, gap); t < lifetime; t += exponential(random, gap)) {
      services.push(service(host, -Infinity));
    }
    for (let t = exponential(random, gap); t < duration; t += exponential(random, gap)) {
      services.push(service(host, t));
    }
  }
  return { seed, duration, services };
}
