import denoJson from "../../deno.json" with { type: "json" };
import { readRevision } from "./revision.ts";

/** What is running: the program's version, the source revision that it was made from, and its runtime. */
export function buildInfo(): { version: string; revision: string; runtime: string } {
  return {
    version: denoJson.version,
    revision: readRevision(),
    runtime: `deno ${Deno.version.deno}`,
  };
}
