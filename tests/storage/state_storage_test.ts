import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createLogger } from "../../src/log/logger.ts";
import { MemoryStore } from "../../src/storage/memory_store.ts";
import { openStateStorage } from "../../src/storage/state_storage.ts";
import { change, host, inDirectory, NOW, openNow, wallClock } from "./builders.ts";

function open(path: string, { pathWritten = true } = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    format: "logfmt",
    write: (line) => lines.push(line),
    date: () => new Date(NOW),
  });
  const config = { path, pathWritten, closedPortRetention: 1, historyRetention: 1 };
  return { ...openStateStorage(config, { log, wallClock }), lines };
}

Deno.test("openStateStorage() keeps state in a file without a word", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store, troubles, lines } = open(path);
    store.save({ hosts: [host()], changes: [change()] });
    assert.deepEqual([troubles(), lines], [[], []]);
    store.close();
    const again = open(path);
    assert.deepEqual([...again.store.load().hosts], [host()]);
    assert.deepEqual(again.store.changes({ limit: 9 }), [change()]);
    again.store.close();
  });
});

Deno.test("openStateStorage() of an empty path keeps nothing, and that is no trouble", () => {
  const { store, troubles, lines } = open("");
  assert.ok(store instanceof MemoryStore);
  assert.deepEqual(troubles(), []);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /level=info .*memory only/);
});

Deno.test("openStateStorage() goes on in memory when the default path cannot be used", async () => {
  await inDirectory((directory) => {
    const { store, troubles, lines } = open(`${directory}/missing/state.db`, {
      pathWritten: false,
    });
    assert.ok(store instanceof MemoryStore);
    assert.equal(troubles().length, 1);
    assert.match(troubles()[0]!, /in memory only.*its directory does not exist/);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /level=warn/);
  });
});

Deno.test("openStateStorage() refuses a written path that cannot be used", async () => {
  await inDirectory((directory) => {
    assert.throws(() => open(`${directory}/missing/state.db`), {
      code: "unusable",
      message: /^Cannot use .*its directory does not exist/,
    });
    assert.throws(() => open(directory), { code: "unusable", message: /it is a directory/ });
  });
});

Deno.test("openStateStorage() refuses a locked or newer file whether or not it was written", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    for (const pathWritten of [true, false]) {
      assert.throws(() => open(path, { pathWritten }), { code: "locked" });
    }
    store.close();
    const db = new DatabaseSync(path);
    db.exec("pragma user_version = 99");
    db.close();
    for (const pathWritten of [true, false]) {
      assert.throws(() => open(path, { pathWritten }), { code: "newer" });
    }
  });
});

Deno.test("openStateStorage() sets a damaged file aside, loudly, and begins a new one", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const bytes = new TextEncoder().encode("this is no database ".repeat(500));
    Deno.writeFileSync(path, bytes);
    const { store, lines, troubles } = open(path);
    assert.equal(lines.length, 1);
    const [, kept] = /level=error .* kept_as="?([^"]*state\.db[^" ]*)/.exec(lines[0]!)!;
    assert.deepEqual(Deno.readFileSync(kept!), bytes);
    // from now on all is well
    assert.deepEqual(troubles(), []);
    store.save({ hosts: [host()] });
    store.close();
  });
});

Deno.test("openStateStorage() says when a file proves damaged later, and goes on", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const first = open(path).store;
    // more than SQLite keeps in its cache
    first.save({ changes: Array.from({ length: 100_000 }, (_, time) => change({ time })) });
    first.close();
    const { store, lines, troubles } = open(path);
    // through another handle of the same file
    using file = Deno.openSync(path, { write: true });
    file.seekSync(4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(Deno.statSync(path).size - 4096).fill(0xa5));
    store.changes({ limit: 200_000 });
    store.save({ changes: [change({ port: 23 })] });
    assert.equal(troubles().length, 1, lines.join("\n"));
    assert.match(troubles()[0]!, /not written any more/);
    assert.equal(lines.filter((line) => line.includes("level=error")).length, 1);
    assert.ok(store.changes({ limit: 9 }).some(({ port }) => port === 23));
    store.close();
  });
});
