import { setImmediate } from "node:timers/promises";

/** Milliseconds of work after which everything else that waits gets a turn. */
const SLICE_MS = 5;
/** Characters of one piece. */
const PIECE_LENGTH = 64 * 1024;

/**
 * A body made of short texts, UTF-8: taken as it is read, in slices that leave room for other work,
 * and no further ahead of the client than one piece. Empty texts are where nothing came of some work.
 */
export function slicedStream(texts: Iterable<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = texts[Symbol.iterator]();
  const encoder = new TextEncoder();
  let over = false;
  return new ReadableStream({
    async pull(controller) {
      let piece = "";
      let began = performance.now();
      while (piece.length < PIECE_LENGTH) {
        const next = iterator.next();
        if (next.done) {
          if (piece !== "") controller.enqueue(encoder.encode(piece));
          controller.close();
          return;
        }
        piece += next.value;
        if (performance.now() - began > SLICE_MS) {
          await setImmediate();
          if (over) return;
          began = performance.now();
        }
      }
      // Reading goes from promise to promise, which alone would let nobody else in.
      await setImmediate();
      if (!over) controller.enqueue(encoder.encode(piece));
    },
    cancel() {
      over = true;
      iterator.return?.();
    },
  }, { highWaterMark: 0 });
}
