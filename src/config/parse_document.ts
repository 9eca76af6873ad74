import type * as z from "zod";
import { ConfigError, type ConfigIssue, formatIssue } from "./config_error.ts";
import { DroppedValues, type Path } from "./dropped.ts";
import { joinPath } from "./key_path.ts";
import type { Report } from "./report.ts";
import { explainUnknownKey, type KnownKeys } from "./suggest.ts";
import { readYaml } from "./yaml_tree.ts";
import type { YamlEntry } from "./yaml_value.ts";

/** A problem the schema found; the part of zod's issue that is used here. */
interface SchemaIssue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys?: readonly string[];
}

/** Most times that what is wrong is left out and the rest looked at: leaving out may break again. */
const MAX_ROUNDS = 4;

/** A kind of file: what may be written in it, and what that comes to. */
export interface DocumentKind<Written, Value> {
  readonly schema: z.ZodType<Written>;
  readonly knownKeys: KnownKeys;
  /** What a file means whose every key is valid by itself. */
  readonly resolve: (written: Written, context: DocumentContext) => Value;
}

/** What a file is resolved with. */
export interface DocumentContext {
  readonly report: Report;
  /** Directory of the file, empty for the working directory. */
  readonly directory: string;
}

/**
 * Reads the text of a YAML file; `file` is its name in messages, and its directory is the one that
 * relative paths in it start from.
 *
 * @throws {ConfigError} with every problem of the text.
 */
export function parseDocument<Written, Value>(
  text: string,
  file: string,
  { schema, knownKeys, resolve }: DocumentKind<Written, Value>,
): { readonly value: Value; readonly warnings: readonly string[] } {
  const { root, problems, locate } = readYaml(text.replace(/^\uFEFF/, ""));
  if (root === undefined) throw new ConfigError(file, problems);

  const issues = [...problems];
  const warnings: string[] = [];
  const dropped = new DroppedValues();
  let result = schema.safeParse(root.value);
  for (const issue of (result.error?.issues ?? []) as readonly SchemaIssue[]) explain(issue);
  for (let round = 0; !result.success && round < MAX_ROUNDS; round++) {
    const found = result.error.issues as readonly SchemaIssue[];
    const paths = found.flatMap(({ path, keys }) =>
      keys === undefined ? [path] : keys.map((key) => [...path, key])
    );
    dropped.add(paths, root.value);
    if (dropped.all) break;
    result = schema.safeParse(dropped.without(root.value));
  }

  const report: Report = {
    warn: (path, message) => {
      const place = locate(find(root, path).offset);
      warnings.push(formatIssue(file, { ...place, path: showPath(path), message }));
    },
    fail: (path, message) => {
      issues.push({ ...locate(find(root, path).offset), path: showPath(path), message });
    },
    refused: (path) => dropped.has(path),
  };
  const directory = /^(.*)\/[^/]*$/s.exec(file)?.[1] ?? "";
  const value = result.success ? resolve(result.data, { report, directory }) : undefined;
  if (issues.length > 0 || value === undefined) throw new ConfigError(file, issues);
  return { value, warnings };

  function explain({ code, path, message, keys = [] }: SchemaIssue): void {
    const entry = find(root!, path);
    if (entry.unreadable && problems.length > 0) return;
    if (code === "unrecognized_keys") {
      for (const key of keys) issues.push(unknownKey(key, path));
    } else issues.push({ ...locate(entry.offset), path: showPath(path), message });
  }

  function unknownKey(key: string, section: Path): ConfigIssue {
    const path = showPath([...section, key]);
    const explanation = explainUnknownKey(key, sectionName(section), knownKeys);
    const place = locate(find(root!, [...section, key]).keyOffset);
    return { ...place, path, message: `unknown key (${explanation})` };
  }
}

/** The entry at `path`, or the nearest one above it where the file has none. */
function find(root: YamlEntry, path: Path): YamlEntry {
  let entry = root;
  for (const step of path) {
    const child = entry.children.get(step as string | number);
    if (child === undefined) return entry;
    entry = child;
  }
  return entry;
}

function showPath(path: Path): string {
  return path.reduce<string>(
    (shown, step) => typeof step === "number" ? `${shown}[${step}]` : joinPath(shown, String(step)),
    "",
  );
}

/** A mapping as the known keys name it: those in a list are all alike. */
function sectionName(path: Path): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === "number") return `${name}[]`;
    return name === "" ? String(step) : `${name}.${String(step)}`;
  }, "");
}
