import assert from "node:assert/strict";
import fc from "fast-check";
import { StoreError } from "../../src/storage/store_error.ts";
import { arrays, change, host, inDirectory, openNow, record, target } from "./builders.ts";

/** What a fault does to the bytes of a file. */
type Damage = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 30 }).map(
    (flips): Damage => (bytes) => {
      for (const [at, mask] of flips) bytes[Math.floor(at * bytes.length)]! ^= mask;
      return bytes;
    },
  ),
  // The header and the schema.
  fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }).map(
    (flips): Damage => (bytes) => {
      for (const [at, mask] of flips) bytes[Math.floor(at * 200)]! ^= mask;
      return bytes;
    },
  ),
  place.map((at): Damage => (bytes) => bytes.slice(0, Math.floor(at * bytes.length))),
  fc.tuple(place, fc.constantFrom(512, 4096), fc.constantFrom(0, 255)).map(
    ([at, size, value]): Damage => (bytes) => {
      const from = Math.floor(at * bytes.length / size) * size;
      return bytes.fill(value, from, from + size);
    },
  ),
  fc.tuple(place, place).map(([from, to]): Damage => (bytes) => {
    const page = (at: number) => Math.floor(at * bytes.length / 4096) * 4096;
    bytes.copyWithin(page(to), page(from), page(from) + 4096);
    return bytes;
  }),
);

const hosts = (age: number) =>
  Array.from({ length: 300 }, (_, i) =>
    host({
      address: `10.0.${i >> 8}.${i & 255}`,
      lastSeen: age,
      open: Array.from({ length: i % 40 }, (_, k) => [k + 1, age, age] as const),
    }));

type Saved = ReturnType<typeof arrays>;

/** Opens a damaged file; it must come to one of `expected`, be set aside or be refused, and be usable. */
function tryDamaged(path: string, expected: readonly Saved[]): "opened" | "aside" | "refused" {
  let opened: ReturnType<typeof openNow>;
  try {
    opened = openNow(path);
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.ok(["newer", "unusable"].includes(error.code), error.message);
    return "refused";
  }
  const { store, setAside } = opened;
  const found = arrays(store.load());
  if (setAside === undefined) {
    const text = JSON.stringify(found);
    assert.ok(expected.some((saved) => JSON.stringify(saved) === text), "other data");
  } else assert.deepEqual(found.hosts, []);
  const onlyStoreErrors = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error));
    }
  };
  onlyStoreErrors(() => store.changes({ limit: 100 }));
  onlyStoreErrors(() => store.changes({ limit: 100, address: "192.0.2.1" }));
  store.save({ hosts: hosts(7), changes: [change({ time: 1e12 })] });
  onlyStoreErrors(() => store.pruneChanges(Infinity, 1000));
  onlyStoreErrors(() => store.close());
  return setAside === undefined ? "opened" : "aside";
}

function count<T extends string>(values: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

Deno.test("a damaged file is set aside, or opens with the data that was stored", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save({
      hosts: hosts(1),
      records: Array.from({ length: 50 }, (_, i) => record({ ports: String(i + 1) })),
      targets: Array.from({ length: 50 }, (_, i) => target({ target: `10.0.${i}.0/24` })),
      rounds: Array.from(
        { length: 50 },
        (_, i) => ({ id: `10.0.${i}.0/24 tcp 1`, dueAt: i, taken: i }),
      ),
      learnt: Array.from({ length: 50 }, (_, i) => ({ source: `name ${i}`, value: `["${i}"]` })),
      changes: Array.from({ length: 500 }, (_, i) => change({ time: i })),
    });
    const saved = arrays(store.load());
    const nothing = { hosts: [], records: [], targets: [], rounds: [], learnt: [] };
    store.close();
    const whole = Deno.readFileSync(path);
    Deno.removeSync(path);

    let run = 0;
    const ends: string[] = [];
    fc.assert(
      fc.property(damages, (damage) => {
        const damaged = damage(whole.slice());
        const copy = `${directory}/${run++}.db`;
        Deno.writeFileSync(copy, damaged);
        // To SQLite a file of one byte is as new as an empty one.
        ends.push(tryDamaged(copy, damaged.length <= 1 ? [nothing] : [saved]));
      }),
      { numRuns: 400 },
    );
    const { aside = 0, opened = 0, refused = 0 } = count(ends);
    assert.ok(aside > opened && aside > refused, JSON.stringify(count(ends)));
  });
});

Deno.test("a file with one of its pages in place of another never gives other data", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save({
      hosts: hosts(1).slice(0, 80),
      // Of an empty table, the page is one that nothing can be told from.
      records: [record()],
      changes: [change()],
      targets: Array.from({ length: 50 }, (_, i) => target({ target: `10.0.${i}.0/24` })),
      rounds: Array.from({ length: 50 }, (_, i) => ({ id: `${i}`, dueAt: i, taken: i })),
      learnt: Array.from({ length: 50 }, (_, i) => ({ source: `name ${i}`, value: `["${i}"]` })),
    });
    const saved = arrays(store.load());
    store.close();
    const whole = Deno.readFileSync(path);
    const pages = whole.length / 4096;
    assert.ok(pages > 15, `${pages} pages`);
    for (let from = 0; from < pages; from++) {
      for (let to = 0; to < pages; to++) {
        const copy = `${directory}/${from}-${to}.db`;
        const damaged = whole.slice();
        damaged.copyWithin(to * 4096, from * 4096, (from + 1) * 4096);
        Deno.writeFileSync(copy, damaged);
        // The changes are not read at the start: what is wrong with them shows later.
        try {
          const opened = openNow(copy);
          if (opened.setAside === undefined) assert.deepEqual(arrays(opened.store.load()), saved);
          opened.store.close();
        } catch (error) {
          assert.ok(error instanceof StoreError, String(error));
        }
      }
    }
  });
});

Deno.test("a file with any byte of its header damaged is set aside, refused, or opens", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save({ hosts: hosts(1) });
    const saved = arrays(store.load());
    store.close();
    const whole = Deno.readFileSync(path);
    for (let at = 0; at < 100; at++) {
      for (const mask of [0x01, 0x80]) {
        const copy = `${directory}/${at}-${mask}.db`;
        const damaged = whole.slice();
        damaged[at]! ^= mask;
        Deno.writeFileSync(copy, damaged);
        tryDamaged(copy, [saved]);
      }
    }
  });
});

Deno.test("a damaged -wal file costs the batches after the damage", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    const states = [arrays(store.load())];
    for (let age = 1; age <= 4; age++) {
      store.save({ hosts: hosts(age) });
      states.push(arrays(store.load()));
    }
    const whole = ["", "-wal"].map((end) => Deno.readFileSync(path + end));
    store.close();

    let run = 0;
    fc.assert(
      fc.property(damages, (damage) => {
        const copy = `${directory}/${run++}.db`;
        Deno.writeFileSync(copy, whole[0]!);
        Deno.writeFileSync(`${copy}-wal`, damage(whole[1]!.slice()));
        tryDamaged(copy, states);
      }),
      { numRuns: 100 },
    );
  });
});

Deno.test("damage while the store is open is an error with code corrupt", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const first = openNow(path).store;
    // More than SQLite keeps in its cache.
    first.save({ changes: Array.from({ length: 100_000 }, (_, i) => change({ time: i })) });
    first.close();
    const { store } = openNow(path);
    const file = Deno.openSync(path, { write: true });
    file.seekSync(4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(Deno.statSync(path).size - 4096).fill(0xa5));
    assert.throws(() => store.changes({ limit: Infinity }), {
      name: "StoreError",
      code: "corrupt",
    });
    assert.throws(
      () => {
        for (let i = 0; i < 100; i++) store.pruneChanges(Infinity, 1000);
      },
      { name: "StoreError", code: "corrupt" },
    );
    store.close();
    file.close();
    const { store: next, setAside } = openNow(path);
    assert.ok(setAside !== undefined);
    next.close();
  });
});
