import assert from "node:assert/strict";
import fc from "fast-check";
import { ProgressBar, progressLine } from "../../src/oneshot/progress_bar.ts";

const shown = { share: 0.5, elapsed: 61_000, remaining: 3_725_000, open: 12 };

Deno.test("progressLine() shows share, open ports and time", () => {
  assert.equal(
    progressLine(shown, 60),
    "[===============>               ] 50%  12 open  1:02:05 left",
  );
  assert.equal(
    progressLine({ share: 0, elapsed: 61_000, remaining: undefined, open: 0 }, 50),
    "[>                        ]  0%  0 open  1:01 gone",
  );
  assert.equal(
    progressLine({ share: 1, elapsed: 61_000, remaining: 0, open: 0 }, 49),
    "[========================]100%  0 open  0:01 left",
  );
  assert.equal(progressLine(shown, 30), " 50%  12 open  1:02:05 left");
  assert.equal(progressLine(shown, 7), " 50%  1");
});

Deno.test("progressLine() fits and is printable, whatever the terminal", () => {
  fc.assert(fc.property(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.option(fc.nat(1e9), { nil: undefined }),
    fc.nat(1e6),
    fc.nat(300),
    (share, remaining, open, columns) => {
      const line = progressLine({ share, elapsed: open, remaining, open }, columns);
      assert.ok(line.length <= columns);
      assert.match(line, /^[ -~]*$/);
    },
  ));
});

Deno.test("ProgressBar draws over itself and leaves nothing behind, without escape codes", () => {
  let columns: number | undefined = 40;
  const written: string[] = [];
  const bar = new ProgressBar({ write: (text) => written.push(text), columns: () => columns });
  bar.clear();
  bar.draw(shown);
  bar.draw(shown);
  bar.draw({ ...shown, remaining: 5000 });
  columns = 20;
  bar.draw({ ...shown, remaining: 5000 });
  columns = undefined;
  bar.draw(shown);
  bar.clear();
  bar.clear();
  assert.deepEqual(written.map((text) => text.length), [40, 40, 20, 80, 81]);
  assert.ok(written.every((text) => /^\r[ -~]*\r?$/.test(text)));
  assert.match(written.at(-1)!, /^\r +\r$/);
});
