/** The part of a task that a line needs. */
interface Waits {
  readonly id: string;
  /** Grows with the size of the unit: 0 for the smallest. */
  readonly sizeClass: number;
}

/** The place of a task, which stays where it is when the task has left. */
interface Place<T> {
  task: T | undefined;
  readonly age: number;
  readonly column: Column<T>;
}

/** Places of one size class, oldest first. */
interface Column<T> {
  places: Place<T>[];
  /** All places before this one were left. */
  head: number;
  /** Places that were not left. */
  taken: number;
}

/**
 * Tasks found by id, and by age among those of a size class or smaller. Everything takes constant
 * time, but for what is said to look at all of them.
 */
export class Line<T extends Waits> {
  readonly #byId = new Map<string, Place<T>>();
  // Not a Map in the order of age: its front fills with what was deleted, and to find the first of
  // 750,000 would take longer and longer.
  readonly #columns = new Map<number, Column<T>>();
  #age = 0;

  /** Tasks waiting. */
  get size(): number {
    return this.#byId.size;
  }

  /** Whether a task with this id waits. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The task with this id, if it waits. */
  get(id: string): T | undefined {
    return this.#byId.get(id)?.task;
  }

  /** Ids of all tasks. */
  ids(): Iterable<string> {
    return this.#byId.keys();
  }

  /** All tasks, in no particular order. */
  *tasks(): Iterable<T> {
    for (const { task } of this.#byId.values()) if (task !== undefined) yield task;
  }

  /** All tasks, oldest first; each that is asked for takes a moment, however many there are. */
  *inOrder(): Generator<T> {
    const rows = [...this.#columns.values()].map(({ places, head }) => ({ places, next: head }));
    for (;;) {
      let oldest: { row: typeof rows[number]; age: number } | undefined;
      for (const row of rows) {
        while (row.next < row.places.length && row.places[row.next]!.task === undefined) row.next++;
        const place = row.places[row.next];
        if (place !== undefined && (oldest === undefined || place.age < oldest.age)) {
          oldest = { row, age: place.age };
        }
      }
      if (oldest === undefined) return;
      const { row } = oldest;
      yield row.places[row.next++]!.task!;
    }
  }

  /** Replaces every task by what `renew` makes of it; id and place stay. */
  renew(renew: (task: T) => T): void {
    for (const place of this.#byId.values()) {
      if (place.task !== undefined) place.task = renew(place.task);
    }
  }

  /** Adds a task at the end; its id must not wait. */
  add(task: T): void {
    let column = this.#columns.get(task.sizeClass);
    if (column === undefined) {
      column = { places: [], head: 0, taken: 0 };
      this.#columns.set(task.sizeClass, column);
    }
    const place = { task, age: this.#age++, column };
    this.#byId.set(task.id, place);
    column.places.push(place);
    column.taken++;
  }

  /** Takes the task with this id out, if it waits. */
  remove(id: string): T | undefined {
    const place = this.#byId.get(id);
    if (place === undefined) return undefined;
    const { task, column } = place;
    this.#byId.delete(id);
    place.task = undefined;
    column.taken--;
    // A place is moved at most once for each that was left since.
    if (column.taken < column.places.length / 2) {
      column.places = column.places.filter((other) => other.task !== undefined);
      column.head = 0;
    }
    return task;
  }

  /** Takes the oldest task out that is no larger than `sizeClass`. */
  take(sizeClass: number): T | undefined {
    let oldest: Place<T> | undefined;
    for (const [size, column] of this.#columns) {
      if (size > sizeClass) continue;
      const first = firstOf(column);
      if (first !== undefined && (oldest === undefined || first.age < oldest.age)) oldest = first;
    }
    return oldest?.task === undefined ? undefined : this.remove(oldest.task.id);
  }
}

/** The oldest place that was not left. */
function firstOf<T>(column: Column<T>): Place<T> | undefined {
  const { places } = column;
  while (column.head < places.length && places[column.head]!.task === undefined) column.head++;
  return places[column.head];
}
