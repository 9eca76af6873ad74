import type { Exposition } from "../prometheus/exposition.ts";

/** Milliseconds without one read after which a client is cut off, and that a whole scrape may take. */
const STALL_MS = 15_000;
const WHOLE_MS = 120_000;
/** Milliseconds of rendering after which everything else that waits gets a turn. */
const SLICE_MS = 15;

/**
 * The body of a scrape: rendered as it is read, in slices that leave room for other work, and no further
 * ahead of the client than one piece. A client that stops reading is cut off.
 */
export function streamOf(
  exposition: Exposition,
  { stallMs = STALL_MS, wholeMs = WHOLE_MS }: { stallMs?: number; wholeMs?: number } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const deadline = performance.now() + wholeMs;
  let stalled: ReturnType<typeof setTimeout> | undefined;
  let sliceBegan = -Infinity;
  let over = false;
  const end = () => {
    over = true;
    clearTimeout(stalled);
  };
  const wait = () => {
    const left = deadline - performance.now();
    stalled = setTimeout(() => exposition.cutOff(), Math.max(0, Math.min(stallMs, left)));
  };
  return new ReadableStream({
    start(controller) {
      exposition.onCut(() => {
        end();
        controller.error(new Error("The client reads too slowly"));
      });
      wait();
    },
    async pull(controller) {
      clearTimeout(stalled);
      if (performance.now() - sliceBegan > SLICE_MS) {
        // A timer: an immediate lets other timers run, but hardly any other request.
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (over) return;
        sliceBegan = performance.now();
      }
      const bytes = exposition.next();
      if (bytes === undefined) {
        end();
        controller.close();
        return;
      }
      // Read at once, because somebody waits for it: the bytes are ours again at the next pull.
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      wait();
    },
    cancel() {
      end();
      exposition.close();
    },
  }, { highWaterMark: 0 });
}
