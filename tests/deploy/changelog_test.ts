import assert from "node:assert/strict";
import { debianChangelog } from "../../deploy/debian/changelog.ts";
import { ROOT } from "../support/root.ts";

const SIGNATURE = { maintainer: "Some One <one@example.org>", time: 1_000_000_000 };
const TRAILER = " -- Some One <one@example.org>  Sun, 09 Sep 2001 01:46:40 +0000";

Deno.test("debianChangelog() keeps versions and changes, in order, and joins their lines", () => {
  const markdown = `# Changelog\n\nIntroduction.\n\n## 1.1.0\n\n- New.\n\n## 1.0.0\n
- One that goes on
  in a second line.
- Two.\n`;
  assert.equal(
    debianChangelog(markdown, "1.1.0", SIGNATURE),
    `openport-exporter (1.1.0) unstable; urgency=medium

  * New.

${TRAILER}

openport-exporter (1.0.0) unstable; urgency=medium

  * One that goes on in a second line.
  * Two.

${TRAILER}
`,
  );
});

Deno.test("debianChangelog() begins with the version of the package, also if it is not in there", () => {
  const text = debianChangelog("# Changelog\n\n## 1.0.0\n\n- One.\n", "1.1.0~rc.1", SIGNATURE);
  assert.ok(text.startsWith("openport-exporter (1.1.0~rc.1) unstable; urgency=medium\n"), text);
});

Deno.test("debianChangelog() of CHANGELOG.md is what dpkg-parsechangelog would take", async () => {
  const markdown = await Deno.readTextFile(`${ROOT}CHANGELOG.md`);
  const lines = debianChangelog(markdown, "0.1.0", SIGNATURE).split("\n");
  for (const line of lines) {
    assert.match(line, /^$|^openport-exporter \(\S+\) |^ {2}\* \S|^ {4}\S| -- .+ <.+> {2}\w{3}, /);
    assert.ok(line.length <= 80, line);
  }
});
