import { type PortRange, PortSet } from "../domain/ports.ts";

/** A part of the coverage of one address and protocol: ports that were last looked at together. */
export interface Layer {
  readonly ports: PortSet;
  /** Milliseconds on the monotonic clock. */
  readonly takenAt: number;
}

/** No coverage. */
export const NO_LAYERS: readonly Layer[] = [];

/** Whether a look has covered `port`; `layers` are disjoint, here and below. */
export function isCovered(layers: readonly Layer[], port: number): boolean {
  return layers.some((layer) => layer.ports.has(port));
}

/** Those of `ports` that no look has covered. */
export function uncovered(layers: readonly Layer[], ports: PortSet): PortSet {
  return layers.reduce((rest, layer) => rest.subtract(layer.ports), ports);
}

/** Those of `ports` that a look younger than `takenAt` has covered. */
export function coveredSince(layers: readonly Layer[], { ports, takenAt }: Layer): PortSet {
  let since = PortSet.EMPTY;
  for (const layer of layers) {
    if (layer.takenAt > takenAt) since = since.union(layer.ports.intersect(ports));
  }
  return since;
}

/** Whether nothing but `ports` is covered. */
export function isWithin(layers: readonly Layer[], ports: PortSet): boolean {
  return layers.every((layer) => ports.covers(layer.ports));
}

/** The coverage of `ports` alone. */
export function within(layers: readonly Layer[], ports: PortSet): readonly Layer[] {
  return layers
    .map((layer) => ({ ...layer, ports: layer.ports.intersect(ports) }))
    .filter((layer) => layer.ports.size > 0);
}

/** The layers with `added` laid over them; empty ones are dropped. */
function withLayer(layers: readonly Layer[], added: Layer): readonly Layer[] {
  if (added.ports.size === 0) return layers;
  const rest = layers.flatMap(({ ports, takenAt }) => {
    const left = added.ports.covers(ports) ? PortSet.EMPTY : ports.subtract(added.ports);
    return left.size === 0 ? [] : [{ ports: left, takenAt }];
  });
  return [...rest, added];
}

/** Lays layers over others; addresses whose coverage is the same before and after share the result. */
export class LayerPress {
  #before: readonly Layer[] | undefined;
  #added: Layer | undefined;
  #after = NO_LAYERS;

  /** `before` with `ports`, looked at at `takenAt`, laid over it. */
  press(before: readonly Layer[], { ports, takenAt }: Layer): readonly Layer[] {
    const same = before === this.#before && ports === this.#added?.ports &&
      takenAt === this.#added.takenAt;
    if (!same) {
      this.#before = before;
      this.#added = { ports, takenAt };
      this.#after = withLayer(before, this.#added);
    }
    return this.#after;
  }
}

/** Reads stored layers; addresses with the same coverage share it. */
export class SharedLayers {
  readonly #ports = new Map<string, PortSet>();
  readonly #now: number;
  readonly #wallNow: number;
  #lastText = "";
  #last = NO_LAYERS;

  /** `now` is on the monotonic clock, `wallNow` the same moment in unix milliseconds. */
  constructor({ now, wallNow }: { now: number; wallNow: number }) {
    this.#now = now;
    this.#wallNow = wallNow;
  }

  /** A stored time on the monotonic clock, which is never in the future. */
  monotonic(unix: number): number {
    return Math.min(unix - this.#wallNow + this.#now, this.#now);
  }

  /** Layers given with their ports as `PortSet.toString()` wrote them, and unix milliseconds. */
  read(stored: readonly (readonly [ports: string, takenAt: number])[]): readonly Layer[] {
    const text = stored.join(" ");
    // Neighbours follow each other in the file, and were looked at together.
    if (text !== this.#lastText) {
      this.#lastText = text;
      this.#last = stored.map(([ports, takenAt]) => ({
        ports: this.#read(ports),
        takenAt: this.monotonic(takenAt),
      }));
    }
    return this.#last;
  }

  #read(text: string): PortSet {
    let ports = this.#ports.get(text);
    if (ports === undefined) this.#ports.set(text, ports = parsePortText(text));
    return ports;
  }
}

/** Reads what `PortSet.toString()` wrote, of any length. */
function parsePortText(text: string): PortSet {
  return PortSet.fromRanges(
    text.split(",").map((item): PortRange => {
      const [first, last = first] = item.split("-").map(Number);
      return [first!, last!];
    }),
  );
}
