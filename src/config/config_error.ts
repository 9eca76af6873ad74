import { escapeControls } from "../text/escape_controls.ts";

/** One problem in a configuration file. */
export interface ConfigIssue {
  /** 1-based; 0 when the file as a whole is the problem. */
  readonly line: number;
  /** 1-based, counted in UTF-16 units; 0 when the file as a whole is the problem. */
  readonly column: number;
  /** Such as `scanning.port_range` or `targets[2]`; empty when the problem has no key. */
  readonly path: string;
  /** What is wrong and what is allowed, without any secret value. */
  readonly message: string;
}

/** One line for one issue: `FILE:LINE:COL: path.to.key: what is wrong (what is allowed)`. */
export function formatIssue(file: string, { line, column, path, message }: ConfigIssue): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return escapeControls([place, ...(path === "" ? [] : [path]), message].join(": "));
}

/** A configuration that cannot be used, with every problem in the order of the file. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];

  /** The message is one line per issue. */
  constructor(file: string, issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column);
    super(sorted.map((issue) => formatIssue(file, issue)).join("\n"), options);
    this.issues = sorted;
  }
}
