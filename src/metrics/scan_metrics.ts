import { FAILURE_TYPES } from "../domain/scan.ts";
import { CollectedFamily, CollectedHistogram } from "../prometheus/collected.ts";
import { LabelEncoder } from "../prometheus/labels.ts";
import type { Metric } from "../prometheus/metric.ts";
import { PagedFamily, type PageSource } from "../prometheus/paged_family.ts";
import { sampleLine } from "../prometheus/text_format.ts";
import { DURATION_BUCKETS } from "../state/duration_buckets.ts";
import type { ScanRecord, ScanRecords, TargetRecord } from "../state/scan_records.ts";

const SCAN_KEY = ["target", "port_range", "protocol"] as const;

/** A sample of one record: values of the labels, and the value. */
type Sample = readonly [labelValues: readonly string[], value: number];

/**
 * The per-scan and per-target families: projections of the scan records at scrape time. They are paged,
 * because 100,000 targets have a million of these series, of which few change between two scrapes.
 */
export function scanMetrics(
  records: ScanRecords,
  { durationMetrics }: { durationMetrics: () => boolean },
): Metric[] {
  return [
    ...outcomeMetrics(records),
    ...durationFamilies(records, durationMetrics),
    ...targetMetrics(records),
  ];
}

function outcomeMetrics(records: ScanRecords): Metric[] {
  const perScan = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    value: (record: ScanRecord) => number | undefined,
  ) =>
    paged(() => records.blocks(), {
      name,
      help,
      type,
      labelNames: SCAN_KEY,
      samples: (record) => sampleOf(labelsOf(record), value(record)),
    });
  return [
    perScan(
      "scans_successful_total",
      "counter",
      "Scans that ended complete.",
      (record) => record.successes,
    ),
    paged(() => records.blocks(), {
      name: "scans_failed_total",
      help: "Scans that failed or ended partial, by the reason.",
      type: "counter",
      labelNames: [...SCAN_KEY, "error_type"],
      samples: (record) =>
        FAILURE_TYPES.flatMap((type) =>
          sampleOf([...labelsOf(record), type], record.failures.get(type))
        ),
    }),
    perScan(
      "nmap_scan_timeouts_total",
      "counter",
      "Scans that were ended by scanning.timeout, or all of whose hosts timed out.",
      (record) => record.timeouts,
    ),
    perScan(
      "openport_scans_partial_total",
      "counter",
      "Scans that ended with the results of some of their hosts only.",
      (record) => record.partials,
    ),
    perScan(
      "openport_scans_skipped_total",
      "counter",
      "Turns that a scan lost because it was still waiting or running.",
      (record) => record.skipped,
    ),
    perScan(
      "last_scan_timestamp_seconds",
      "gauge",
      "When the last complete scan ended, in unix seconds.",
      (record) => record.lastCompleteAt,
    ),
    perScan(
      "openport_hosts_timed_out",
      "gauge",
      "Hosts of the last scan that ran into scanning.host_timeout; they keep their last known state.",
      (record) => record.lastHostsTimedOut,
    ),
    perScan(
      "openport_hosts_incomplete",
      "gauge",
      "Addresses that the last scan learnt nothing of; they keep their last known state.",
      (record) => record.lastHostsIncomplete,
    ),
  ];
}

function durationFamilies(records: ScanRecords, isOn: () => boolean): Metric[] {
  return [
    new CollectedFamily({
      name: "scan_duration_seconds",
      help: "Duration of the last complete scan in seconds.",
      type: "gauge",
      labelNames: SCAN_KEY,
      collect: function* () {
        if (!isOn()) return;
        for (const record of records.values()) {
          if (record.lastDuration !== undefined) {
            yield [labelsOf(record), record.lastDuration] as const;
          }
        }
      },
    }),
    new CollectedHistogram({
      name: "scan_duration_histogram_seconds",
      help: "Durations of complete scans in seconds.",
      labelNames: SCAN_KEY,
      buckets: DURATION_BUCKETS,
      collect: function* () {
        if (!isOn()) return;
        for (const record of records.values()) yield [labelsOf(record), record.durations] as const;
      },
    }),
  ];
}

function targetMetrics(records: ScanRecords): Metric[] {
  const hostCount = (
    name: string,
    help: string,
    value: (target: TargetRecord) => number | undefined,
  ) =>
    paged(() => records.targetBlocks(), {
      name,
      help,
      type: "gauge",
      labelNames: ["target"],
      samples: (record) => sampleOf([record.target], value(record)),
    });
  return [
    hostCount(
      "nmap_host_up_count",
      "Addresses that nmap called up in the last complete scan of the whole target; " +
        "with host discovery disabled (-Pn) nmap calls every address on a routed network up.",
      (target) => target.hostsUp,
    ),
    hostCount(
      "nmap_host_down_count",
      "Addresses that nmap did not report as up in the last complete scan of the whole target; " +
        "with host discovery disabled (-Pn) there are none on a routed network.",
      (target) => target.hostsDown,
    ),
    paged(() => records.targetBlocks(), {
      name: "port_state_changes_total",
      help:
        "Ports that changed between two looks; the first look at a port is its baseline and no change.",
      type: "counter",
      labelNames: ["target", "change_type"],
      samples: ({ target, closedToOpen, openToClosed }) => [
        [[target, "closed_to_open"], closedToOpen],
        [[target, "open_to_closed"], openToClosed],
      ],
    }),
    paged(() => records.targetBlocks(), {
      name: "openport_changes_unconfirmed_total",
      help: "Ports that seemed closed and were found open by a second look.",
      type: "counter",
      labelNames: ["target"],
      samples: ({ target, unconfirmed }) => [[[target], unconfirmed]],
    }),
  ];
}

/** A family that has the samples of every item. */
function paged<Item>(
  sources: () => Iterable<PageSource<Item>>,
  { samples, ...family }: {
    readonly name: string;
    readonly help: string;
    readonly type: "counter" | "gauge";
    readonly labelNames: readonly string[];
    readonly samples: (item: Item) => readonly Sample[];
  },
): Metric {
  const labels = new LabelEncoder(family.name, family.labelNames);
  return new PagedFamily<Item>({
    ...family,
    sources,
    hasSamples: (item) => samples(item).length > 0,
    lines: (items) =>
      items.flatMap(samples)
        .map(([values, value]) => sampleLine(family.name, labels.encodeValues(values), value))
        .join(""),
  });
}

/** The sample of a value; none when there is no value. */
function sampleOf(labelValues: readonly string[], value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [[labelValues, value]];
}

function labelsOf({ key }: ScanRecord): readonly [string, string, string] {
  return [key.target, key.portRange, key.protocol];
}
