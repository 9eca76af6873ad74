import type { Config, TargetConfig } from "./config.ts";
import { nmapKeys } from "./nmap_options.ts";
import { resolveTarget } from "./resolve_target.ts";
import type { ReadServices } from "./resolve_schedules.ts";
import { escapeControls } from "../text/escape_controls.ts";
import { show } from "./show.ts";
import { explainUnknownKey } from "./suggest.ts";
import { type ReadTarget, readTarget } from "./target_text.ts";
import { targetObject, targetOptions, targetScanning, type WrittenTarget } from "./targets.ts";
import { readServiceFrequencies } from "./top_ports.ts";
import { YamlScalar } from "./yaml_value.ts";

/** One group of a file_sd or http_sd list. */
export interface DiscoveredGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What came of a group. */
export interface DiscoveredTargets {
  /** One for the whole group where it has a name of its own, else one for each of its texts. */
  readonly targets: readonly TargetConfig[];
  /** Why texts were left out or, when a label is wrong, the whole group; one line each. */
  readonly problems: readonly string[];
  /** What is allowed but unwise, one line each. */
  readonly warnings: readonly string[];
}

const PREFIX = "__openport_";
const OPTION_KEYS = Object.keys(targetOptions.shape);
const SCANNING_KEYS = Object.keys(targetScanning.shape);
const KNOWN = new Map([["", [...OPTION_KEYS, ...SCANNING_KEYS]]]);
/** Keys that take true or false. */
const TRUTHS = new Set(
  Object.entries(nmapKeys.shape).filter(([key]) => key.startsWith("disable_")).map(([key]) => key),
);
/** Keys for which the empty text means something; else an empty label is one that is not there, as in Prometheus. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(["expected_ports", "allowed_ports"]);

/**
 * Makes targets of a group that was discovered. Labels that begin with `__openport_` set the options of
 * that name, others that begin with `__` are dropped, and the rest stay as labels.
 */
export function discoveredTargets(
  group: DiscoveredGroup,
  config: Pick<Config, "scanning">,
  { readServices = readServiceFrequencies }: { readonly readServices?: ReadServices } = {},
): DiscoveredTargets {
  const problems = new Set<string>();
  const warnings = new Set<string>();
  const read = readOptions(group.labels, problems);
  const texts = readTexts(group.targets, problems);
  if (read === undefined || texts.length === 0) {
    return { targets: [], problems: [...problems], warnings: [] };
  }
  const labels = keptLabels(group.labels);
  const failed = new Set<string>();
  const resolve = (target: WrittenTarget["target"]) =>
    resolveTarget({ ...read, target }, {
      scanning: config.scanning,
      readServices,
      path: [],
      labels,
      report: {
        warn: (path, message) => warnings.add(line(path, message)),
        fail: (path, message) => failed.add(line(path, message)),
        refused: () => false,
      },
    });
  const targets = read.name === undefined ? texts.map(resolve) : [resolve(texts)];
  for (const problem of failed) problems.add(problem);
  return {
    targets: failed.size > 0 ? [] : targets,
    problems: [...problems],
    warnings: [...warnings],
  };
}

/** The options that the labels set; undefined when one of them is wrong, for its absence would mean something else. */
function readOptions(
  labels: DiscoveredGroup["labels"],
  problems: Set<string>,
): Omit<WrittenTarget, "target"> | undefined {
  const before = problems.size;
  const options: Record<string, YamlScalar> = {};
  const scanning: Record<string, YamlScalar> = {};
  for (const [label, text] of Object.entries(labels)) {
    if (!label.startsWith(PREFIX)) continue;
    const key = label.slice(PREFIX.length);
    const section = OPTION_KEYS.includes(key)
      ? options
      : SCANNING_KEYS.includes(key)
      ? scanning
      : undefined;
    if (section === undefined) {
      problems.add(
        `${shownLabel(label)}: ${
          Object.hasOwn(targetObject.shape, key)
            ? "cannot be set by a label"
            : `unknown option (${explainUnknownKey(key, "", KNOWN)})`
        }`,
      );
    } else if (text !== "" || MAY_BE_EMPTY.has(key)) section[key] = scalar(key, text);
  }
  const written = Object.keys(scanning).length === 0 ? {} : { scanning };
  // The target itself is read apart from its options, so that one wrong text leaves out no other.
  const result = targetObject.safeParse({ ...options, ...written, target: PLACEHOLDER });
  for (const { path, message } of result.error?.issues ?? []) problems.add(line(path, message));
  return problems.size > before ? undefined : result.data;
}

const PLACEHOLDER = new YamlScalar("127.0.0.1", "text", false);

function scalar(key: string, text: string): YamlScalar {
  const kind = TRUTHS.has(key) && /^(?:true|false)$/i.test(text) ? "boolean" : "text";
  return new YamlScalar(text, kind, false);
}

function readTexts(texts: readonly string[], problems: Set<string>): ReadTarget[] {
  return texts.flatMap((text) => {
    try {
      return [readTarget(text)];
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      problems.add(`target ${error.message}`);
      return [];
    }
  });
}

function keptLabels(labels: DiscoveredGroup["labels"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).filter(([label, value]) => !label.startsWith("__") && value !== ""),
  );
}

function line(path: readonly PropertyKey[], message: string): string {
  const key = path.filter((step) => typeof step === "string").at(-1);
  if (key === undefined || key === "target") return `target ${message}`;
  return escapeControls(`${PREFIX}${key}: ${message}`);
}

function shownLabel(label: string): string {
  return /^\w{1,80}$/.test(label) ? label : show(label);
}
