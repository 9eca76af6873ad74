/**
 * Makes dist/openport-exporter_VERSION_ARCHITECTURE.deb from dist/openport-exporter, and
 * dist/SHA256SUMS over both; called by `deno task package`.
 *
 * --executable, --output (a folder) and --version are for other places and numbers. The time that
 * files are said to be of is SOURCE_DATE_EPOCH, or that of the last commit. DEBFULLNAME and DEBEMAIL
 * name the maintainer.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import denoJson from "../deno.json" with { type: "json" };
import { buildDeb } from "./debian/build_deb.ts";
import { debianArchitecture, debianVersion } from "./debian/control_file.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Seconds since 1970 of the source, so that the same source gives the same package. */
async function sourceTime(): Promise<number> {
  const written = Deno.env.get("SOURCE_DATE_EPOCH") ?? await lastCommit();
  if (!/^\d+$/.test(written)) {
    throw new RangeError(
      "Cannot date the package: git knows no commit of it (set SOURCE_DATE_EPOCH to seconds since 1970)",
    );
  }
  return Number(written);
}

async function lastCommit(): Promise<string> {
  const git = new Deno.Command("git", { args: ["log", "-1", "--format=%ct"], cwd: ROOT });
  const output = await git.output().catch(() => undefined);
  return output === undefined ? "" : new TextDecoder().decode(output.stdout).trim();
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    executable: { type: "string", default: `${ROOT}dist/openport-exporter` },
    output: { type: "string", default: `${ROOT}dist` },
    version: { type: "string", default: denoJson.version },
  },
});
const name = Deno.env.get("DEBFULLNAME") ?? "The openport-exporter authors";
const address = Deno.env.get("DEBEMAIL") ?? "openport-exporter@example.org";
const source = {
  root: ROOT,
  executable: await Deno.readFile(values.executable),
  version: debianVersion(values.version),
  maintainer: `${name} <${address}>`,
  time: await sourceTime(),
};
const architecture = debianArchitecture(Deno.build.arch);
const deb = await buildDeb(source, { folder: values.output, architecture });
const sums = [
  `${await sha256(values.executable)}  openport-exporter\n`,
  `${await sha256(`${values.output}/${deb}`)}  ${deb}\n`,
];
await Deno.writeTextFile(`${values.output}/SHA256SUMS`, sums.join(""));
await Deno.stdout.write(new TextEncoder().encode(`${values.output}/${deb}\n`));
