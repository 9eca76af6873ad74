import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { isForeign, migrate, MIGRATIONS, schemaVersion } from "../../src/storage/migrations.ts";
import { inDirectory } from "./builders.ts";

const columnsOf = (db: DatabaseSync) =>
  db.prepare("select name from pragma_table_info('rounds')").all().map(({ name }) => name);

Deno.test("migrate() takes every step once, in order, and keeps what is there", async () => {
  await inDirectory((directory) => {
    using db = new DatabaseSync(`${directory}/a.db`);
    assert.equal(schemaVersion(db), 0);
    assert.equal(isForeign(db), false);
    assert.equal(migrate(db), true);
    assert.equal(schemaVersion(db), MIGRATIONS.length);
    assert.equal(isForeign(db), false);
    assert.equal(migrate(db), false);

    db.exec("insert into rounds values ('a', '{}', 1)");
    const later = [...MIGRATIONS, ["alter table rounds add column extra integer"]];
    assert.equal(migrate(db, later), true);
    assert.equal(schemaVersion(db), MIGRATIONS.length + 1);
    assert.deepEqual(columnsOf(db), ["id", "body", "sum", "extra"]);
    assert.equal(db.prepare("select count(*) n from rounds").get()?.["n"], 1);
  });
});

Deno.test("migrate() brings a file of every older version to this one", () => {
  using fresh = new DatabaseSync(":memory:");
  migrate(fresh);
  const schemaOf = (db: DatabaseSync) =>
    db.prepare("select name, sql from sqlite_schema order by name").all();
  for (let version = 1; version < MIGRATIONS.length; version++) {
    using db = new DatabaseSync(":memory:");
    migrate(db, MIGRATIONS.slice(0, version));
    assert.equal(schemaVersion(db), version);
    db.exec("insert into rounds values ('a', '{}', 1)");
    assert.equal(migrate(db), true);
    assert.equal(schemaVersion(db), MIGRATIONS.length);
    assert.deepEqual(schemaOf(db), schemaOf(fresh));
    assert.equal(db.prepare("select count(*) n from rounds").get()?.["n"], 1);
  }
});

Deno.test("migrate() changes nothing when a step fails", async () => {
  await inDirectory((directory) => {
    using db = new DatabaseSync(`${directory}/a.db`);
    migrate(db);
    const bad = [...MIGRATIONS, ["alter table rounds add column extra integer", "no sql"]];
    assert.throws(() => migrate(db, bad), { errcode: 1 });
    assert.equal(schemaVersion(db), MIGRATIONS.length);
    assert.deepEqual(columnsOf(db), ["id", "body", "sum"]);
    assert.equal(db.isTransaction, false);
  });
});

Deno.test("isForeign() knows a database of another program", () => {
  using db = new DatabaseSync(":memory:");
  db.exec("create table songs (title text)");
  assert.equal(isForeign(db), true);
});
