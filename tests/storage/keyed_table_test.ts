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
      for (const id of ids) table.put(id, `body of ${id}`);
      // stored again, it keeps its place
      if (count > 0) table.put(ids[0]!, "other");
      table.verify();
      const expected = ids.map((id, index) => index === 0 ? "other" : `body of ${id}`);
      const found = [...table.bodies()];
      assert.deepEqual(
        name === "records" ? found : found.toSorted(),
        name === "records" ? expected : expected.toSorted(),
      );
    }
  }
});
