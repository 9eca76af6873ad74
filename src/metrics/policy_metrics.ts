import { PROTOCOLS } from "../domain/scan.ts";
import type { MissingPort } from "../policy/expected_ports.ts";
import type { PolicyVerdict, PortPolicy, TargetVerdict } from "../policy/port_policy.ts";
import type { UnexpectedPorts } from "../policy/unexpected_ports.ts";
import { CollectedFamily } from "../prometheus/collected.ts";
import { Family } from "../prometheus/family.ts";
import type { Metric, SampleSink } from "../prometheus/metric.ts";
import { Page } from "../prometheus/page.ts";
import { PagedFamily } from "../prometheus/paged_family.ts";
import { escapeLabelValue } from "../prometheus/text_format.ts";

const UNEXPECTED = "openport_unexpected_open_port";
const MISSING = "openport_expected_port_missing";
/** Lines of about 50 kB, as those of a block of the port state. */
const MISSING_PER_PAGE = 500;
const PORT_LABELS = ["name", "ip", "port", "protocol"] as const;

/** The policy families: deviations alone make series, and counts that are there for every policy target. */
export function policyMetrics(policy: PortPolicy): Metric[] {
  const verdicts = new VerdictPerPage(policy);
  const perTarget = (name: string, help: string, value: (target: TargetVerdict) => number) =>
    new CollectedFamily({
      name,
      help,
      type: "gauge",
      labelNames: ["name"] as const,
      collect: () =>
        verdicts.of(name).targets.map((target) => [[target.name] as const, value(target)] as const),
    });
  return [
    new PagedFamily<UnexpectedPorts>({
      name: UNEXPECTED,
      help: "1 while a port is open that its target neither expects nor allows.",
      type: "gauge",
      labelNames: PORT_LABELS,
      sources: () => policy.unexpected(),
      hasSamples: ({ ports: { tcp, udp } }) => tcp.length + udp.length > 0,
      lines: (items) => {
        let text = "";
        for (const item of items) text += unexpectedLines(item);
        return text;
      },
    }),
    new MissingPortFamily(() => verdicts.of(MISSING).missing),
    perTarget(
      "openport_policy_violations",
      "Unexpected open ports and missing expected ports of a target, all of them.",
      ({ violations }) => violations,
    ),
    perTarget(
      "openport_policy_unknown_ports",
      "Expected ports of a target of which it is not known whether they are open: " +
        "not looked at yet, or the last scan that should have could not.",
      ({ unknown }) => unknown,
    ),
  ];
}

function missingLines(missing: readonly MissingPort[]): string {
  let text = "";
  for (const { name, ip, port, protocol } of missing) {
    const labels = `name="${escapeLabelValue(name)}",ip="${ip}",port="${port}"`;
    text += `${MISSING}{${labels},protocol="${protocol}"} 1\n`;
  }
  return text;
}

function unexpectedLines({ name, ip, ports }: UnexpectedPorts): string {
  // Addresses, numbers and protocols need no escaping.
  const head = `${UNEXPECTED}{name="${escapeLabelValue(name)}",ip="${ip}",port="`;
  let text = "";
  for (const protocol of PROTOCOLS) {
    const tail = `",protocol="${protocol}"} 1\n`;
    for (const port of ports[protocol]) text += head + port + tail;
  }
  return text;
}

/** The family of missing ports, of which there can be several for each host of a network: they are rendered when they are read. */
class MissingPortFamily extends Family<typeof PORT_LABELS[number]> {
  readonly #missing: () => readonly MissingPort[];

  constructor(missing: () => readonly MissingPort[]) {
    super("gauge", {
      name: MISSING,
      help: "1 while the last look at a port that its target expects did not find it open.",
      labelNames: PORT_LABELS,
    });
    this.#missing = missing;
  }

  write(out: SampleSink): void {
    const missing = this.#missing();
    for (let from = 0; from < missing.length; from += MISSING_PER_PAGE) {
      out.page(new Page(() => missingLines(missing.slice(from, from + MISSING_PER_PAGE))));
    }
  }
}

/** One verdict for the families of a page, which are written in one pass: who asks again begins the next page. */
class VerdictPerPage {
  readonly #policy: PortPolicy;
  readonly #served = new Set<string>();
  #verdict: PolicyVerdict | undefined;

  constructor(policy: PortPolicy) {
    this.#policy = policy;
  }

  /** The verdict for the family with this name. */
  of(family: string): PolicyVerdict {
    if (this.#verdict === undefined || this.#served.has(family)) {
      this.#verdict = this.#policy.judge();
      this.#served.clear();
    }
    this.#served.add(family);
    return this.#verdict;
  }
}
