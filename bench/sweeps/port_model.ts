import type { Random } from "./random.ts";

/** TCP ports, 1 to 65535. */
export const PORTS = 65535;

/** A TCP port and the share of hosts on which it was found open. */
export interface PortFrequency {
  readonly port: number;
  readonly frequency: number;
}

/**
 * The TCP ports of a file in the format of nmap-services that were ever found open, most frequent first.
 * Equal frequencies are put in order of port number.
 */
export function parseServices(text: string): PortFrequency[] {
  const ports: PortFrequency[] = [];
  for (const line of text.split("\n")) {
    const match = /^[^#\s]+\t(\d+)\/tcp\t([\d.]+)/.exec(line);
    if (match === null) continue;
    const [port, frequency] = [Number(match[1]), Number(match[2])];
    if (port > 0 && frequency > 0) ports.push({ port, frequency });
  }
  return ports.sort((a, b) => b.frequency - a.frequency || a.port - b.port);
}

/** Where ports open: the listed ones by their frequency, and a long tail anywhere. */
export class PortModel {
  /** Share of the openings that happen at a uniformly random port of 1-65535. */
  readonly tail: number;
  /** Open TCP ports of a host, on average, the long tail included. */
  readonly openPerHost: number;
  readonly #ports: readonly PortFrequency[];
  readonly #total: number;
  /** `#upTo[n]` is the sum of the n highest frequencies. */
  readonly #upTo: Float64Array;
  readonly #ranks = new Map<number, number>();

  /** @throws RangeError when no port is listed or `tail` is not in [0, 1). */
  constructor(ports: readonly PortFrequency[], tail: number) {
    if (ports.length === 0) throw new RangeError("Cannot model ports as none is listed");
    if (!(tail >= 0 && tail < 1)) {
      throw new RangeError(
        `Cannot model ports as the tail must be at least 0 and below 1: ${tail}`,
      );
    }
    this.tail = tail;
    this.#ports = ports;
    this.#upTo = new Float64Array(ports.length + 1);
    ports.forEach(({ port, frequency }, i) => {
      this.#upTo[i + 1] = this.#upTo[i]! + frequency;
      this.#ranks.set(port, i + 1);
    });
    this.#total = this.#upTo[ports.length]!;
    this.openPerHost = this.#total / (1 - tail);
  }

  /** How many ports are listed: the largest `top:N` that makes sense. */
  get listed(): number {
    return this.#ports.length;
  }

  /** Share of the openings that happen at one of the `count` most frequent ports. */
  shareOfTop(count: number): number {
    const listed = Math.min(count, this.listed);
    return (1 - this.tail) * this.#upTo[listed]! / this.#total + this.tail * listed / PORTS;
  }

  /** A port's place by frequency, from 1; Infinity where it is not listed. */
  rankOf(port: number): number {
    return this.#ranks.get(port) ?? Infinity;
  }

  /** Draws the port of an opening; `random` says that it came from the long tail. */
  draw(random: Random): { port: number; random: boolean } {
    if (random() < this.tail) return { port: 1 + Math.floor(random() * PORTS), random: true };
    const wanted = random() * this.#total;
    let [low, high] = [1, this.listed];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#upTo[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return { port: this.#ports[low - 1]!.port, random: false };
  }

  /**
   * How many times sooner than one sweep of everything any schedule can see an opening on average at the
   * same budget: looks at each port every T in proportion to 1/sqrt(frequency) minimise the mean.
   */
  bestRatio(): number {
    const anywhere = this.tail / PORTS;
    const share = (frequency: number) => (1 - this.tail) * frequency / this.#total + anywhere;
    let roots = (PORTS - this.listed) * Math.sqrt(anywhere);
    for (const { frequency } of this.#ports) roots += Math.sqrt(share(frequency));
    return PORTS / roots ** 2;
  }
}
