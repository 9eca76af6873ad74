import type { SavedRecord, StateBatch } from "../state/saved_state.ts";
import { recordId } from "./record_codec.ts";

/** A row that waits: what to store, or undefined where it was forgotten, and what names it. */
interface Pending<Row, Name> {
  readonly name: Name;
  readonly row: Row | undefined;
}

type Rows<Key extends "hosts" | "records" | "targets" | "rounds" | "learnt"> = NonNullable<
  StateBatch[Key]
>[number];
type HostName = NonNullable<StateBatch["forgottenHosts"]>[number];
type RecordName = Pick<SavedRecord, "key" | "ports">;

/** Batches made into one: of each row only the newest is left. Changes are kept elsewhere. */
export class PendingRows {
  readonly #hosts = new Map<string, Pending<Rows<"hosts">, HostName>>();
  readonly #records = new Map<string, Pending<Rows<"records">, RecordName>>();
  readonly #targets = new Map<string, Pending<Rows<"targets">, string>>();
  readonly #rounds = new Map<string, Pending<Rows<"rounds">, string>>();
  readonly #learnt = new Map<string, Pending<Rows<"learnt">, string>>();

  /** Lays a batch over those before it; in a batch, forgetting comes first. */
  add(batch: StateBatch): void {
    for (const name of batch.forgottenHosts ?? []) {
      this.#hosts.set(name.join(" "), { name, row: undefined });
    }
    for (const name of batch.forgottenRecords ?? []) {
      this.#records.set(recordId(name), { name, row: undefined });
    }
    for (const name of batch.forgottenTargets ?? []) {
      this.#targets.set(name, { name, row: undefined });
    }
    for (const name of batch.forgottenRounds ?? []) {
      this.#rounds.set(name, { name, row: undefined });
    }
    for (const name of batch.forgottenLearnt ?? []) {
      this.#learnt.set(name, { name, row: undefined });
    }
    for (const row of batch.hosts ?? []) {
      const name = [row.address, row.protocol] as const;
      this.#hosts.set(name.join(" "), { name, row });
    }
    for (const row of batch.records ?? []) this.#records.set(recordId(row), { name: row, row });
    for (const row of batch.targets ?? []) this.#targets.set(row.target, { name: row.target, row });
    for (const row of batch.rounds ?? []) this.#rounds.set(row.id, { name: row.id, row });
    for (const row of batch.learnt ?? []) this.#learnt.set(row.source, { name: row.source, row });
  }

  /** All that waits as one batch. */
  batch(): StateBatch {
    return {
      hosts: kept(this.#hosts),
      forgottenHosts: forgotten(this.#hosts),
      records: kept(this.#records),
      forgottenRecords: forgotten(this.#records),
      targets: kept(this.#targets),
      forgottenTargets: forgotten(this.#targets),
      rounds: kept(this.#rounds),
      forgottenRounds: forgotten(this.#rounds),
      learnt: kept(this.#learnt),
      forgottenLearnt: forgotten(this.#learnt),
    };
  }

  /** Takes everything out. */
  clear(): void {
    const keyed = [this.#records, this.#targets, this.#rounds, this.#learnt];
    for (const rows of [this.#hosts, ...keyed]) rows.clear();
  }
}

function kept<Row, Name>(rows: ReadonlyMap<string, Pending<Row, Name>>): Row[] {
  return [...rows.values()].flatMap(({ row }) => row === undefined ? [] : [row]);
}

function forgotten<Row, Name>(rows: ReadonlyMap<string, Pending<Row, Name>>): Name[] {
  return [...rows.values()].flatMap(({ name, row }) => row === undefined ? [name] : []);
}
