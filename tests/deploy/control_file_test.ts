import assert from "node:assert/strict";
import {
  controlFile,
  debianArchitecture,
  debianVersion,
} from "../../deploy/debian/control_file.ts";

Deno.test("controlFile() gives dpkg every field that it needs", () => {
  const text = controlFile({
    version: "1.2.3",
    architecture: "amd64",
    maintainer: "Some One <one@example.org>",
    installedSize: 42,
    libraries: [{ name: "libc6", version: "2.27" }, { name: "libgcc-s1", version: undefined }],
  });
  const fields = new Map(
    text.split("\n").filter((line) => /^\S+: /.test(line))
      .map((line) => line.split(": ", 2) as [string, string]),
  );
  assert.equal(fields.get("Package"), "openport-exporter");
  assert.equal(fields.get("Version"), "1.2.3");
  assert.equal(fields.get("Architecture"), "amd64");
  assert.equal(fields.get("Maintainer"), "Some One <one@example.org>");
  assert.equal(fields.get("Installed-Size"), "42");
  assert.equal(fields.get("Depends"), "nmap, passwd, libc6 (>= 2.27), libgcc-s1");
  assert.equal(fields.get("Section"), "net");
  assert.equal(fields.get("Priority"), "optional");
  assert.ok(text.endsWith("\n") && !text.includes("\n\n"), "one paragraph");
});

const VERSIONS = [["1.2.3", "1.2.3"], ["1.2.3-rc.1", "1.2.3~rc.1"], ["1.2.3+g0a", "1.2.3+g0a"]];

for (const [version, expected] of VERSIONS) {
  Deno.test(`debianVersion() makes ${expected} of ${version}`, () => {
    assert.equal(debianVersion(version!), expected);
  });
}

for (const version of ["", "1.2", "1.2.3-a-b", "1.2.3 ", "v1.2.3", "1.2.3\nEvil: yes"]) {
  Deno.test(`debianVersion() refuses ${JSON.stringify(version)}`, () => {
    assert.throws(() => debianVersion(version), /^RangeError: Cannot make a package of version/);
  });
}

Deno.test("debianArchitecture() knows Debian's names, and what it does not know", () => {
  assert.equal(debianArchitecture("x86_64"), "amd64");
  assert.equal(debianArchitecture("aarch64"), "arm64");
  assert.throws(() => debianArchitecture("vax"), /^RangeError: Cannot make a package for vax/);
});
