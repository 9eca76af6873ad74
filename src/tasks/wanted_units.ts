/** Which tasks want which unit. */
export class WantedUnits<Task> {
  readonly #byId = new Map<string, Set<Task>>();
  #size = 0;

  /** Number of wishes: a unit that two tasks want counts twice. */
  get size(): number {
    return this.#size;
  }

  /** Whether any task wants the unit. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The tasks that want a unit now; it does not mind when they let go of it meanwhile. */
  tasksOf(id: string): Task[] {
    return [...this.#byId.get(id) ?? []];
  }

  /** Notes that a task wants a unit that it did not want before. */
  add(id: string, task: Task): void {
    this.#size++;
    const tasks = this.#byId.get(id);
    if (tasks === undefined) this.#byId.set(id, new Set([task]));
    else tasks.add(task);
  }

  /** Notes that a task does not want a unit any more that it wanted. */
  remove(id: string, task: Task): void {
    this.#size--;
    const tasks = this.#byId.get(id)!;
    tasks.delete(task);
    if (tasks.size === 0) this.#byId.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#byId.clear();
    this.#size = 0;
  }
}
