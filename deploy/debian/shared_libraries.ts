/** A Debian package that an executable is linked with. */
export interface Library {
  readonly name: string;
  /** The oldest version that will do; undefined for any. */
  readonly version: string | undefined;
}

/** Type of the section with the versions of symbols that a file needs (LSB, "Symbol Versioning"). */
const SHT_GNU_VERNEED = 0x6ffffffe;

/** Which package has a library: the parts of the C library, and what compilers link everything with. */
const PACKAGES: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/^(libc|libm|libdl|librt|libpthread|ld-linux-[^.]+)\.so\.\d+$/, "libc6"],
  [/^libgcc_s\.so\.1$/, "libgcc-s1"],
];

/**
 * The packages that a 64-bit little-endian ELF file depends on, with the version of the C library that
 * has all the symbols it uses.
 * @throws {TypeError} if it is no such file. @throws {RangeError} if it needs an unknown library.
 */
export function neededLibraries(file: Uint8Array): Library[] {
  const versions = new Map<string, string | undefined>();
  for (const { library, symbols } of neededSymbols(file)) {
    const name = PACKAGES.find(([pattern]) => pattern.test(library))?.[1];
    if (name === undefined) throw new RangeError(`Cannot tell which package has ${library}`);
    const glibc = symbols.map((symbol) => /^GLIBC_(\d+\.\d+)/.exec(symbol)?.[1])
      .filter((version) => version !== undefined);
    versions.set(name, [versions.get(name), ...glibc].reduce(newer));
  }
  return [...versions].map(([name, version]) => ({ name, version }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

function newer(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  return (left![0]! - right![0]! || left![1]! - right![1]!) < 0 ? b : a;
}

/** Which versions of symbols a file needs of each library that has any. */
function* neededSymbols(file: Uint8Array): Generator<{ library: string; symbols: string[] }> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  // Magic number, 64 bits, little-endian.
  if (file.length < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0201) {
    throw new TypeError("Cannot read the executable: it is no 64-bit little-endian ELF file");
  }
  const sections = sectionHeaders(view);
  const needs = sections.find(({ type }) => type === SHT_GNU_VERNEED);
  if (needs === undefined) return;
  const names = sections[needs.link]!.offset;
  let at = needs.offset;
  for (let left = needs.info; left > 0; left--) {
    const symbols: string[] = [];
    let auxiliary = at + view.getUint32(at + 8, true);
    for (let count = view.getUint16(at + 2, true); count > 0; count--) {
      symbols.push(text(file, names + view.getUint32(auxiliary + 8, true)));
      auxiliary += view.getUint32(auxiliary + 12, true);
    }
    yield { library: text(file, names + view.getUint32(at + 4, true)), symbols };
    at += view.getUint32(at + 12, true);
  }
}

/** Section headers (elf(5), Elf64_Shdr), as far as they are needed. */
function sectionHeaders(view: DataView) {
  const start = Number(view.getBigUint64(0x28, true));
  const size = view.getUint16(0x3a, true);
  return Array.from({ length: view.getUint16(0x3c, true) }, (_, index) => {
    const at = start + index * size;
    return {
      type: view.getUint32(at + 4, true),
      offset: Number(view.getBigUint64(at + 24, true)),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
    };
  });
}

/** Text up to the zero byte. */
function text(file: Uint8Array, start: number): string {
  return new TextDecoder().decode(file.subarray(start, file.indexOf(0, start)));
}
