import TinyQueue from "tinyqueue";

/** An array in the order of a binary heap, as TinyQueue keeps it: no item has a lower key than the one above it. */
export interface Heap<T> {
  readonly data: readonly T[];
  readonly keyOf: (item: T) => number;
}

/** A place in a heap, with the key of what is there. */
interface Place<T> {
  readonly heap: Heap<T>;
  readonly index: number;
  readonly key: number;
}

/**
 * The `count` items of several heaps that have the lowest keys, lowest first, each with its key. The
 * heaps stay as they are, and no more than two items are looked at for each that is given.
 */
export function* smallest<T>(
  heaps: readonly Heap<T>[],
  count: number,
): Generator<readonly [item: T, key: number], void> {
  const next = new TinyQueue<Place<T>>([], (a, b) => a.key - b.key);
  const look = (heap: Heap<T>, index: number) => {
    if (index >= heap.data.length) return;
    next.push({ heap, index, key: heap.keyOf(heap.data[index]!) });
  };
  for (const heap of heaps) look(heap, 0);
  for (let left = count; left > 0; left--) {
    const place = next.pop();
    if (place === undefined) return;
    const { heap, index, key } = place;
    yield [heap.data[index]!, key];
    look(heap, 2 * index + 1);
    look(heap, 2 * index + 2);
  }
}
