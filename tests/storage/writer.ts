/**
 * Stores batches until it is killed and says the number of each that is stored.
 * Arguments: the file, and the number to begin with.
 */
import { openStore } from "../../src/storage/open_store.ts";
import { batchOf } from "./numbered_batch.ts";

const [path = "", first = "1"] = Deno.args;
const { store } = openStore(path, { wallClock: Date.now });
for (let n = Number(first);; n++) {
  store.save(batchOf(n));
  Deno.stdout.writeSync(new TextEncoder().encode(`${n}\n`));
}
