/** Who is compared: the command that SERIES and PORT are added to. */
export interface Peer {
  readonly name: "ours" | "prom-client" | "client_golang";
  readonly command: readonly string[];
}

/** This program and prom-client, run by the deno that runs this, with these V8 flags. */
export function denoPeer(name: "ours" | "prom-client", v8Flags: readonly string[] = []): Peer {
  const file = name === "ours" ? "ours.ts" : "prom_client.ts";
  const flags = v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`];
  const path = new URL(file, import.meta.url).pathname;
  // prom-client is none of the project's packages, so the project's lock file knows nothing of it.
  const packages = name === "ours" ? ["--frozen"] : ["--no-config", "--no-lock"];
  return { name, command: [Deno.execPath(), "run", ...packages, "-A", ...flags, path] };
}

/**
 * client_golang from the module in `source`, built in `directory` so that `source` stays as it is; the
 * reason when it cannot be built.
 */
export async function golangPeer(
  source: string,
  { directory }: { directory: string },
): Promise<Peer | string> {
  try {
    for await (const { name } of Deno.readDir(source)) {
      await Deno.writeFile(`${directory}/${name}`, await Deno.readFile(`${source}/${name}`));
    }
  } catch {
    return `there is no ${source}`;
  }
  const program = `${directory}/client_golang_peer`;
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-mod=mod", "-o", program, "."],
      cwd: directory,
    }).output();
    if (!success) return `go build failed: ${new TextDecoder().decode(stderr).trim()}`;
  } catch {
    return "Go is not installed";
  }
  return { name: "client_golang", command: [program] };
}
