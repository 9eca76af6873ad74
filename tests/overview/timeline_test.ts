import assert from "node:assert/strict";
import fc from "fast-check";
import { openStretches } from "../../src/overview/timeline.ts";

/** Changes from `"open 10, closed 20"`. */
function parseChanges(text: string) {
  return text.split(", ").filter((item) => item !== "").map((item) => {
    const [to, time] = item.split(" ");
    return { to: to as "open" | "closed", time: Number(time) };
  });
}

Deno.test("openStretches() puts changes and what is known of a port together", () => {
  const f = (
    [state, firstSeen, lastSeen, lastChange]: readonly [string, number, number, number],
    changes: string,
    expected: string,
    horizon = -Infinity,
  ) => {
    const found = openStretches(
      { state: state as "open" | "closed", firstSeen, lastSeen, lastChange },
      parseChanges(changes),
      { horizon },
    );
    assert.equal(found.map(({ from, to }) => `${from}-${to ?? ""}`).join(" "), expected, changes);
  };
  // open since its first look, which is no change
  f(["open", 5, 50, 5], "", "5-");
  // and closed since
  f(["closed", 5, 38, 40], "closed 40", "5-40");
  f(["open", 5, 70, 60], "closed 40, open 60", "5-40 60-");
  // it opened later
  f(["open", 10, 50, 10], "open 10", "10-");
  f(["closed", 10, 18, 20], "open 10, closed 20", "10-20");
  f(["closed", 10, 38, 40], "open 10, closed 20, open 30, closed 40", "10-20 30-40");
  // opened and closed in the same millisecond
  f(["closed", 10, 10, 10], "open 10, closed 10", "10-10");

  // the log does not reach back: nobody knows when it closed before it opened again
  f(["open", 5, 70, 60], "", "60-");
  f(["open", 5, 70, 60], "open 60", "60-");
  f(["closed", 5, 38, 40], "", "5-40");
  // cut off at 35: that it was open at 5 says nothing of the time until then
  f(["open", 5, 90, 60], "closed 40, open 60", "35-40 60-", 35);
  f(["open", 5, 90, 5], "", "5-", 35);
  // forgotten and seen anew: when it had opened before is not known
  f(["open", 60, 70, 60], "closed 40, open 60", "60-");
  f(["open", 60, 70, 60], "closed 40", "60-");

  // changes were lost: the state has the last word
  f(["open", 5, 70, 60], "closed 40", "5-40 60-");
  f(["closed", 5, 45, 50], "open 10", "10-50");
  f(["closed", 5, 45, 50], "closed 20", "5-20 45-50");
  f(["closed", 5, 15, 20], "closed 20", "5-20");
  f(["open", 5, 50, 5], "open 20", "20-");
  f(["open", 5, 70, 60], "open 10, open 60", "60-");
  f(["closed", 5, 38, 40], "closed 20, closed 40", "5-20");
  // a look that came late says that it had opened before it closed
  f(["open", 5, 70, 30], "open 30, closed 40", "30-40 40-");
  // a clock was set back
  f(["closed", 50, 50, 20], "", "50-50");
  f(["open", 50, 50, 50], "closed 20", "50-");
});

Deno.test("openStretches() are in order and apart, and the last one lasts exactly where the port is open", () => {
  const time = fc.integer({ min: 0, max: 50 });
  const change = fc.record({ time, to: fc.constantFrom("open" as const, "closed" as const) });
  const known = fc.record({
    state: fc.constantFrom("open" as const, "closed" as const),
    firstSeen: time,
    lastSeen: time,
    lastChange: time,
  });
  fc.assert(
    fc.property(
      known,
      fc.array(change, { maxLength: 8 }),
      fc.option(time),
      (port, changes, cut) => {
        const sorted = changes.toSorted((a, b) => a.time - b.time);
        const options = cut === null ? {} : { horizon: cut };
        const stretches = openStretches(port, sorted, options);
        let end = -Infinity;
        for (const { from, to = Infinity } of stretches) {
          assert.ok(from >= end && to >= from);
          end = to;
        }
        assert.equal(
          stretches.at(-1)?.to === undefined && stretches.length > 0,
          port.state === "open",
        );
        // Every end is a closing that somebody saw.
        const closings = sorted.filter(({ to }) => to === "closed").map(({ time }) => time);
        if (port.state === "closed") closings.push(port.lastChange, port.firstSeen);
        for (const { from, to } of stretches) {
          assert.ok(to === undefined || closings.includes(to) || from === to);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
