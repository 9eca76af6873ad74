import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { inDirectory, openNow } from "./builders.ts";
import { BATCH_HOSTS, batchOf, CYCLE } from "./numbered_batch.ts";

const ROUNDS = 100;
const LANES = 4;

/** Lets a process store batches and kills it at a random moment; returns the last number that it said. */
async function writeAndKill(path: string, first: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--frozen",
      "-A",
      `${import.meta.dirname}/writer.ts`,
      path,
      String(first),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  let timer: number | undefined;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    timer ??= Number(setTimeout(() => child.kill("SIGKILL"), Math.random() * 80));
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL");
  return Number(said.trimEnd().split("\n").at(-1));
}

/** Checks that the file is whole and holds all of the last batch that it has; returns its number. */
function lastBatch(path: string): number {
  const { store, setAside } = openNow(path);
  assert.equal(setAside, undefined);
  const { hosts, rounds } = store.load();
  const last = [...rounds][0]?.taken ?? 0;
  const expected = new Map<string, unknown>();
  for (let n = Math.max(1, last - CYCLE + 1); n <= last; n++) {
    for (const host of batchOf(n).hosts ?? []) expected.set(host.address, host);
  }
  const found = [...hosts];
  assert.equal(found.length, Math.min(last, CYCLE) * BATCH_HOSTS);
  for (const host of found) assert.deepEqual(host, expected.get(host.address));
  assert.equal(store.changes({ limit: Infinity }).length, last);
  store.close();

  const db = new DatabaseSync(path, { readOnly: true });
  assert.equal(Object.values(db.prepare("pragma integrity_check").get() ?? {})[0], "ok");
  db.close();
  return last;
}

Deno.test(`a store killed ${ROUNDS} times while it writes lacks at most the batch in flight`, async () => {
  await inDirectory(async (directory) => {
    const lane = async (path: string) => {
      let last = 0;
      for (let round = 0; round < ROUNDS / LANES; round++) {
        const said = await writeAndKill(path, last + 1);
        assert.ok(said > last);
        last = lastBatch(path);
        assert.ok(last === said || last === said + 1, `said ${said}, stored ${last}`);
      }
    };
    await Promise.all(
      Array.from({ length: LANES }, (_, i) => lane(`${directory}/lane-${i}.db`)),
    );
  });
});
