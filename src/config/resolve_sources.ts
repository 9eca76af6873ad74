import type { TargetsFileConfig, TargetsHttpConfig } from "./config.ts";
import { inDirectory } from "./in_directory.ts";
import type { Report } from "./report.ts";
import type { WrittenConfig } from "./schema.ts";
import { show } from "./show.ts";

/** Seconds between two looks at a URL with targets, where none are written. */
const REFRESH_INTERVAL = 60;

/** Files with targets; relative ones are in the directory of the configuration file. */
export function resolveFiles(
  written: NonNullable<WrittenConfig["targets_files"]>,
  { report, directory }: { readonly report: Report; readonly directory: string },
): readonly TargetsFileConfig[] {
  return withoutRepeats(written, {
    textOf: (text) => text,
    repeated: (index, first, text) =>
      report.warn(["targets_files", index], `${show(text)} is already targets_files[${first}]`),
  }).map((text) => ({
    text,
    pattern: inDirectory(directory, text),
  }));
}

/** URLs with targets. */
export function resolveHttp(
  written: NonNullable<WrittenConfig["targets_http"]>,
  { report }: { readonly report: Report },
): readonly TargetsHttpConfig[] {
  return withoutRepeats(written, {
    textOf: ({ url }) => url ?? "",
    repeated: (index, first) =>
      report.warn(["targets_http", index], `is the same URL as targets_http[${first}]`),
  }).flatMap(({ url, refresh_interval: refreshInterval = REFRESH_INTERVAL }) =>
    url === undefined ? [] : [{ url, refreshInterval }]
  );
}

function withoutRepeats<T>(
  written: readonly (T | undefined)[],
  { textOf, repeated }: {
    textOf: (item: T) => string;
    repeated: (index: number, first: number, text: string) => void;
  },
): T[] {
  const seen = new Map<string, number>();
  return written.flatMap((item, index) => {
    if (item === undefined) return [];
    const text = textOf(item);
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, index);
      return [item];
    }
    repeated(index, first, text);
    return [];
  });
}

/** A URL as it may be shown: its query, which may hold a token, is hidden. */
export function showUrl(url: string): string {
  return url.replace(/\?.*$/, "?<secret>");
}
