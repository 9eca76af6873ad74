import { LabelEncoder } from "./labels.ts";
import type { FamilyOptions, Metric, SampleSink } from "./metric.ts";
import { checkLabelNames, checkMetricName, type MetricType } from "./names.ts";
import type { Format } from "./text_format.ts";

/** What the metric classes of this folder have in common: checked names and one way to encode labels. */
export abstract class Family<L extends string> implements Metric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly L[];
  protected readonly labels: LabelEncoder<L>;

  /** @throws {TypeError} when the name or a label name is not allowed. */
  constructor(type: MetricType, { name, help, labelNames = [] }: FamilyOptions<readonly L[]>) {
    checkMetricName(name, type);
    checkLabelNames(labelNames, { name, type });
    this.name = name;
    this.help = help;
    this.type = type;
    this.labelNames = [...labelNames];
    this.labels = new LabelEncoder(name, this.labelNames);
  }

  abstract write(out: SampleSink, format: Format): void;
}
