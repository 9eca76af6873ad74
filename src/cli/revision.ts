/** The source revision that `deno task compile` wrote beside the program, or `unknown` when it runs from source. */
export function readRevision(): string {
  try {
    const text = Deno.readTextFileSync(new URL("../../dist/revision", import.meta.url)).trim();
    return /^[0-9a-f]{7,40}(-dirty)?$/.test(text) ? text : "unknown";
  } catch {
    return "unknown";
  }
}
