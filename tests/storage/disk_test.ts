import assert from "node:assert/strict";
import { openStore } from "../../src/storage/open_store.ts";
import { ResilientStore } from "../../src/storage/resilient_store.ts";
import { StoreError } from "../../src/storage/store_error.ts";
import { arrays, host, inDirectory, NOW, openNow } from "./builders.ts";
import { batchOf } from "./numbered_batch.ts";

async function mount(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("mount", { args, stdin: "null", stderr: "null" })
    .output().catch(() => ({ success: false }));
  return success;
}

/** Runs on a file system of 2 MiB of its own. */
async function onSmallDisk(run: (directory: string) => void | Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    assert.ok(await mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", directory));
    try {
      await run(directory);
    } finally {
      await new Deno.Command("umount", { args: [directory] }).output();
    }
  });
}

let canMount = false;
await inDirectory(async (directory) => {
  canMount = await mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", directory);
  if (canMount) await new Deno.Command("umount", { args: [directory] }).output();
});
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: !canMount, fn });

/** Leaves no space; removing the file frees it. */
function ballast(directory: string): string {
  const path = `${directory}/ballast`;
  using file = Deno.openSync(path, { write: true, create: true });
  for (const size of [65_536, 1024, 1]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch (error) {
      assert.match(String(error), /No space left/);
    }
  }
  return path;
}

/** Stores batches from `n` on until one fails; returns its number. */
function saveUntilFull(save: (n: number) => void, n: number): number {
  for (;; n++) {
    try {
      save(n);
    } catch (error) {
      assert.ok(error instanceof StoreError);
      assert.equal(error.code, "full");
      assert.match(error.message, /^Cannot write .*: database or disk is full$/);
      return n;
    }
  }
}

test("a full disk fails a save whole, and saving goes on when there is space", async () => {
  await onSmallDisk((directory) => {
    const path = `${directory}/state.db`;
    let { store } = openNow(path);
    store.save(batchOf(1));
    const weight = ballast(directory);
    const failed = saveUntilFull((n) => store.save(batchOf(n)), 2);
    const taken = () => [...store.load().rounds][0]?.taken;
    assert.equal(taken(), failed - 1);
    assert.throws(() => store.save(batchOf(failed)), { code: "full" });
    Deno.removeSync(weight);
    store.save(batchOf(failed));
    assert.equal(taken(), failed);

    ballast(directory);
    const again = saveUntilFull((n) => store.save(batchOf(n)), failed + 1);
    try {
      store.close();
    } catch (error) {
      assert.ok(error instanceof StoreError);
    }
    Deno.removeSync(weight);
    const opened = openNow(path);
    assert.equal(opened.setAside, undefined);
    store = opened.store;
    assert.equal(taken(), again - 1);
    assert.equal(store.changes({ limit: 9999 }).length, again - 1);
    store.close();
  });
});

test("a ResilientStore on a full disk stores everything once there is space", async () => {
  await onSmallDisk((directory) => {
    const path = `${directory}/state.db`;
    const events: string[] = [];
    const store = new ResilientStore(openNow(path).store, {
      onTrouble: (reason) => events.push(reason),
      onRecovered: () => events.push("recovered"),
      spacingMs: 0,
    });
    const hostOf = (n: number) => host({ address: `10.0.${n >> 8}.${n & 255}`, lastSeen: n });
    const weight = ballast(directory);
    let n = 0;
    while (events.length === 0) store.save({ hosts: [hostOf(n++)] });
    const full = n;
    for (; n < full + 50; n++) store.save({ hosts: [hostOf(n)] });
    assert.deepEqual(events, [`Cannot write ${path}: database or disk is full`]);
    Deno.removeSync(weight);
    store.save({ hosts: [hostOf(n++)] });
    assert.equal(events[1], "recovered");
    store.close();
    const again = openNow(path).store;
    assert.equal([...again.load().hosts].length, n);
    again.close();
  });
});

test("openStore() on a full disk opens a file that is there, and says why a new one cannot be", async () => {
  await onSmallDisk((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save(batchOf(1));
    const saved = arrays(store.load());
    store.close();
    ballast(directory);
    const opened = openNow(path);
    assert.equal(opened.setAside, undefined);
    assert.deepEqual(arrays(opened.store.load()), saved);
    opened.store.close();
    assert.throws(() => openNow(`${directory}/new.db`), {
      code: "unusable",
      message: /new\.db: (database or disk is full|No space left on device.*)$/,
    });
  });
});

test("openStore() says that a file system is read-only", async () => {
  await onSmallDisk(async (directory) => {
    const { store } = openNow(`${directory}/state.db`);
    store.close();
    assert.ok(await mount("-o", "remount,ro", directory));
    for (const name of ["state.db", "new.db"]) {
      assert.throws(() => openNow(`${directory}/${name}`), {
        code: "unusable",
        message: /Read-only file system/,
      });
    }
    assert.throws(() => openStore(`${directory}/new.db`, { wallClock: () => NOW }), StoreError);
  });
});

test("a file system that becomes read-only fails saves with code io", async () => {
  await onSmallDisk(async (directory) => {
    const { store } = openNow(`${directory}/state.db`);
    store.save(batchOf(1));
    // Forced, because files are open for writing.
    if (!await mount("-o", "remount,ro,size=2m", directory)) return store.close();
    assert.throws(() => store.save(batchOf(2)), { name: "StoreError" });
    store.close();
  });
});
