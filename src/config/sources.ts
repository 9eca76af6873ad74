import type * as z from "zod";
import { parsedText, seconds } from "./scalars.ts";
import { chosen, isMapping, list, mapping } from "./section.ts";
import { show } from "./show.ts";

/**
 * What Prometheus takes as a path of file_sd (its discovery/file/file.go): one `*` in its last part, and a
 * name that says JSON or YAML.
 */
export const FILE_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|ya?ml|JSON|YA?ML)$/;

/**
 * Reads the path of a file_sd file, or a pattern for several.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
function readPattern(text: string): string {
  if (/\p{Cc}|\p{Cs}/u.test(text)) {
    throw new SyntaxError(
      "has a character that is not allowed (allowed: anything but control characters)",
    );
  }
  if (!FILE_PATTERN.test(text)) {
    throw new SyntaxError(
      `must end in .json, .yml or .yaml, with * in the last part alone, not ${show(text)}`,
    );
  }
  return text;
}

/** Never repeats the text, which may have a password in it. */
function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SyntaxError("must be a URL such as https://inventory.example.com/targets");
  }
  if (url.username !== "" || url.password !== "") {
    throw new SyntaxError("has a user name or password in it (allowed: a URL without)");
  }
  url.hash = "";
  return url.href;
}

const url = parsedText(readUrl, "must be a URL such as https://inventory.example.com/targets");

/** The keys of a URL written as an object. */
export const httpObject = mapping({ url, refresh_interval: seconds(1) }, { secret: true })
  .superRefine((source, context) => {
    if (!("url" in source)) {
      context.addIssue({ code: "custom", path: ["url"], message: "is missing (write a URL)" });
    }
  }, { when: ({ value }) => isMapping(value) });

const plainUrl = url.transform((url): z.output<typeof httpObject> => ({ url }));

/** Files with targets, each with the path as written. */
export const fileList = list(
  parsedText(readPattern, "must be a path such as targets/*.json"),
  'each path on a line of its own, such as "- targets/*.json"',
);

/** URLs with targets. */
export const httpList = list(
  chosen<z.output<typeof httpObject>>((value) => isMapping(value) ? httpObject : plainUrl),
  'each URL on a line of its own, such as "- https://inventory.example.com/targets"',
);
