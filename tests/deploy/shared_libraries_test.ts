import assert from "node:assert/strict";
import { neededLibraries } from "../../deploy/debian/shared_libraries.ts";

Deno.test("neededLibraries() finds the C library of Deno itself, and how old it may be", async () => {
  const libraries = neededLibraries(await Deno.readFile(Deno.execPath()));
  assert.deepEqual(libraries.map(({ name }) => name), ["libc6", "libgcc-s1"]);
  // What readelf -V says: at least the version that the first 64-bit port had, at most this machine's.
  const [, minor] = libraries[0]!.version!.split(".").map(Number);
  assert.ok(minor! >= 2 && minor! < 100, libraries[0]!.version);
  assert.equal(libraries[1]!.version, undefined);
});

Deno.test("neededLibraries() agrees with the dependencies of Debian's own program", async () => {
  // dpkg is linked with libraries of other packages as well, which is said.
  assert.throws(
    () => neededLibraries(Deno.readFileSync("/usr/bin/dpkg")),
    /^RangeError: Cannot tell which package has lib\w+\.so/,
  );
  const libraries = neededLibraries(await Deno.readFile("/usr/bin/sleep"));
  assert.deepEqual(libraries.map(({ name }) => name), ["libc6"]);
});

for (
  const [what, bytes] of [["nothing", []], ["a script", [
    ...new TextEncoder().encode("#!/bin/sh\n"),
  ]]]
) {
  Deno.test(`neededLibraries() refuses ${what}`, () => {
    assert.throws(
      () => neededLibraries(Uint8Array.from(bytes as number[])),
      /^TypeError: Cannot read/,
    );
  });
}
