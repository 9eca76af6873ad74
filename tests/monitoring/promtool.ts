/** Runs the real `promtool`, which must be installed; resolves with whether it was content, and what it printed. */
export async function promtool(...args: readonly string[]): Promise<{ ok: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command("promtool", { args: [...args] })
    .output();
  const decoder = new TextDecoder();
  return { ok: success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Runs `use` with a directory that has these files, by name. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "openport-promtool-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
