import assert from "node:assert/strict";
import { CONFFILE, packageFiles, packageUnit } from "../../deploy/debian/package_tree.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { ROOT } from "../support/root.ts";

/** What tests alone import; `deno compile` leaves it out where it can. */
const FOR_TESTS = ["@sinonjs/fake-timers", "axe-core", "fast-check", "playwright-core"];

Deno.test("packageUnit() changes where the program is and who runs it, and nothing else", async () => {
  const unit = await Deno.readTextFile(`${ROOT}deploy/openport-exporter.service`);
  const before = unit.split("\n").filter((line) => !line.startsWith("#"));
  const after = packageUnit(unit).split("\n").filter((line) => !line.startsWith("#"));
  assert.deepEqual(
    after,
    before.filter((line) => line !== "DynamicUser=yes")
      .map((line) => line.replace("=/usr/local/bin/", "=/usr/bin/")),
  );
  assert.ok(after.includes("User=openport-exporter"));
  assert.doesNotMatch(packageUnit(unit), /has to be made first|takes it instead/);
});

Deno.test("packageUnit() refuses a unit that it does not know", () => {
  assert.throws(
    () => packageUnit("[Service]\nExecStart=/opt/x\n"),
    /^TypeError: Cannot make the unit/,
  );
});

Deno.test("packageFiles() has the example configuration, and what deploy has for Prometheus and Grafana", async () => {
  const files = await packageFiles({
    root: ROOT,
    executable: new Uint8Array(),
    version: "1.0.0",
    maintainer: "x <x@example.org>",
    time: 0,
  });
  const content = (path: string) => {
    const file = files.find((file) => file.path === path);
    return file && new TextDecoder().decode(file.content);
  };
  assert.equal(content(CONFFILE), await Deno.readTextFile(`${ROOT}config.yaml`));
  for (const path of ["prometheus.yml", "prometheus/rules.yml", "grafana/dashboard.json"]) {
    const source = await Deno.readTextFile(`${ROOT}deploy/${path}`).catch(() => undefined);
    assert.equal(content(`usr/share/openport-exporter/${path}`), source, path);
  }
  assert.deepEqual(
    files.filter(({ mode }) => mode !== 0o644).map(({ path, mode }) => [path, mode]),
    [
      [CONFFILE, 0o640],
      ["usr/bin/openport-exporter", 0o755],
    ],
  );
});

Deno.test("the copyright file names every package that the program imports", async () => {
  const copyright = await Deno.readTextFile(`${ROOT}deploy/debian/copyright`);
  for (const specifier of Object.values(denoJson.imports)) {
    const name = /^npm:(@?[^@]+)@/.exec(specifier)![1]!;
    if (FOR_TESTS.includes(name)) continue;
    assert.ok(copyright.includes(`\nFiles: npm/${name}\n`), name);
  }
});

for (const script of ["postinst", "prerm", "postrm"]) {
  Deno.test(`${script} is understood by a plain shell, and refuses what dpkg never asks`, async () => {
    const { code, stderr } = await new Deno.Command("sh", {
      args: [`${ROOT}deploy/debian/${script}`, "nonsense"],
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.deepEqual([code, said], [1, `${script} called with unknown argument: nonsense\n`]);
  });
}
