import { gzipSync } from "node:zlib";
import { PACKAGE } from "./control_file.ts";
import { debianChangelog } from "./changelog.ts";

/** A file of the package. */
export interface PackageFile {
  /** Where it is installed, without the first slash. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permissions. */
  readonly mode: number;
}

/** What a package is made from. */
export interface PackageSource {
  /** Folder of the checkout, with a slash at the end. */
  readonly root: string;
  readonly executable: Uint8Array;
  readonly version: string;
  readonly maintainer: string;
  /** Seconds since 1970 that every file is said to be of. */
  readonly time: number;
}

/** The configuration, which dpkg keeps when it was changed. */
export const CONFFILE = `etc/${PACKAGE}/config.yaml`;

const DOC = `usr/share/doc/${PACKAGE}`;
const SHARE = `usr/share/${PACKAGE}`;

/** Every file of the package, without what is for dpkg alone. */
export async function packageFiles(source: PackageSource): Promise<PackageFile[]> {
  const { root, version, maintainer, time } = source;
  const read = (path: string) => Deno.readFile(root + path);
  const unit = packageUnit(await Deno.readTextFile(`${root}deploy/${PACKAGE}.service`));
  const changes = debianChangelog(await Deno.readTextFile(`${root}CHANGELOG.md`), version, {
    maintainer,
    time,
  });
  const files: PackageFile[] = [
    { path: `usr/bin/${PACKAGE}`, content: source.executable, mode: 0o755 },
    // It may hold a password: for root, and, by postinst, for the group of the service.
    { path: CONFFILE, content: await read("config.yaml"), mode: 0o640 },
    plain(`usr/lib/systemd/system/${PACKAGE}.service`, bytes(unit)),
    plain(`usr/lib/sysusers.d/${PACKAGE}.conf`, await read("deploy/debian/sysusers.conf")),
    plain(`usr/share/lintian/overrides/${PACKAGE}`, await read("deploy/debian/lintian-overrides")),
    plain(`${DOC}/copyright`, await read("deploy/debian/copyright")),
    plain(`${DOC}/changelog.gz`, gzipSync(changes, { level: 9 })),
    plain(`${DOC}/README.md.gz`, gzipSync(await read("README.md"), { level: 9 })),
    plain(`${SHARE}/prometheus.yml`, await read("deploy/prometheus.yml")),
  ];
  for (const folder of ["prometheus", "grafana"]) {
    for await (const name of filesIn(`${root}deploy/${folder}`)) {
      files.push(plain(`${SHARE}/${folder}/${name}`, await read(`deploy/${folder}/${name}`)));
    }
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * The unit as it is in the package: the executable is where packages have theirs, and the user is the
 * one that the package makes, with a state directory of its own.
 * @throws {TypeError} if the unit is not as expected.
 */
export function packageUnit(unit: string): string {
  const changed = replaced(
    unit,
    `ExecStart=/usr/local/bin/${PACKAGE}`,
    `ExecStart=/usr/bin/${PACKAGE}`,
  );
  return replaced(changed, /(^#.*\n)*^DynamicUser=yes\n/m, "");
}

function replaced(text: string, what: string | RegExp, by: string): string {
  const result = text.replace(what, by);
  if (result === text) throw new TypeError(`Cannot make the unit of the package: no ${what} in it`);
  return result;
}

/** Names of the files of a folder that is there or not; tests of rules stay in the source. */
async function* filesIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && !/[._]tests?\./.test(name)) yield name;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function plain(path: string, content: Uint8Array): PackageFile {
  return { path, content, mode: 0o644 };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
