import { NO_NETWORK } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import { portsId, type Protocol } from "../domain/scan.ts";
import type { RecordBlock } from "../state/record_blocks.ts";
import type { ScanRecord, ScanRecords } from "../state/scan_records.ts";
import { BlockMarks } from "./block_marks.ts";
import type { TargetUnits } from "./target_units.ts";
import { NO_UNITS, sum, totalsOf, type UnitTotals } from "./unit_totals.ts";

/** Units up to which they are looked up one by one; the same up to which they all have records from the start. */
const FEW_UNITS = 256;

/** What a schedule looks at. */
export interface Scheduled {
  readonly protocol: Protocol;
  readonly portRange: string;
  readonly ports: PortSet;
}

/** What became of the units of a schedule; of many units, only records that changed are read again. */
export class UnitBook {
  readonly #records: Pick<ScanRecords, "get" | "blocks">;
  readonly #marks = new BlockMarks<RecordBlock<ScanRecord>>();
  /** Of many units, by what is looked at and by the mark of a block. */
  readonly #many = new WeakMap<TargetUnits, Map<string, WeakMap<object, UnitTotals>>>();
  /** Of everything that is configured, by the mark of a block. */
  readonly #all = new WeakMap<object, UnitTotals>();

  constructor(records: Pick<ScanRecords, "get" | "blocks">) {
    this.#records = records;
  }

  /** What the records of all units say, and whether one of them is known to be waiting or under way. */
  read(units: TargetUnits, scheduled: Scheduled): UnitTotals & { readonly isPending: boolean } {
    const group = groupOf(scheduled, scheduled.ports);
    if (units.count > FEW_UNITS) return { ...this.#readMany(units, group), isPending: false };
    const records: ScanRecord[] = [];
    for (const label of units.labels()) {
      const record = this.#records.get(`${label} ${group}`);
      if (record !== undefined) records.push(record);
    }
    return { ...totalsOf(records), isPending: records.some(({ pending }) => pending) };
  }

  /**
   * Gives a function that says the same, as of now, of each of `all`: those that have many units are read
   * together, in one pass over the records, however many there are.
   */
  reader(all: readonly TargetUnits[]): (units: TargetUnits, scheduled: Scheduled) => UnitTotals {
    const many = this.#readTogether(all.filter(({ count }) => count > FEW_UNITS));
    return (units, scheduled) => {
      const totals = many.get(units);
      return totals === undefined
        ? this.read(units, scheduled)
        : totals.get(groupOf(scheduled, scheduled.ports)) ?? NO_UNITS;
    };
  }

  /** What the records of all units say that are configured. */
  readAll(): UnitTotals {
    return this.#sumOf(this.#all, ({ configured }) => configured);
  }

  #readMany(units: TargetUnits, group: string): UnitTotals {
    const groups = this.#many.get(units) ?? new Map<string, WeakMap<object, UnitTotals>>();
    const known = groups.get(group) ?? new WeakMap<object, UnitTotals>();
    this.#many.set(units, groups);
    groups.set(group, known);
    return this.#sumOf(known, (record) => isIn(record, units, group));
  }

  #readTogether(
    all: readonly TargetUnits[],
  ): ReadonlyMap<TargetUnits, ReadonlyMap<string, UnitTotals>> {
    const found = new Map(all.map((units) => [units, new Map<string, UnitTotals>()]));
    if (all.length === 0) return found;
    const index = new NetworkIndex<{ readonly units: TargetUnits; readonly prefix: number }>();
    for (const units of all) {
      for (const [part, { prefix }] of units.firsts().entries()) {
        index.add(units.parts[part]!, { units, prefix });
      }
    }
    for (const { items } of this.#records.blocks()) {
      for (const record of items) {
        const { key, network, ports } = record;
        const group = groupOf(key, ports);
        const totals = totalsOf([record]);
        const having = network === NO_NETWORK
          ? all.filter((units) => units.has(network, key.target))
          : Array.from(index.containing({ family: network.family, value: network.base }))
            .filter(({ prefix }) => prefix === network.prefix).map(({ units }) => units);
        for (const units of having) {
          const groups = found.get(units)!;
          groups.set(group, sum(groups.get(group) ?? NO_UNITS, totals));
        }
      }
    }
    return found;
  }

  #sumOf(known: WeakMap<object, UnitTotals>, counts: (record: ScanRecord) => boolean): UnitTotals {
    let totals = NO_UNITS;
    for (const block of this.#records.blocks()) {
      const mark = this.#marks.of(block);
      let part = known.get(mark);
      if (part === undefined) {
        part = totalsOf(block.items.filter(counts));
        known.set(mark, part);
      }
      totals = sum(totals, part);
    }
    return totals;
  }
}

function isIn({ key, network, ports }: ScanRecord, units: TargetUnits, group: string): boolean {
  return units.has(network, key.target) && groupOf(key, ports) === group;
}

/** What follows the label `target` in the id of a unit. */
function groupOf(
  { protocol, portRange }: Pick<Scheduled, "protocol" | "portRange">,
  ports: PortSet,
): string {
  return `${protocol} ${portsId(portRange, ports)}`;
}
