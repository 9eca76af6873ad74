import { join } from "node:path";
import { PRIVILEGE_PROBE } from "../../src/nmap/capability.ts";

/**
 * How the scans of a wrapped nmap end: as nmap ends them, by SIGKILL at once, with every host timed out,
 * by SIGKILL only where they are second looks, or as nmap ends them 1.5 s later.
 */
export type Ending = "own" | "killed" | "timed out" | "unconfirmed" | "late";

/** The real nmap under the name `nmap` in a directory of its own, which writes down what it is asked. */
export interface WrappedNmap extends AsyncDisposable {
  /** To be put first in PATH. */
  readonly dir: string;
  /** Makes scans end like this from the next one on; `timed out` needs `host_timeout: 0` and `min_rate: 0`. */
  end(how: Ending): Promise<void>;
  /** Arguments of every scan so far, oldest first. */
  scans(): Promise<string[][]>;
}

/** Wraps the nmap that stands in PATH. */
export async function wrapNmap(): Promise<WrappedNmap> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v nmap"] }).output();
  const real = new TextDecoder().decode(stdout).trim();
  const dir = await Deno.makeTempDir({ prefix: "wrapped-nmap-" });
  const end = async (how: Ending) => {
    await Deno.writeTextFile(join(dir, "ending.new"), `${how}\n`);
    await Deno.rename(join(dir, "ending.new"), join(dir, "ending"));
  };
  await end("own");
  await Deno.writeTextFile(
    join(dir, "nmap"),
    `#!/bin/sh
case "$*" in --version | "${PRIVILEGE_PROBE.join(" ")}") exec ${real} "$@" ;; esac
echo "$*" >> "${dir}/scans"
read -r ending < "${dir}/ending"
case "$ending $*" in
  killed*) kill -KILL $$ ;;
  unconfirmed*--disable-arp-ping*) kill -KILL $$ ;;
  "timed out"*) exec ${real} --host-timeout 1ms --scan-delay 50ms "$@" ;;
  late*) sleep 1.5; exec ${real} "$@" ;;
  *) exec ${real} "$@" ;;
esac
`,
  );
  await Deno.chmod(join(dir, "nmap"), 0o755);
  await Deno.chmod(dir, 0o755);
  return {
    dir,
    end,
    scans: async () => {
      const text = await Deno.readTextFile(join(dir, "scans")).catch(() => "");
      return text.split("\n").filter((line) => line !== "").map((line) => line.split(" "));
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
