import { Family } from "./family.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import { Page } from "./page.ts";

/** Neighbouring items that are rendered as a whole. */
export interface PageSource<Item> {
  readonly items: readonly Item[];
  /** Calls `capture` once, right before an item changes, comes or goes. */
  beforeNextChange(capture: () => void): void;
}

/** What a paged family is made from. */
export interface PagedFamilyOptions<Item> extends FamilyOptions<readonly string[]> {
  readonly type: "counter" | "gauge";
  /** All there is now, in the order of the page. */
  readonly sources: () => Iterable<PageSource<Item>>;
  /** Whether the item has samples; a family without any leaves no trace. */
  readonly hasSamples: (item: Item) => boolean;
  /** The whole sample lines of these items; labels are escaped. */
  readonly lines: (items: readonly Item[]) => string;
}

/**
 * A large family that renders again only what changed since the last scrape, and nothing before it is
 * read: its lines are kept as bytes, page by page, and every scrape is handed the same ones.
 *
 * Samples of counters and gauges look alike in both formats, so both share the pages.
 */
export class PagedFamily<Item> extends Family<string> {
  readonly #options: PagedFamilyOptions<Item>;
  readonly #pages = new Map<PageSource<Item>, Page>();

  /** @throws {TypeError} when a name is not allowed. */
  constructor(options: PagedFamilyOptions<Item>) {
    super(options.type, options);
    this.#options = options;
  }

  /** Has every page rendered again, because `lines` will say something else of items that did not change. */
  forget(): void {
    for (const page of this.#pages.values()) page.supersede();
    this.#pages.clear();
  }

  write(out: SampleSink): void {
    const { sources, hasSamples } = this.#options;
    const all = [...sources()];
    if (!all.some(({ items }) => items.some(hasSamples))) return;
    for (const source of all) out.page(this.#pageOf(source));
  }

  #pageOf(source: PageSource<Item>): Page {
    const known = this.#pages.get(source);
    if (known !== undefined) return known;
    const page = new Page(() => this.#options.lines(source.items));
    this.#pages.set(source, page);
    source.beforeNextChange(() => {
      // After `forget` it is another page's turn to be superseded, which has a watcher of its own.
      if (this.#pages.get(source) !== page) return;
      this.#pages.delete(source);
      page.supersede();
    });
    return page;
  }
}
