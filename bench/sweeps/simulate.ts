import { covers, packetsPerScan, type Plan } from "./plan.ts";
import { PORTS } from "./port_model.ts";
import { hashed } from "./random.ts";
import type { History, Service, World } from "./world.ts";

/** An opening or a closing, and how many seconds passed until it was seen. */
export interface Seen {
  readonly service: Service;
  readonly delay: number;
}

/** What one plan saw of a history. */
export interface Observation {
  readonly openings: readonly Seen[];
  readonly closings: readonly Seen[];
  /** Share of the openings that were over before any look. */
  readonly missed: number;
  /** Packets per second that were spent. */
  readonly packets: number;
}

/** One sweep of one host: it starts at `phase + k * interval` and takes `duration`, in seconds. */
interface HostSweep {
  readonly index: number;
  readonly phase: number;
  readonly interval: number;
  readonly duration: number;
}

/**
 * Runs a plan over a history.
 *
 * @throws RangeError when a scan takes longer than its interval.
 */
export function simulate(plan: Plan, world: World, history: History): Observation {
  const silentHosts = Math.round(world.silent * world.hosts);
  const openings: Seen[] = [];
  const closings: Seen[] = [];
  let [missed, packets] = [0, 0];
  const sweeps: HostSweep[][] = Array.from({ length: world.hosts }, (_, host) => {
    const silent = host < silentHosts ? 1 : 0;
    return plan.map(({ range, interval }, index) => {
      const duration = packetsPerScan(range, world, silent) / world.rate;
      if (duration > interval) {
        throw new RangeError(
          `Cannot scan every ${interval.toFixed(1)} s what takes ${duration.toFixed(1)} s: ` +
            "use a higher --rate or a lower --budget",
        );
      }
      const count = range === "known" ? 0 : range === "full" ? PORTS : range;
      packets += history.duration / interval * (world.overhead + count * (1 + silent));
      return { index, phase: hashed(history.seed, host, index) * interval, interval, duration };
    });
  });

  /** When the first look at the service's port after `time` is seen. */
  const look = (service: Service, time: number, known: boolean) => {
    let first = Infinity;
    for (const sweep of sweeps[service.host]!) {
      if (!covers(plan[sweep.index]!.range, service.rank, known)) continue;
      first = Math.min(first, nextLook(sweep, service, time));
    }
    return first;
  };
  const nextLook = ({ index, phase, interval, duration }: HostSweep, at: Service, time: number) => {
    // The same port of the same scan has the same place, whoever asks.
    for (let k = Math.floor((time - phase - duration) / interval);; k++) {
      const start = phase + k * interval;
      const answer = start + duration * hashed(history.seed, at.host, index, k, at.port);
      if (answer > time) return world.seen === "answer" ? answer : start + duration;
    }
  };

  for (const service of history.services) {
    const { host, rank, opened, closed } = service;
    const openSeen = opened === -Infinity ? 0 : look(service, opened, false);
    if (opened !== -Infinity) openings.push({ service, delay: openSeen - opened });
    if (openSeen > closed) {
      missed++;
      continue;
    }
    const closedSeen = look(service, closed, true) + world.confirmation;
    if (closed <= history.duration) closings.push({ service, delay: closedSeen - closed });
    const until = (time: number) => Math.min(time, history.duration);
    for (const { range, interval } of plan) {
      if (range === "known") packets += (until(closedSeen) - until(openSeen)) / interval;
      // An open port of a silent host answers: one packet less than the others.
      else if (host < silentHosts && covers(range, rank, false)) {
        packets -= (until(closed) - until(Math.max(opened, 0))) / interval;
      }
    }
  }
  return {
    openings,
    closings,
    missed: openings.length === 0 ? 0 : missed / openings.length,
    packets: packets / history.duration,
  };
}
