import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StoreError, type StoreErrorCode } from "../../src/storage/store_error.ts";
import { SCHEMA_VERSION } from "../../src/storage/migrations.ts";
import { host, inDirectory, openNow } from "./builders.ts";

/** The error of opening. */
function refusal(path: string): StoreError {
  try {
    openNow(path).store.close();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return error;
  }
  throw new Error(`${path} was opened`);
}

const names = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

Deno.test("openStore() makes a file that only its owner can read, and no others but -wal", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store, setAside } = openNow(path);
    store.save({ hosts: [host()] });
    assert.equal(setAside, undefined);
    assert.deepEqual(names(directory), ["state.db", "state.db-wal"]);
    for (const name of names(directory)) {
      assert.equal(Deno.statSync(`${directory}/${name}`).mode! & 0o777, 0o600);
    }
    store.close();
    store.close();
    assert.deepEqual(names(directory), ["state.db"]);
    const again = openNow(path).store;
    assert.deepEqual([...again.load().hosts], [host()]);
    again.close();
  });
});

Deno.test("openStore() takes an empty file as a new one and leaves its mode", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    Deno.writeFileSync(path, new Uint8Array(), { mode: 0o640 });
    const { store, setAside } = openNow(path);
    store.close();
    assert.equal(setAside, undefined);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o640);
  });
});

Deno.test("openStore() says why a path cannot be used", async () => {
  await inDirectory(async (directory) => {
    const f = (path: string, code: StoreErrorCode, text: RegExp) => {
      const error = refusal(path);
      assert.equal(error.code, code);
      assert.match(error.message, text);
      assert.ok(error.message.startsWith(`Cannot use ${path}: `), error.message);
    };
    f(`${directory}/missing/state.db`, "unusable", /directory does not exist \(make it\)$/);
    f(directory, "unusable", /it is a directory/);
    f("/dev/null", "unusable", /no regular file/);
    await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output();
    f(`${directory}/pipe`, "unusable", /no regular file/);
    const other = new DatabaseSync(`${directory}/songs.db`);
    other.exec("create table songs (title text)");
    other.close();
    const before = await Deno.readFile(`${directory}/songs.db`);
    f(`${directory}/songs.db`, "unusable", /database of another program/);
    assert.deepEqual(await Deno.readFile(`${directory}/songs.db`), before);
  });
});

Deno.test("openStore() leaves a file of a newer version as it is", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save({ hosts: [host()] });
    store.close();
    const db = new DatabaseSync(path);
    db.exec(`pragma user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    Deno.utimeSync(path, 1000, 1000);
    const before = Deno.readFileSync(path);
    Deno.writeFileSync(`${path}-wal`, new Uint8Array([1, 2, 3]));

    const { code, message } = refusal(path);
    assert.equal(code, "newer");
    assert.match(
      message,
      /a newer openport-exporter wrote it .*run that version, or give state\.path/,
    );
    assert.deepEqual(Deno.readFileSync(path), before);
    assert.equal(Deno.statSync(path).mtime?.getTime(), 1_000_000);
    assert.deepEqual(names(directory), ["state.db", "state.db-wal"]);
    assert.equal(Deno.statSync(`${path}-wal`).size, 3);
  });
});

Deno.test("openStore() goes on with a file that an older version wrote", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const { store } = openNow(path);
    store.save({ hosts: [host()] });
    store.close();
    // What version 1 left: the same tables without the one that came later.
    const db = new DatabaseSync(path);
    db.exec("drop table learnt");
    db.exec("pragma user_version = 1");
    db.close();
    const again = openNow(path);
    assert.equal(again.setAside, undefined);
    again.store.save({ learnt: [{ source: "name a", value: "[]" }] });
    assert.deepEqual([...again.store.load().hosts], [host()]);
    assert.deepEqual([...again.store.load().learnt], [{ source: "name a", value: "[]" }]);
    again.store.close();
  });
});

Deno.test("openStore() refuses a newer version that stands in the -wal file only", async () => {
  await inDirectory((directory) => {
    openNow(`${directory}/a.db`).store.close();
    const db = new DatabaseSync(`${directory}/a.db`);
    db.exec(`pragma user_version = ${SCHEMA_VERSION + 1}`);
    for (const end of ["", "-wal"]) {
      Deno.copyFileSync(`${directory}/a.db${end}`, `${directory}/b.db${end}`);
    }
    db.close();
    assert.equal(refusal(`${directory}/b.db`).code, "newer");
    assert.equal(refusal(`${directory}/b.db`).code, "newer");
  });
});

Deno.test("openStore() refuses a file that another process uses, until that ends", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--frozen",
        "-A",
        `${import.meta.dirname}/writer.ts`,
        path,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    try {
      const { code, message } = refusal(path);
      assert.equal(code, "locked");
      assert.match(message, /another openport-exporter uses this file/);
      await reader.read();
    } finally {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    }
    const { store, setAside } = openNow(path);
    assert.equal(setAside, undefined);
    assert.ok([...store.load().hosts].length > 0);
    store.close();
  });
});

Deno.test("openStore() sets a damaged file aside and never overwrites one", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    const text = "this is no database ".repeat(100);
    const aside = `${path}.corrupt-20260701T123015Z`;
    for (const expected of [aside, `${aside}-2`, `${aside}-3`]) {
      Deno.writeTextFileSync(path, text + expected);
      const { store, setAside } = openNow(path);
      assert.deepEqual(setAside, { path: expected, reason: "file is not a database" });
      assert.deepEqual([...store.load().hosts], []);
      store.save({ hosts: [host()] });
      store.close();
      assert.equal(Deno.readTextFileSync(expected), text + expected);
    }
    const { store } = openNow(path);
    assert.equal([...store.load().hosts].length, 1);
    store.close();
  });
});

Deno.test("openStore() sets aside a file whose tables were changed", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/state.db`;
    for (
      const sql of [
        "drop table rounds",
        "alter table hosts add column x text",
        "update targets set sum = 1",
      ]
    ) {
      const { store } = openNow(path);
      store.save({
        targets: [{
          target: "a",
          closedToOpen: 1,
          openToClosed: 0,
          unconfirmed: 0,
          hostsUp: 1,
          hostsDown: 2,
        }],
      });
      store.close();
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
      const opened = openNow(path);
      opened.store.close();
      assert.ok(opened.setAside !== undefined, sql);
    }
  });
});
