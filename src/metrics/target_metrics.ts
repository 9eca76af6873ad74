import { Family } from "../prometheus/family.ts";
import { Gauge } from "../prometheus/gauge.ts";
import type { Metric, SampleSink } from "../prometheus/metric.ts";
import { escapeLabelValue, sampleLine } from "../prometheus/text_format.ts";

/** A target as far as its labels go. */
export interface LabelledTarget {
  readonly name: string;
  /** Names that Prometheus takes, each with a text. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What is known of targets at scrape time. */
export interface TargetFacts {
  /** Their names are unique. */
  readonly targets: () => readonly LabelledTarget[];
  readonly failingLists: () => number;
  readonly unresolvedNames: () => number;
}

/** The families about where targets come from. */
export function targetMetrics({ targets, failingLists, unresolvedNames }: TargetFacts): Metric[] {
  return [
    new TargetInfoFamily(targets),
    new Gauge({
      name: "openport_target_lists_failing",
      help:
        "Lists of targets (files, patterns and URLs) that could not be read, or not be used whole, the " +
        "last time; what is known of them stays in use.",
      collect: failingLists,
    }),
    new Gauge({
      name: "openport_target_names_unresolved",
      help: "Host names of targets that did not resolve the last time.",
      collect: unresolvedNames,
    }),
  ];
}

/** One sample for each target, with label names of its own: what a list labelled it with. */
class TargetInfoFamily extends Family<"name"> {
  readonly #targets: () => readonly LabelledTarget[];
  /** Targets stay the same objects, and there may be 100,000. */
  readonly #lines = new WeakMap<LabelledTarget, string>();

  constructor(targets: () => readonly LabelledTarget[]) {
    super("gauge", {
      name: "openport_target_info",
      help: "A target, with the labels that the list it comes from gave it.",
      labelNames: ["name"],
    });
    this.#targets = targets;
  }

  write(out: SampleSink): void {
    for (const target of this.#targets()) {
      const line = this.#lines.get(target) ?? sampleLine(this.name, labelsText(target), 1);
      this.#lines.set(target, line);
      out.write(line);
    }
  }
}

function labelsText({ name, labels }: LabelledTarget): string {
  const own = new Map<string, string>();
  // Where there is a label_name as well, that one stays.
  if (labels["name"] !== undefined) own.set("label_name", labels["name"]);
  for (const [label, value] of Object.entries(labels)) if (label !== "name") own.set(label, value);
  let text = `name="${escapeLabelValue(name)}"`;
  for (const label of [...own.keys()].sort()) {
    text += `,${label}="${escapeLabelValue(own.get(label)!)}"`;
  }
  return text;
}
