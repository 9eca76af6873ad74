import assert from "node:assert/strict";
import fc from "fast-check";
import type { SavedHost } from "../../src/state/saved_state.ts";
import { recordId } from "../../src/storage/record_codec.ts";
import type { SqliteStore } from "../../src/storage/sqlite_store.ts";
import type { StoreError } from "../../src/storage/store_error.ts";
import {
  arrays,
  change,
  changes,
  host,
  hosts,
  inDirectory,
  learnts,
  NOW,
  openNow,
  record,
  records,
  rounds,
  target,
  targets,
} from "./builders.ts";

/** Runs with a store in a new file, and gives a way to open it again. */
async function withStore(
  run: (store: SqliteStore, reopen: () => SqliteStore) => void,
): Promise<void> {
  await inDirectory((directory) => {
    let { store } = openNow(`${directory}/state.db`);
    run(store, () => {
      store.close();
      const again = openNow(`${directory}/state.db`);
      assert.equal(again.setAside, undefined);
      return store = again.store;
    });
    store.close();
  });
}

Deno.test("SqliteStore loads what was saved, whatever it is", async () => {
  await inDirectory((directory) => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.uniqueArray(hosts, { selector: ({ address, protocol }) => `${address} ${protocol}` }),
        fc.uniqueArray(records, { selector: recordId }),
        fc.uniqueArray(targets, { selector: ({ target }) => target }),
        fc.uniqueArray(rounds, { selector: ({ id }) => id }),
        fc.uniqueArray(learnts, { selector: ({ source }) => source }),
        fc.array(changes),
        (hosts, records, targets, rounds, learnt, changes) => {
          const path = `${directory}/${run++}.db`;
          const { store } = openNow(path);
          store.save({ hosts, records, targets, rounds, learnt, changes });
          store.close();
          const again = openNow(path).store;
          assert.deepEqual(
            arrays(again.load()),
            arrays({ hosts, records, targets, rounds, learnt }),
          );
          const newest = changes.map((change, i) => [change, i] as const)
            .sort(([a, i], [b, j]) => b.time - a.time || j - i).map(([change]) => change);
          assert.deepEqual(again.changes({ limit: 1000 }), newest);
          again.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

Deno.test("SqliteStore keeps the last of each row, and forgets", async () => {
  await withStore((store, reopen) => {
    store.save({
      hosts: [host(), host({ protocol: "udp" }), host({ address: "2001:db8::1" })],
      records: [record(), record({ ports: "80" })],
      targets: [target(), target({ target: "b" })],
      rounds: [{ id: "a", dueAt: 1, taken: 2 }, { id: "b", dueAt: 1, taken: 2 }],
      learnt: [{ source: "a", value: "1" }, { source: "b", value: "1" }],
    });
    store.save({
      hosts: [host({ open: [] })],
      forgottenHosts: [["192.0.2.1", "udp"], ["192.0.2.99", "tcp"]],
      records: [record({ successes: 2 })],
      forgottenRecords: [{ key: record().key, ports: "80" }],
      targets: [target({ closedToOpen: 5 })],
      forgottenTargets: ["b"],
      rounds: [{ id: "a", dueAt: 10.5, taken: 3 }],
      forgottenRounds: ["b"],
      learnt: [{ source: "a", value: "2" }],
      forgottenLearnt: ["b", "c"],
    });
    assert.deepEqual(arrays(reopen().load()), {
      hosts: [host({ open: [] }), host({ address: "2001:db8::1" })],
      records: [record({ successes: 2 })],
      targets: [target({ closedToOpen: 5 })],
      rounds: [{ id: "a", dueAt: 10.5, taken: 3 }],
      learnt: [{ source: "a", value: "2" }],
    });
  });
});

Deno.test("SqliteStore.save() forgets before it stores", async () => {
  await withStore((store) => {
    store.save({ hosts: [host()], forgottenHosts: [["192.0.2.1", "tcp"]] });
    assert.deepEqual([...store.load().hosts], [host()]);
  });
});

Deno.test("SqliteStore.save() stores nothing of a batch that it cannot store", async () => {
  await withStore((store, reopen) => {
    store.save({ hosts: [host()] });
    const bad = host({ address: "192.0.2.3", layers: [["ü", 1]] });
    assert.throws(
      () => store.save({ hosts: [host({ address: "192.0.2.2" }), bad], changes: [change()] }),
      { name: "StoreError", code: "io", message: /^Cannot write .*state\.db: Cannot store text/ },
    );
    assert.deepEqual([...store.load().hosts], [host()]);
    assert.deepEqual(store.changes({ limit: 1 }), []);
    store.save({ hosts: [host({ address: "192.0.2.2" })] });
    assert.equal([...reopen().load().hosts].length, 2);
  });
});

Deno.test("SqliteStore.save() refuses a file that nobody will find again, and goes on when it is back", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    const fails = (code: string, reason: RegExp) =>
      assert.throws(() => store.save({ hosts: [host()] }), (error: StoreError) => {
        assert.match(error.message, reason);
        return error.code === code;
      });
    store.save({ hosts: [host()] });
    Deno.renameSync(path, `${path}.away`);
    fails("io", /^Cannot write .*state\.db: the file was deleted or moved \(put it back/);
    Deno.copyFileSync(`${path}.away`, path);
    fails("io", /: the file was replaced \(put it back/);
    Deno.renameSync(`${path}.away`, path);
    store.save({ hosts: [host({ address: "192.0.2.2" })] });
    assert.equal([...store.load().hosts].length, 2);
    Deno.truncateSync(path, 4096);
    fails("corrupt", /: the file was cut off$/);
    store.close();
  });
});

Deno.test("SqliteStore loads more hosts than are read at once", async () => {
  await withStore((store, reopen) => {
    const many = Array.from(
      { length: 2500 },
      (_, i): SavedHost =>
        host({ address: `10.0.${i >> 8}.${i & 255}`, protocol: i % 2 ? "tcp" : "udp" }),
    );
    store.save({ hosts: many });
    assert.deepEqual(
      arrays(reopen().load()).hosts.map(({ address }) => address).sort(),
      many.map(({ address }) => address).sort(),
    );
  });
});

Deno.test("SqliteStore.changes() lists by time even when the clock was set back", async () => {
  await withStore((store) => {
    const future = NOW + 10 * 365 * 86_400_000;
    for (const time of [NOW, future, NOW - 1000, NOW, 0]) {
      store.save({
        changes: [change({ time, port: 1 }), change({ time, address: "::1", port: 2 })],
      });
    }
    const list = (query: Parameters<SqliteStore["changes"]>[0]) =>
      store.changes(query).map(({ time, port }) => [time, port]);
    assert.deepEqual(list({ limit: 3 }), [[future, 2], [future, 1], [NOW, 2]]);
    assert.deepEqual(list({ limit: 9, since: NOW + 0.5 }), [[future, 2], [future, 1]]);
    assert.deepEqual(list({ limit: 9, address: "::1" }).map(([time]) => time), [
      future,
      NOW,
      NOW,
      NOW - 1000,
      0,
    ]);
    assert.deepEqual(list({ limit: 9, address: "::1", since: future }), [[future, 2]]);
    assert.deepEqual(list({ limit: 0 }), []);
    assert.equal(list({ limit: Infinity, since: -Infinity }).length, 10);
  });
});

Deno.test("SqliteStore.pruneChanges() deletes the oldest in steps", async () => {
  await withStore((store) => {
    store.save({
      changes: Array.from({ length: 10 }, (_, i) => change({ time: i % 5, port: i + 1 })),
    });
    assert.equal(store.pruneChanges(3, 4), 4);
    assert.equal(store.pruneChanges(3, 4), 2);
    assert.equal(store.pruneChanges(3, 4), 0);
    assert.deepEqual(store.changes({ limit: 99 }).map(({ time }) => time), [4, 4, 3, 3]);
  });
});

Deno.test("SqliteStore uses free pages again", async () => {
  await withStore((store, reopen) => {
    const round = (n: number) =>
      store.save({
        changes: Array.from({ length: 2000 }, (_, i) => change({ time: n * 10_000 + i })),
      });
    for (let n = 0; n < 5; n++) round(n);
    store = reopen();
    const size = Deno.statSync(store.path).size;
    for (let n = 5; n < 40; n++) {
      round(n);
      store.pruneChanges((n - 4) * 10_000, 2000);
    }
    const { path } = reopen();
    assert.ok(Deno.statSync(path).size <= 1.5 * size, `${size} ${Deno.statSync(path).size}`);
  });
});
