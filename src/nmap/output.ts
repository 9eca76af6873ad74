import { PortSet } from "../domain/ports.ts";
import { type HostReport, type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { HOST_ATTRIBUTES, HostReader, readNumber } from "./host_reader.ts";
import { mergeReports } from "./merge_reports.ts";
import type { TaskProgress } from "./progress.ts";
import { parsePortList } from "./port_list.ts";
import type { Attributes } from "./xml_attributes.ts";
import { XmlStream } from "./xml_stream.ts";

/** Most skipped targets whose texts are kept, and most characters kept of any text. */
const MAX_SKIPPED_TARGETS = 16;
const MAX_TEXT = 1000;

/** What a document of nmap says beside its hosts. */
export interface NmapDocument {
  readonly version: string | undefined;
  /** Ports that were scanned, by protocol. */
  readonly covered: Readonly<Record<Protocol, PortSet>>;
  /** How the run ended by nmap's own account; undefined while it did not say. */
  readonly finished:
    | { readonly exit: string | undefined; readonly errormsg: string | undefined }
    | undefined;
  /** Number of addresses that nmap accounts for. */
  readonly total: number | undefined;
  /** Targets that nmap left out, the first 16. */
  readonly skippedTargets: readonly string[];
  /** Number of host elements without an address or with one that was not asked for. */
  readonly strangers: number;
}

/** An element that matters where it stands: `<hosthint>` has the children of `<host>` and is none. */
interface Element {
  readonly name: string;
  readonly children: ReadonlyMap<string, Element>;
}

function element(name: string, ...children: readonly Element[]): Element {
  return { name, children: new Map(children.map((child) => [child.name, child])) };
}

const OTHER = element("other");
const DOCUMENT = element(
  "",
  element(
    "nmaprun",
    element("scaninfo"),
    element("target"),
    element("taskprogress"),
    element(
      "host",
      element("status"),
      element("address"),
      element(
        "ports",
        element("port", element("state")),
        element("extraports", element("extrareasons")),
      ),
    ),
    element("runstats", element("finished"), element("hosts")),
  ),
);

/** Names that this reader compares with or asks for. */
const NAMES = [
  ...namesIn(DOCUMENT),
  ...["version", "type", "protocol", "services", "specification", "exit", "errormsg", "total"],
  ...["task", "percent", "remaining"],
  ...HOST_ATTRIBUTES,
];

function namesIn({ children }: Element): string[] {
  return [...children.values()].flatMap((child) => [child.name, ...namesIn(child)]);
}

/** Reads the XML of one nmap process as it comes, in memory that does not grow with its length. */
export class NmapOutputReader {
  readonly #ports: PortSet | undefined;
  readonly #onHost: (report: HostReport) => void;
  readonly #onProgress: ((progress: TaskProgress) => void) | undefined;
  readonly #host: HostReader;
  readonly #stream: XmlStream;
  readonly #hosts = new Map<string, HostReport>();
  readonly #path: Element[] = [DOCUMENT];
  readonly #covered: Record<Protocol, PortSet> = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  readonly #skippedTargets: string[] = [];
  #connect = false;
  #version: string | undefined;
  #finished: NmapDocument["finished"];
  #total: number | undefined;
  #strangers = 0;

  /**
   * `asked` holds canonical addresses; `ports`, where known, are those asked for, to be shared instead
   * of parsed again. With `onHost` the hosts that were asked for are handed on as they come, each as
   * often as nmap reports it, and none is kept. `onProgress` hears how far nmap says it is with a task.
   */
  constructor(
    { asked, ports, onHost, onProgress }: {
      readonly asked: ReadonlySet<string>;
      readonly ports?: PortSet;
      readonly onHost?: (report: HostReport) => void;
      readonly onProgress?: (progress: TaskProgress) => void;
    },
  ) {
    this.#ports = ports;
    this.#onHost = onHost ?? ((report) => this.#keep(report));
    this.#onProgress = onProgress;
    this.#host = new HostReader(asked);
    this.#stream = new XmlStream({
      open: (name, attributes) => this.#open(name, attributes),
      close: () => this.#close(),
    }, { names: NAMES });
  }

  /**
   * Takes the next bytes, split anywhere.
   *
   * @throws {NmapOutputError} when the document is malformed, now and ever after; what was read before stays readable.
   */
  write(chunk: Uint8Array): void {
    this.#stream.write(chunk);
  }

  /**
   * Says that no more bytes come.
   *
   * @throws {NmapOutputError} when the document is not closed.
   */
  end(): NmapDocument {
    this.#stream.end();
    return this.document;
  }

  /** What was read so far. */
  get document(): NmapDocument {
    return {
      version: this.#version,
      covered: { ...this.#covered },
      finished: this.#finished,
      total: this.#total,
      skippedTargets: [...this.#skippedTargets],
      strangers: this.#strangers,
    };
  }

  /** Hosts that were asked for and reported whole so far, each address once; none with `onHost`. */
  get hosts(): readonly HostReport[] {
    return [...this.#hosts.values()];
  }

  #open(name: string, attributes: Attributes): void {
    const parent = this.#path.at(-1)!;
    const kind = parent.children.get(name) ?? OTHER;
    if (parent === DOCUMENT && kind === OTHER) throw new SyntaxError("it is no nmaprun document");
    this.#path.push(kind);
    switch (kind.name) {
      case "nmaprun":
        this.#version = attributes.get("version")?.slice(0, MAX_TEXT);
        break;
      case "scaninfo":
        this.#scanInfo(attributes);
        break;
      case "target":
        this.#target(attributes);
        break;
      case "taskprogress":
        this.#progress(attributes);
        break;
      case "finished":
        this.#finished = {
          exit: attributes.get("exit")?.slice(0, MAX_TEXT),
          errormsg: attributes.get("errormsg")?.slice(0, MAX_TEXT),
        };
        break;
      case "hosts":
        this.#total = readNumber(attributes, "total");
        break;
      case "host":
        this.#host.begin(attributes);
        break;
      case "status":
        this.#host.status(attributes);
        break;
      case "address":
        this.#host.address(attributes);
        break;
      case "port":
        this.#host.port(attributes);
        break;
      case "state":
        this.#host.portState(attributes);
        break;
      case "extraports":
        this.#host.extraPorts(attributes);
        break;
      case "extrareasons":
        this.#host.extraReasons(attributes, this.#context);
        break;
    }
  }

  #close(): boolean {
    const kind = this.#path.pop()!.name;
    if (kind === "port") this.#host.portEnd();
    if (kind !== "host") return false;
    const report = this.#host.end(this.#context);
    if (report === undefined) this.#strangers++;
    else this.#onHost(report);
    return true;
  }

  #keep(report: HostReport): void {
    const earlier = this.#hosts.get(report.address);
    this.#hosts.set(
      report.address,
      earlier === undefined ? report : mergeReports(earlier, report),
    );
  }

  get #context() {
    return { covered: this.#covered, connect: this.#connect };
  }

  #scanInfo(attributes: Attributes): void {
    const protocol = attributes.get("protocol");
    const services = attributes.get("services");
    if (attributes.get("type") === "connect") this.#connect = true;
    const known = PROTOCOLS.find((name) => name === protocol);
    if (known === undefined || services === undefined) return;
    const asked = this.#ports;
    const ports = asked !== undefined && services === asked.toString()
      ? asked
      : parsePortList(services);
    this.#covered[known] = this.#covered[known].union(ports);
  }

  #progress(attributes: Attributes): void {
    if (this.#onProgress === undefined) return;
    const percent = Number.parseFloat(attributes.get("percent") ?? "");
    if (!(percent >= 0 && percent <= 100)) return;
    const remaining = attributes.number("remaining");
    this.#onProgress({
      task: (attributes.get("task") ?? "").slice(0, MAX_TEXT),
      percent,
      remaining: Number.isNaN(remaining) ? undefined : remaining,
      reported: this.#hosts.size,
    });
  }

  #target(attributes: Attributes): void {
    if (attributes.get("status") !== "skipped") return;
    if (this.#skippedTargets.length >= MAX_SKIPPED_TARGETS) return;
    this.#skippedTargets.push((attributes.get("specification") ?? "").slice(0, MAX_TEXT));
  }
}
