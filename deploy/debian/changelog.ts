/** Who made a package, and when. */
export interface ChangelogSignature {
  /** `Name <address>`. */
  readonly maintainer: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/**
 * The versions of a CHANGELOG.md, headings of `## 1.2.3` over lists, as a Debian changelog; see
 * deb-changelog(5). A version that it does not have yet comes first.
 */
export function debianChangelog(
  markdown: string,
  version: string,
  signature: ChangelogSignature,
): string {
  const entries = sections(markdown);
  if (!entries.some((entry) => entry.version === version)) {
    entries.unshift({ version, changes: ["See CHANGELOG.md of the source."] });
  }
  const trailer = ` -- ${signature.maintainer}  ${rfc2822(signature.time)}`;
  return entries.map(({ version, changes }) =>
    [
      `openport-exporter (${version}) unstable; urgency=medium`,
      "",
      ...changes.map((change) => wrapped(`  * ${change}`)),
      "",
      trailer,
      "",
    ].join("\n")
  ).join("\n");
}

function sections(markdown: string): { version: string; changes: string[] }[] {
  const found: { version: string; changes: string[] }[] = [];
  for (const line of markdown.split("\n")) {
    const version = /^## v?(\d\S*)/.exec(line)?.[1];
    const changes = found.at(-1)?.changes;
    if (version !== undefined) found.push({ version, changes: [] });
    else if (changes === undefined) continue;
    else if (/^- /.test(line)) changes.push(line.slice(2));
    else if (/^ {2}\S/.test(line) && changes.length > 0) {
      changes.push(`${changes.pop()} ${line.trim()}`);
    }
  }
  return found;
}

/** Lines of at most 80 characters, if the words let them; all but the first are indented by four. */
function wrapped(text: string): string {
  return text.split(" ").reduce((lines, word) => {
    const length = lines.length - lines.lastIndexOf("\n") - 1;
    return length + 1 + word.length > 80 ? `${lines}\n    ${word}` : `${lines} ${word}`;
  });
}

/** A time in UTC as `Sun, 22 Nov 2026 23:11:33 +0000`. */
function rfc2822(seconds: number): string {
  return new Date(seconds * 1000).toUTCString().replace("GMT", "+0000");
}
