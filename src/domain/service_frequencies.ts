import { MAX_PORT, PortSet } from "./ports.ts";
import { type Protocol, PROTOCOLS } from "./scan.ts";

/** How often ports are found open, from the text of nmap's own `nmap-services`. */
export class ServiceFrequencies {
  /** Ports in the order of nmap's `--top-ports`, the most frequent first. */
  readonly #ranked: Readonly<Record<Protocol, readonly number[]>>;
  readonly #top = { tcp: new Map<number, PortSet>(), udp: new Map<number, PortSet>() };

  private constructor(ranked: Readonly<Record<Protocol, readonly number[]>>) {
    this.#ranked = ranked;
  }

  /**
   * Reads lines such as `ssh 22/tcp 0.182286 # comment`, where the frequency may be a fraction `1/2`
   * or missing; what nmap would not read either is left out.
   *
   * @throws {SyntaxError} when not one port of a protocol is in the text: it is another file.
   */
  static parse(text: string): ServiceFrequencies {
    const found: Record<Protocol, Map<number, number>> = { tcp: new Map(), udp: new Map() };
    for (const line of text.split("\n")) {
      const match = LINE.exec(line);
      if (match === null) continue;
      const port = Number(match[1]);
      const ports = found[match[2] as Protocol];
      // Of a port that is there twice nmap, too, keeps the first.
      if (port >= 1 && port <= MAX_PORT && !ports.has(port)) ports.set(port, share(match[3]));
    }
    for (const protocol of PROTOCOLS) {
      if (found[protocol].size === 0) {
        throw new SyntaxError(`Cannot read port frequencies: no ${protocol} port is in the file`);
      }
    }
    return new ServiceFrequencies({ tcp: rank(found.tcp), udp: rank(found.udp) });
  }

  /** The `count` most frequent ports, or all there are; the same set each time it is asked for. */
  top(protocol: Protocol, count: number): PortSet {
    const known = this.#top[protocol];
    const ports = known.get(count) ?? PortSet.of(this.#ranked[protocol].slice(0, count));
    known.set(count, ports);
    return ports;
  }
}

const LINE = /^[^\s#]\S*\s+(\d{1,5})\/(tcp|udp)(?:\s+([\d./]+))?(?:\s|$)/;

function share(text = "0"): number {
  const [part = "", whole = "1"] = text.split("/", 2);
  const value = Number(part) / Number(whole);
  return Number.isFinite(value) ? value : 0;
}

/** Like nmap, equal frequencies by ascending port. */
function rank(ports: ReadonlyMap<number, number>): number[] {
  return [...ports].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([port]) => port);
}
