/** Lets those who ask go on one at a time, each in a turn of the event loop of its own. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is this caller's turn; between two turns everything else that waits is served. */
  next(): Promise<void> {
    // A timer, because immediates and microtasks run on without a look at what came in meanwhile.
    this.#last = this.#last.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
    return this.#last;
  }
}
