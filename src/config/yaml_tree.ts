import { LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import { type AddressRun, cutAddressRuns } from "./address_runs.ts";
import type { ConfigIssue } from "./config_error.ts";
import { show } from "./show.ts";
import { describeYamlError } from "./yaml_problems.ts";
import { type Locate, TreeBuilder } from "./yaml_tree_builder.ts";
import type { YamlEntry } from "./yaml_value.ts";

/** A YAML file that was read, or `root: undefined` when it is too broken to say more than `problems`. */
export interface YamlTree {
  readonly root: YamlEntry | undefined;
  readonly problems: readonly ConfigIssue[];
  readonly locate: Locate;
}

// deno-lint-ignore no-control-regex -- finding control characters is the purpose
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\ufffe|\uffff/;

/**
 * Reads one YAML 1.2 document; never throws. An empty text is an empty mapping. `cut` makes it faster
 * and changes nothing else.
 */
export function readYaml(text: string, cut = cutAddressRuns): YamlTree {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lines.addNewLine(at + 1);
  }
  const locate: Locate = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const message =
      `Cannot read YAML: the control character ${show(forbidden[0])} is in the file ` +
      "(allowed: text; is this the right file?)";
    return broken([{ offset: forbidden.index, message }], locate);
  }
  const { rest, runs } = cut(text);
  if (runs.length > 0) {
    const tree = readDocument(rest, { locate, runs });
    if (tree !== undefined) return tree;
  }
  return readDocument(text, { locate, runs: [] })!;
}

function broken(
  problems: readonly { offset: number; message: string }[],
  locate: Locate,
): YamlTree {
  return {
    root: undefined,
    locate,
    problems: problems.map(({ offset, message }) => ({ ...locate(offset), path: "", message })),
  };
}

/** Reads a text out of which `runs` were cut; undefined when it has to be read without cuts. */
function readDocument(
  text: string,
  { locate, runs }: { locate: Locate; runs: readonly AddressRun[] },
): YamlTree | undefined {
  // The schema is named so that a "%YAML 1.1" line cannot turn "no" into false.
  const parsed = parseAllDocuments(text, {
    version: "1.2",
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const errors = documents.flatMap((document) => document.errors);
  const second = documents[1];
  if (runs.length > 0 && (errors.length > 0 || second !== undefined)) return undefined;
  if (errors.length > 0) return broken(firstPerOffset(errors), locate);
  if (second !== undefined) {
    const message = "Cannot use several YAML documents in one file (remove what follows ---)";
    return broken([{ offset: second.contents?.range[0] ?? second.range[0], message }], locate);
  }
  const builder = new TreeBuilder(locate, runs);
  for (const warning of documents[0]?.warnings ?? []) {
    builder.report(warning.pos[0], "", describeYamlError(warning));
  }
  const root = builder.build(documents[0]?.contents ?? null, { path: "", keyOffset: 0 });
  return builder.isComplete ? { root, locate, problems: builder.problems } : undefined;
}

/** The parser goes on after an error and trips over the same place again; once is enough. */
function firstPerOffset(errors: readonly YAMLError[]): { offset: number; message: string }[] {
  const first = new Map<number, string>();
  for (const error of errors) {
    if (!first.has(error.pos[0])) first.set(error.pos[0], describeYamlError(error));
  }
  return Array.from(first, ([offset, message]) => ({ offset, message }));
}
