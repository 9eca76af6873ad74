import { createHash } from "node:crypto";
import { CONFFILE, type PackageFile, packageFiles, type PackageSource } from "./package_tree.ts";
import { controlFile, PACKAGE } from "./control_file.ts";
import { neededLibraries } from "./shared_libraries.ts";

const MAINTAINER_SCRIPTS = ["postinst", "prerm", "postrm"];

/**
 * Makes the .deb in `folder` and returns its file name. The same source gives the same bytes.
 * @throws {Error} with what dpkg-deb says if it fails.
 */
export async function buildDeb(
  source: PackageSource,
  { folder, architecture }: { folder: string; architecture: string },
): Promise<string> {
  const name = `${PACKAGE}_${source.version}_${architecture}.deb`;
  const files = await packageFiles(source);
  const control: PackageFile[] = [
    text(
      "control",
      0o644,
      controlFile({
        ...source,
        architecture,
        installedSize: installedSize(files),
        libraries: neededLibraries(source.executable),
      }),
    ),
    text("conffiles", 0o644, `/${CONFFILE}\n`),
    text("md5sums", 0o644, md5sums(files.filter(({ path }) => path !== CONFFILE))),
  ];
  for (const script of MAINTAINER_SCRIPTS) {
    const content = await Deno.readFile(`${source.root}deploy/debian/${script}`);
    control.push({ path: `DEBIAN/${script}`, content, mode: 0o755 });
  }
  const tree = await Deno.makeTempDir({ prefix: "openport-exporter-deb-" });
  try {
    await Deno.chmod(tree, 0o755);
    for (const file of [...files, ...control]) await write(tree, file);
    await date(tree, source.time);
    await dpkgDeb(tree, `${folder}/${name}`, source.time);
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
  return name;
}

function text(name: string, mode: number, content: string): PackageFile {
  return { path: `DEBIAN/${name}`, content: new TextEncoder().encode(content), mode };
}

/** Disk space in KiB, by the rule of dpkg-gencontrol(1): files in whole KiB, 1 KiB for a folder. */
function installedSize(files: readonly PackageFile[]): number {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  return files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), folders.size);
}

function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function md5sums(files: readonly PackageFile[]): string {
  return files.map(({ path, content }) =>
    `${createHash("md5").update(content).digest("hex")}  ${path}\n`
  ).join("");
}

async function write(tree: string, { path, content, mode }: PackageFile): Promise<void> {
  for (const folder of foldersOf(path)) {
    await Deno.mkdir(`${tree}/${folder}`, { recursive: true });
    // Whatever the umask is.
    await Deno.chmod(`${tree}/${folder}`, 0o755);
  }
  await Deno.writeFile(`${tree}/${path}`, content);
  await Deno.chmod(`${tree}/${path}`, mode);
}

/** Says of everything below and of `path` itself that it is of `time`. */
async function date(path: string, time: number): Promise<void> {
  if ((await Deno.stat(path)).isDirectory) {
    for await (const { name } of Deno.readDir(path)) await date(`${path}/${name}`, time);
  }
  await Deno.utime(path, time, time);
}

/** xz at its lowest level: 31 MB in 8 s, where the highest takes minutes for 5 MB less. */
async function dpkgDeb(tree: string, target: string, time: number): Promise<void> {
  const { code, stderr } = await new Deno.Command("dpkg-deb", {
    args: ["--root-owner-group", "-Zxz", "-z1", "--build", tree, target],
    // xz cuts its input by the number of threads, so the bytes would depend on the machine.
    env: { SOURCE_DATE_EPOCH: String(time), DPKG_DEB_THREADS_MAX: "1" },
    stdin: "null",
    stdout: "null",
  }).output().catch((error) => {
    throw new Error(`Cannot start dpkg-deb, which is on every Debian: ${error.message}`);
  });
  if (code !== 0) throw new Error(`Cannot make ${target}:\n${new TextDecoder().decode(stderr)}`);
}
