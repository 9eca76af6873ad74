import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { KeyedTable } from "../../src/storage/keyed_table.ts";
import { migrate } from "../../src/storage/migrations.ts";

Deno.test("KeyedTable reads any number of rows, records in the order in which they came", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db);
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    for (const name of ["records", "targets"] as const) {
      db.exec(`delete from ${name}`);
      const table = new KeyedTable(db, name);
      const ids = Array.from({ length: count }, (_, index) => `${(index * 7919) % 2503}`);
      const bodyOf = (id: string) => JSON.stringify({ target: id, more: false });
      const other = (id: string) => JSON.stringify({ target: id, more: true });
      for (const id of ids) table.put(id, bodyOf(id));
      // stored again, it keeps its place
      if (count > 0) table.put(ids[0]!, other(ids[0]!));
      table.verify();
      const expected = ids.map((id, index) => index === 0 ? other(id) : bodyOf(id));
      const found = [...table.bodies()];
      assert.deepEqual(
        name === "records" ? found : found.toSorted(),
        name === "records" ? expected : expected.toSorted(),
      );
    }
  }
});

Deno.test("KeyedTable refuses a row of another table", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db);
  new KeyedTable(db, "rounds").put("a", '{"id":"a"}');
  db.exec("insert into learnt select * from rounds");
  db.exec("insert into targets select * from rounds");
  for (const name of ["learnt", "targets"] as const) {
    assert.throws(() => new KeyedTable(db, name).verify(), {
      code: "corrupt",
      message: `Cannot read a row of ${name}: it is of another table`,
    });
  }
});

Deno.test("KeyedTable takes ids in the order of their bytes", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db);
  const table = new KeyedTable(db, "learnt");
  // In UTF-16 the last of these comes before the one before it.
  const ids = ["", "a", "a b", 'quoted "', "é", "\uffee", "😀"].toSorted();
  for (const id of ids) table.put(id, JSON.stringify({ source: id, value: "" }));
  table.verify();
  assert.equal([...table.bodies()].length, ids.length);
});
