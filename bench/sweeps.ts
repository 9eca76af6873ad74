/**
 * Simulates how long an opened or closed TCP port stays unseen, at the same packet budget: (a) one sweep of
 * 1-65535 as often as the budget allows, (b) several sweeps of one target, the full one with what is left.
 *
 * deno run --frozen -A bench/sweeps.ts [--seed 1] [--runs 5] [--hosts 254] [--budget 1000]
 *   [--tail 0.05] [--silent 0.5] [--lifetime 30] [--rate 1000] [--openings 20000] [--floor 5]
 *   [--services /usr/share/nmap/nmap-services]
 *
 * Without --hosts and --budget it goes through four examples, then varies the assumptions of the first. Same
 * arguments, same output; all that is random comes from --seed and the --runs - 1 numbers after it.
 *
 * The model:
 * - Ports open independently of each other, drawn by the open-frequency of nmap-services, read from the
 *   installed nmap at run time. A share --tail of the openings is at any of 1-65535 with equal chance. Default
 *   0.05: 4.4 % of all open ports in nmap-services are at ports with the lowest step of frequency that most of
 *   its ports have, by inference seen once, which estimates (Good and Turing) the share not seen at all.
 * - A host has as many open ports as the frequencies sum up to. A port stays open for --lifetime days on
 *   average, exponentially distributed; so openings and closings are equally frequent.
 * - An open or closed port costs 1 packet; on a silent host (--silent is their share, to a whole number of
 *   hosts: a single host is silent) every port that is not open costs 2, as nmap asks again. Each scan of a host costs 1 more (ARP or ND). An address without a host
 *   is a silent host on which nothing happens: it takes of both budgets alike, but nothing for `known`.
 * - A scan of one host lasts packets / --rate seconds (the seed's min_rate, per process), starts every interval
 *   at a random phase, and asks for its ports in random order. Scans of one host run side by side. A change is
 *   seen with the first answer after it; the section "assumptions" shows what waiting for nmap's report at the
 *   end of the host's scan changes. Packets are counted, not assumed; (a) has no idle moments.
 * - `known` asks for the ports that are open as far as was seen, and for these only. A closing takes a second
 *   look of 2 s (its few packets are not counted) in (a) and (b) alike.
 * - An opening that is over before any look is missed: counted, with the time to the look that came too late;
 *   its closing is not counted.
 * - Mean, median and p95 are over all changes of all runs, so weighted by real-world frequency.
 * Not in the model: loss, retransmissions beyond the second packet, host_timeout, queueing for workers, the
 * start of processes (0.05-0.1 s of CPU each), UDP, expected ports that are closed (known looks at them).
 *
 * The recommended schedule minimises the expected mean of openings and closings over intervals that a person
 * would write, none below --floor seconds. Looks at a port every T in proportion to sqrt(cost / frequency)
 * would be optimal; what that comes to is the bound.
 */
import { parseArgs } from "node:util";
import { parseServices, PortModel } from "./sweeps/port_model.ts";
import { packetsPerScan } from "./sweeps/plan.ts";
import { compare, type RunOptions, sensitivity } from "./sweeps/report.ts";
import { wholeHosts, type World } from "./sweeps/world.ts";

const DAY = 86_400;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "5" },
    hosts: { type: "string" },
    budget: { type: "string" },
    tail: { type: "string", default: "0.05" },
    silent: { type: "string", default: "0.5" },
    lifetime: { type: "string", default: "30" },
    rate: { type: "string", default: "1000" },
    openings: { type: "string", default: "20000" },
    floor: { type: "string", default: "5" },
    services: { type: "string", default: "/usr/share/nmap/nmap-services" },
  },
});

function numberOf(name: Exclude<keyof typeof values, "services">, whenAbsent = NaN): number {
  const text = values[name];
  const number = text === undefined ? whenAbsent : Number(text);
  const least = name === "hosts" || name === "runs" || name === "openings" ? 1 : 0;
  if (Number.isFinite(number) && number >= least) return least === 1 ? Math.floor(number) : number;
  throw new TypeError(`Cannot read --${name} as it must be a number of at least ${least}: ${text}`);
}

const say = (text: string) => {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n\n`));
};

const services = parseServices(await Deno.readTextFile(values.services));
const tail = numberOf("tail");
const first: World = {
  model: new PortModel(services, tail),
  hosts: numberOf("hosts", 254),
  silent: numberOf("silent"),
  lifetime: numberOf("lifetime") * DAY,
  rate: numberOf("rate"),
  overhead: 1,
  confirmation: 2,
  seen: "answer",
};
const options: RunOptions = {
  budget: numberOf("budget", 1000),
  seeds: Array.from({ length: numberOf("runs") }, (_, i) => numberOf("seed") + i),
  openings: numberOf("openings"),
  floor: numberOf("floor"),
};

/** Packets per second of the seed's default: one sweep of everything a day. */
function daily(world: World): number {
  const whole = wholeHosts(world);
  return whole.hosts * packetsPerScan("full", whole) / DAY;
}

say(compare(first, options));
if (values.hosts === undefined && values.budget === undefined) {
  const one = { ...first, hosts: 1 };
  say(compare(one, options));
  say(compare(first, { ...options, budget: daily(first) }));
  say(compare(one, { ...options, budget: daily(one) }));
}
const tails = [0, 0.01, 0.02, 0.1, 0.2, 0.3, 0.5].filter((share) => share !== tail);
say(
  "## Assumptions: the recommended sweeps in other worlds\n\n" + sensitivity([
    { name: "as above", world: first },
    ...tails.map((share) => ({
      name: `long tail ${100 * share} %`,
      world: { ...first, model: new PortModel(services, share) },
    })),
    { name: "no host silent", world: { ...first, silent: 0 } },
    { name: "all hosts silent", world: { ...first, silent: 1 } },
    { name: "ports open for 1 day", world: { ...first, lifetime: DAY } },
    { name: "ports open for 1 year", world: { ...first, lifetime: 365 * DAY } },
    { name: "seen with nmap's report", world: { ...first, seen: "report" } },
  ], options),
);
