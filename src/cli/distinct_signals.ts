/**
 * Milliseconds within which a second delivery is taken for the same signal: `timeout` sends one to the
 * program and to its group, and `npx` passes on what a terminal has sent to both.
 */
const SAME_MS = 200;

/** Gives a function to be called with each delivery of a signal, which says whether it is another signal. */
export function distinctSignals(clock = () => performance.now()): () => boolean {
  let last = -Infinity;
  return () => {
    const now = clock();
    if (now - last < SAME_MS) return false;
    last = now;
    return true;
  };
}
