import assert from "node:assert/strict";
import { groupAlike } from "../../src/forecast/alike.ts";
import { read } from "./builders.ts";

/** Names of the groups. */
function groups(targets: string): string[] {
  return groupAlike(read(`targets: [${targets}]`).targets)
    .map((alike) => alike.map(({ name }) => name).join(" "));
}

Deno.test("groupAlike() groups more than three that differ in their address alone", () => {
  assert.deepEqual(groups("10.0.0.1, 10.0.0.2, 10.0.0.3"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(
    groups(
      "{ target: 10.9.0.0/24, name: x }, 10.0.0.1, 10.0.0.2, db.example.org, 10.1.0.0/24, ::1",
    ),
    ["x", "10.0.0.1 10.0.0.2 10.1.0.0/24 ::1", "db.example.org"],
  );
});

Deno.test("groupAlike() tells options apart, however often they are written", () => {
  const of = (options: string) =>
    Array.from({ length: 4 }, (_, i) => `{ target: 10.0.0.${i}, ${options} }`).join();
  const sizes = (...options: readonly string[]) =>
    groupAlike(
      read(`targets: [10.1.0.1, ${
        options.map((text, i) => of(text).replaceAll("10.0.0", `10.0.${i}`)).join()
      }]`).targets,
    ).map(({ length }) =>
      length
    );
  assert.deepEqual(sizes("interval: 1h", "interval: 60m"), [1, 8]);
  assert.deepEqual(sizes("interval: 1h", "interval: 2h", "port_range: '22'"), [1, 4, 4, 4]);
  assert.deepEqual(sizes("protocol: udp", "scanning: { max_rate: 5 }"), [1, 4, 4]);
  assert.deepEqual(sizes("scanning: { timeout: 50 }", "scanning: { timeout: 51 }"), [1, 4, 4]);
  // Whoever has expectations is told one by one.
  assert.deepEqual(sizes("expected_ports: '22'"), [1, 1, 1, 1, 1]);
});
