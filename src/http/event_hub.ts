import type { LivePage, LivePart } from "../pages/live_part.ts";
import { EventStream } from "./event_stream.ts";
import { LiveFeed } from "./live_feed.ts";
import { eventBytes, HEARTBEAT, retryBytes } from "./server_sent_event.ts";

/** What the events need. */
export interface EventHubOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Text that is another one when the pages are made otherwise than before. */
  readonly build: string;
  /** A page that cannot be made; its streams were ended. */
  readonly onProblem: (error: unknown) => void;
  /** Most streams at once. */
  readonly limit?: number;
  /** Milliseconds between two looks for what changed. */
  readonly intervalMs?: number;
  /** Milliseconds of quiet after which a heartbeat is sent. */
  readonly heartbeatMs?: number;
  /** Milliseconds after which a client that does not read is cut off. */
  readonly stallMs?: number;
  /**
   * Milliseconds after which a client has to ask again, which it does by itself: one that may not any
   * more is found out, and one that is gone, for which the buffers of the network read for long.
   */
  readonly lifetimeMs?: number;
}

/** Milliseconds after which a client that lost its connection asks again, and after the end of its time. */
const RETRY_MS = 2000;
const RENEW_MS = 50;
/** Milliseconds of work after which everything else that waits gets a turn, and rest for each unit of work. */
const SLICE_MS = 5;
const REST = 4;

/** Sends open pages what changed: at most once in an interval, made once for all who look at the same. */
export class EventHub {
  readonly #options: Required<EventHubOptions>;
  readonly #feeds = new Map<string, LiveFeed>();
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWorking = false;
  #closed = false;

  constructor(options: EventHubOptions) {
    this.#options = {
      limit: 64,
      intervalMs: 1000,
      heartbeatMs: 15_000,
      stallMs: 30_000,
      lifetimeMs: 60_000,
      ...options,
    };
  }

  /** Streams that are open. */
  get size(): number {
    return this.#size;
  }

  /**
   * What a client that looks at `page` is sent: all of it at first, then what changes; undefined when
   * there are too many already, or it is over.
   */
  open(page: LivePage): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#size >= this.#options.limit) return undefined;
    let feed = this.#feeds.get(page.events);
    if (feed === undefined) {
      feed = new LiveFeed(page);
      const now = this.#options.now();
      for (const part of feed.parts) feed.renew(part, now);
      this.#feeds.set(page.events, feed);
    }
    const stream = this.#newStream(page.events, feed);
    this.#size++;
    this.#schedule(this.#options.intervalMs);
    return stream.body;
  }

  /** Ends all streams; clients ask again at once, and have to be let in anew. */
  renew(): void {
    for (const feed of this.#feeds.values()) for (const stream of feed.streams) renew(stream);
  }

  /** Ends all streams, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const feed of this.#feeds.values()) for (const stream of feed.streams) stream.close();
  }

  #newStream(key: string, feed: LiveFeed): EventStream {
    const { now, build } = this.#options;
    const stream: EventStream = new EventStream({
      greeting: [retryBytes(RETRY_MS), eventBytes("hello", { build, now: now() })],
      eventOf: (id) => feed.eventOf(id),
      clock: () => performance.now(),
      onEnd: () => {
        this.#size--;
        feed.streams.delete(stream);
        if (feed.streams.size === 0) this.#feeds.delete(key);
        if (this.#size === 0) this.#stopTimer();
      },
    });
    feed.streams.add(stream);
    for (const { id } of feed.parts) stream.add(id);
    return stream;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(milliseconds: number): void {
    if (this.#isWorking || this.#size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#work(), milliseconds);
  }

  async #work(): Promise<void> {
    this.#timer = undefined;
    this.#isWorking = true;
    let worked = 0;
    let slice = 0;
    for (const feed of [...this.#feeds.values()]) {
      for (const part of feed.parts) {
        if (feed.streams.size === 0) break;
        const began = performance.now();
        this.#renew(feed, part);
        slice += performance.now() - began;
        if (slice < SLICE_MS) continue;
        worked += slice;
        slice = 0;
        // A timer: an immediate lets other timers run, but hardly any request.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      for (const stream of feed.streams) this.#lookAfter(stream);
    }
    this.#isWorking = false;
    this.#schedule(Math.max(this.#options.intervalMs, (worked + slice) * REST));
  }

  #renew(feed: LiveFeed, part: LivePart): void {
    try {
      feed.renew(part, this.#options.now());
    } catch (error) {
      for (const stream of feed.streams) stream.close();
      this.#options.onProblem(error);
    }
  }

  #lookAfter(stream: EventStream): void {
    const { stallMs, lifetimeMs, heartbeatMs } = this.#options;
    if (stream.stalledFor > stallMs) stream.cutOff();
    else if (performance.now() - stream.began > lifetimeMs) renew(stream);
    else if (stream.quietFor > heartbeatMs) stream.offer(HEARTBEAT);
  }
}

/** Ends a stream whose client is to ask again at once. */
function renew(stream: EventStream): void {
  stream.offer(retryBytes(RENEW_MS));
  stream.close();
}
