/** What a stream needs. */
export interface EventStreamOptions {
  /** What comes first. */
  readonly greeting: readonly Uint8Array[];
  /** The latest event of a part. */
  readonly eventOf: (id: string) => Uint8Array | undefined;
  /** Milliseconds on any clock that does not jump. */
  readonly clock: () => number;
  /** Called once, however it ended. */
  readonly onEnd: () => void;
}

/**
 * What one client is sent: the parts that changed, each as it is when the client has read what came
 * before. A client that reads slowly therefore gets less, not later, and holds one event at most.
 */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** When it began, on its clock. */
  readonly began: number;
  readonly #options: EventStreamOptions;
  readonly #first: Uint8Array[];
  readonly #changed = new Set<string>();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** Whether the client waits for more. */
  #wanted = false;
  #lastSent: number;
  #over = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#first = [...options.greeting];
    this.began = this.#lastSent = options.clock();
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#wanted = true;
        this.#send();
      },
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  /** Milliseconds since anything was sent. */
  get quietFor(): number {
    return this.#options.clock() - this.#lastSent;
  }

  /** Milliseconds for which the client has not read what it was sent. */
  get stalledFor(): number {
    return this.#wanted ? 0 : this.quietFor;
  }

  /** Sends a part, as it is then. */
  add(id: string): void {
    this.#changed.add(id);
    this.#send();
  }

  /** Sends `bytes` if the client waits for something. */
  offer(bytes: Uint8Array): void {
    if (!this.#wanted || this.#over) return;
    this.#wanted = false;
    this.#lastSent = this.#options.clock();
    this.#controller.enqueue(bytes);
  }

  /** Ends it as if there were no more to come. */
  close(): void {
    if (this.#over) return;
    this.#end();
    this.#controller.close();
  }

  /** Ends it as a connection that broke. */
  cutOff(): void {
    if (this.#over) return;
    this.#end();
    this.#controller.error(new Error("The client reads too slowly"));
  }

  #send(): void {
    if (!this.#wanted || this.#over) return;
    const bytes = this.#first.shift() ?? this.#nextChanged();
    if (bytes !== undefined) this.offer(bytes);
  }

  #nextChanged(): Uint8Array | undefined {
    for (const id of this.#changed) {
      this.#changed.delete(id);
      const bytes = this.#options.eventOf(id);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd();
  }
}
