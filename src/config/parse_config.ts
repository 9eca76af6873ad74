import type { LoadedConfig } from "./config.ts";
import { ConfigError, type ConfigIssue, formatIssue } from "./config_error.ts";
import { joinPath } from "./key_path.ts";
import { resolveConfig } from "./resolve.ts";
import { configSchema, KNOWN_KEYS } from "./schema.ts";
import { explainUnknownKey } from "./suggest.ts";
import { readYaml } from "./yaml_tree.ts";
import type { YamlEntry } from "./yaml_value.ts";

type Path = readonly PropertyKey[];

/** A problem the schema found; the part of zod's issue that is used here. */
interface SchemaIssue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys?: readonly string[];
}

/**
 * Reads the text of a configuration file; `file` is its name in messages.
 *
 * @throws {ConfigError} with every problem of the text.
 */
export function parseConfig(text: string, file: string): LoadedConfig {
  const { root, problems, locate } = readYaml(text.replace(/^\uFEFF/, ""));
  if (root === undefined) throw new ConfigError(file, problems);

  const result = configSchema.safeParse(root.value);
  const issues = [...problems];
  for (const issue of (result.error?.issues ?? []) as readonly SchemaIssue[]) {
    const entry = find(root, issue.path);
    if (entry.unreadable && problems.length > 0) continue;
    const path = showPath(issue.path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys ?? []) issues.push(unknownKey(key, issue.path));
    } else issues.push({ ...locate(entry.offset), path, message: issue.message });
  }
  if (issues.length > 0 || !result.success) throw new ConfigError(file, issues);

  const warnings: string[] = [];
  const config = resolveConfig(result.data, (path, message) => {
    const place = locate(find(root, path).offset);
    warnings.push(formatIssue(file, { ...place, path: showPath(path), message }));
  });
  return { config, warnings };

  function unknownKey(key: string, section: Path): ConfigIssue {
    const path = showPath([...section, key]);
    const explanation = explainUnknownKey(key, section.join("."), KNOWN_KEYS);
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
