import assert from "node:assert/strict";
import { listHref, statusParameters, troubleHref } from "../../src/pages/status_query.ts";
import { statusQuery } from "./frame.ts";

Deno.test("statusParameters() leaves out what says nothing", () => {
  assert.deepEqual(statusParameters(statusQuery()), []);
  const query = statusQuery({
    targets: { search: "", page: 3, trouble: "stale" },
    hosts: { search: "a b&c", page: 1 },
  });
  assert.deepEqual(statusParameters(query), [["hosts", "a b&c"], ["targets_state", "stale"], [
    "targets_page",
    "3",
  ]]);
});

Deno.test("troubleHref() is where the targets alone are shown that have it", () => {
  const trouble = "failing";
  const query = statusQuery({ targets: { search: "", page: 1, trouble } });
  assert.equal(troubleHref(trouble), listHref(query, "targets", query.targets));
});

Deno.test("listHref() changes one list and keeps the others", () => {
  const query = statusQuery({
    hosts: { search: '"><&=#', page: 4 },
    targets: { search: "dmz", page: 2 },
  });
  assert.equal(
    listHref(query, "targets", { search: "", page: 1 }),
    "/?hosts=%22%3E%3C%26%3D%23&hosts_page=4#targets",
  );
  assert.equal(listHref(statusQuery(), "hosts", { search: "", page: 1 }), "/#hosts");
});
