/** Opens a store, gives up the permission to write, and goes on writing; prints what it saw as JSON. */
import { openStore } from "../../src/storage/open_store.ts";
import { batchOf } from "./numbered_batch.ts";

const path = Deno.args[0] ?? "";
const { store, setAside } = openStore(path, { wallClock: Date.now });
await Deno.permissions.revoke({ name: "write" });
const size = () => Deno.statSync(path).size;
const sizes = [size()];
for (let n = 1; n <= 300; n++) {
  store.save(batchOf(n));
  if (n % 100 === 0) sizes.push(size());
}
const walAtMost = Deno.statSync(`${path}-wal`).size;
const pruned = store.pruneChanges(200, 1000);
let denied = "";
try {
  Deno.writeTextFileSync(`${path}.other`, "");
} catch (error) {
  denied = (error as Error).name;
}
store.close();
sizes.push(size());
const files = [...Deno.readDirSync(path.replace(/[^/]*$/, ""))].map(({ name }) => name);
const result = { setAside, sizes, walAtMost, pruned, denied, files };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
