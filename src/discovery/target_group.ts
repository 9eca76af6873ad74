import type { ConfigIssue } from "../config/config_error.ts";
import { formatIssue } from "../config/config_error.ts";
import { joinPath } from "../config/key_path.ts";
import { show } from "../config/show.ts";
import { YamlScalar, type YamlValue } from "../config/yaml_value.ts";
import { readYaml, type YamlTree } from "../config/yaml_tree.ts";

/** Targets that share labels, as in Prometheus's file_sd and http_sd. */
export interface TargetGroup {
  /** As written; whether they can be scanned is not looked at here. */
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Most bytes of a JSON list; nothing else is done while a list is parsed, here for about a second. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Most bytes of a YAML list, whose parsing takes many times as long for its size. */
export const MAX_YAML_BYTES = 1024 * 1024;
/** Most targets and labels of one list, counted as often as YAML's aliases repeat them. */
export const MAX_ITEMS = 1_000_000;

/** Names that any version of Prometheus takes (its data model, "Metric names and labels"). */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const KEYS = ["targets", "labels"];
const SHAPE = 'such as [{"targets": ["192.0.2.1"], "labels": {"env": "prod"}}]';

/** Where in a list something is: keys and indexes from its root. */
type Path = readonly (string | number)[];
/** Makes the error for a place. */
type Fail = (path: Path, message: string) => SyntaxError;

/**
 * Parses a JSON list of target groups; unknown keys are refused, as Prometheus does. `source` is
 * what messages call it.
 *
 * @throws {SyntaxError} that names the source and the place, on one line.
 */
export function parseJsonGroups(text: string, source: string): TargetGroup[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(formatIssue(source, { ...jsonProblem(error.message, text), path: "" }));
  }
  return readGroups(value, (path, message) => fault(source, path, { line: 0, column: 0, message }));
}

/**
 * Parses a YAML list of target groups; unknown keys are refused, as Prometheus does. `source` is
 * what messages call it. Unquoted numbers and booleans are taken as the text that is written.
 *
 * @throws {SyntaxError} that names the source and the place, on one line.
 */
export function parseYamlGroups(text: string, source: string): TargetGroup[] {
  const tree = readYaml(text);
  const [problem] = tree.problems;
  if (problem !== undefined) throw new SyntaxError(formatIssue(source, problem));
  return readGroups(
    plain(tree.root!.value),
    (path, message) => fault(source, path, { ...placeOf(tree, path), message }),
  );
}

function readGroups(value: unknown, fail: Fail): TargetGroup[] {
  if (!Array.isArray(value)) {
    // Also for an empty file, which Prometheus takes for a list: a file that is being written is empty first.
    throw fail([], `Cannot use this as target groups: write a list ${SHAPE}, or [] for none`);
  }
  let items = 0;
  return value.map((value: unknown, index) => {
    const group = readGroup(value, [index], fail);
    items += group.targets.length + Object.keys(group.labels).length;
    if (items > MAX_ITEMS) {
      throw fail([index], `Cannot use more than ${MAX_ITEMS} targets and labels in one list`);
    }
    return group;
  });
}

function readGroup(group: unknown, path: Path, fail: Fail): TargetGroup {
  if (!isMapping(group)) throw fail(path, `Cannot use this as a target group: write one ${SHAPE}`);
  for (const key of Object.keys(group)) {
    if (!KEYS.includes(key)) {
      throw fail([...path, key], `Cannot use this key: allowed are ${KEYS.join(" and ")}`);
    }
  }
  return {
    targets: readTargets(group["targets"] ?? [], [...path, "targets"], fail),
    labels: readLabels(group["labels"] ?? {}, [...path, "labels"], fail),
  };
}

function readTargets(targets: unknown, path: Path, fail: Fail): string[] {
  if (!Array.isArray(targets)) throw fail(path, "Cannot use this: write a list of targets");
  return targets.map((target: unknown, index) => {
    if (typeof target === "string") return target;
    throw fail([...path, index], "Cannot use this as a target: write a text");
  });
}

function readLabels(labels: unknown, path: Path, fail: Fail): Record<string, string> {
  if (!isMapping(labels)) throw fail(path, "Cannot use this: write labels as a mapping");
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => {
      if (!LABEL_NAME.test(name)) {
        const message = `Cannot use ${show(name)} as a label name: ` +
          "write letters, digits and _, no digit first";
        throw fail([...path, name], message);
      }
      if (typeof value === "string") return [name, value];
      // What Prometheus makes of it too: to it, an empty label is none.
      if (value === null) return [name, ""];
      throw fail([...path, name], "Cannot use this as the value of a label: write a text");
    }),
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The same value without YAML's kinds of scalars: texts as written, and null. What aliases share
 * stays shared in `known`, so that aliases of aliases ("billion laughs") cost no more than their text.
 */
function plain(value: YamlValue, known = new Map<YamlValue, unknown>()): unknown {
  if (value instanceof YamlScalar) {
    return value.kind === "null" && !value.quoted ? null : value.text;
  }
  const made = known.get(value) ??
    (Array.isArray(value)
      ? value.map((part) => plain(part, known))
      : Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part, known)])));
  known.set(value, made);
  return made;
}

function placeOf({ root, locate }: YamlTree, path: Path): { line: number; column: number } {
  let entry = root!;
  for (const key of path) entry = entry.children.get(key) ?? entry;
  return locate(entry.keyOffset);
}

function fault(
  source: string,
  path: Path,
  issue: Omit<ConfigIssue, "path">,
): SyntaxError {
  const text = path.reduce<string>(
    (parent, key) => typeof key === "number" ? `${parent}[${key}]` : joinPath(parent, key),
    "",
  );
  return new SyntaxError(formatIssue(source, { ...issue, path: text }));
}

/** V8 names the place of most problems at the end of its message. */
function jsonProblem(message: string, text: string): Omit<ConfigIssue, "path"> {
  const what = (shown: string) => `Cannot read JSON: ${shown}`;
  const match = /^(.*?)(?: in JSON)? at position \d+ \(line (\d+) column (\d+)\)$/s.exec(message);
  if (match !== null) {
    return { message: what(match[1]!), line: Number(match[2]), column: Number(match[3]) };
  }
  if (message !== "Unexpected end of JSON input") {
    return { message: what(message), line: 0, column: 0 };
  }
  const lines = text.split("\n");
  return {
    message: what("it ends too early"),
    line: lines.length,
    column: lines.at(-1)!.length + 1,
  };
}
