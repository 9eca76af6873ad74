import assert from "node:assert/strict";
import { resolve } from "node:path";
import { ROOT } from "./root.ts";

/** Makes a base runtime for `deno compile` where Deno's download site cannot be reached; optional. */
const DENORT_TOOL = resolve(ROOT, "../shared/tools/denort");

/** Makes the executable as `deno task compile` does, at `path`, and fails with the reason when it cannot. */
export async function compile(path: string): Promise<void> {
  const task = [Deno.execPath(), "task", "compile"];
  const hasTool = await Deno.stat(DENORT_TOOL).then(() => true, () => false);
  const [program, ...args] = hasTool
    ? ["bash", "-c", 'eval "$("$0")"; exec "$@"', DENORT_TOOL, ...task]
    : task;
  const { code, stderr } = await new Deno.Command(program!, {
    args,
    cwd: ROOT,
    stdin: "null",
    env: { COMPILE_OUTPUT: path },
  }).output();
  const how = hasTool ? `with the base runtime of ${DENORT_TOOL}` : "with Deno's own base runtime";
  assert.equal(code, 0, `Cannot compile ${how}:\n${new TextDecoder().decode(stderr)}`);
}
