import type {
  ChangeRow,
  HostRow,
  HostView,
  Overview,
  Part,
  PartQuery,
  RunningView,
  StatusView,
  TargetQuery,
  TargetRow,
  UpcomingView,
  ViolationRow,
} from "../../src/overview/overview.ts";

/** What pages show, as a test says it; every field can be replaced while pages are open. */
export class FakeOverview implements Overview {
  state: StatusView = {
    status: "ok",
    reasons: [],
    version: "1.2.3",
    startedAt: Date.UTC(2026, 0, 1),
    nmap: { version: "7.93", technique: "syn" },
    queueSize: 0,
    queueCapacity: 1000,
    workersBusy: 0,
    workers: 10,
    lag: 0,
    targets: 0,
    hostsWithOpenPorts: 0,
    openPorts: 0,
    violations: 0,
    unknownPorts: 0,
    scans: 0,
    scansFailing: 0,
    failure: undefined,
  };
  runningScans: readonly RunningView[] = [];
  upcomingScans: readonly UpcomingView[] = [];
  targetRows: readonly TargetRow[] = [];
  hostRows: readonly HostRow[] = [];
  changeRows: readonly ChangeRow[] = [];
  violationRows: readonly ViolationRow[] = [];
  readonly hostViews = new Map<string, HostView>();
  /** How often anything was asked. */
  asked = 0;

  status(): StatusView {
    this.asked++;
    return this.state;
  }

  running(): readonly RunningView[] {
    this.asked++;
    return this.runningScans;
  }

  upcoming(limit: number): readonly UpcomingView[] {
    this.asked++;
    return this.upcomingScans.slice(0, limit);
  }

  targets({ trouble, ...query }: TargetQuery): Part<TargetRow> {
    const rows = this.targetRows.filter(({ violations, schedules }) =>
      trouble === undefined ||
      (trouble === "violating"
        ? violations > 0
        : schedules.some(({ unitsFailing, isStale }) =>
          trouble === "failing" ? unitsFailing > 0 : isStale
        ))
    );
    return this.#part(rows, query, ({ name, texts }) => `${name} ${texts.join(" ")}`);
  }

  hosts(query: PartQuery): Part<HostRow> {
    return this.#part(this.hostRows, query, ({ ip, name }) => `${ip} ${name}`);
  }

  changes({ limit }: { readonly limit: number }): readonly ChangeRow[] {
    this.asked++;
    return this.changeRows.slice(0, limit);
  }

  violations(query: PartQuery): Part<ViolationRow> {
    return this.#part(this.violationRows, query, ({ ip, name }) => `${ip} ${name}`);
  }

  host(ip: string): HostView | undefined {
    this.asked++;
    return this.hostViews.get(ip);
  }

  #part<T>(
    all: readonly T[],
    { search, offset, limit }: PartQuery,
    textOf: (row: T) => string,
  ): Part<T> {
    this.asked++;
    const found = search === "" ? all : all.filter((row) => textOf(row).includes(search));
    return { total: found.length, atLeast: false, rows: found.slice(offset, offset + limit) };
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A small network in which something of everything is the case, at `now` in unix milliseconds. */
export function makeOffice(now: number): FakeOverview {
  const overview = new FakeOverview();
  overview.state = {
    ...overview.state,
    status: "degraded",
    reasons: ["The last 3 scans of dmz failed: no_route", "State cannot be written: disk full"],
    startedAt: now - 3 * DAY,
    queueSize: 12,
    workersBusy: 2,
    lag: 190,
    targets: 3,
    hostsWithOpenPorts: 3,
    openPorts: 7,
    violations: 3,
    unknownPorts: 4,
    scans: 7,
    scansFailing: 3,
    failure: "no_route",
  };
  overview.runningScans = [{
    network: "192.0.2.0/24",
    portRange: "1-65535",
    protocol: "tcp",
    name: "dmz",
    startedAt: now - 4 * MINUTE,
    addresses: 256,
    fraction: 0.42,
    endsAt: now + 6 * MINUTE,
  }, {
    network: "2001:db8::1/128",
    portRange: "22,80,443",
    protocol: "udp",
    name: undefined,
    startedAt: now - 5 * SECOND,
    addresses: 1,
    fraction: 0,
    endsAt: undefined,
  }];
  overview.upcomingScans = [
    next("203.0.113.7/32", undefined, "22", undefined),
    next("192.0.2.0/24", "dmz", "1-65535", undefined),
    next("10.0.0.0/16", "office", "known", now - 20 * SECOND),
    next("10.0.0.0/16", "office", "top:1000", now + 90 * SECOND),
    next("10.1.2.3/32", "10.1.2.3", "5432", now + 2 * HOUR),
  ];
  overview.changeRows = [
    change(now - 12 * SECOND, "192.0.2.10", 8080, "open", "dmz"),
    change(now - 7 * MINUTE, "192.0.2.11", 22, "closed", "dmz"),
    { ...change(now - 3 * HOUR, "2001:db8::1", 53, "open", undefined), protocol: "udp" },
    change(now - 5 * DAY, "10.1.2.3", 443, "open", "office"),
  ];
  overview.violationRows = [
    { name: "dmz", ip: "192.0.2.10", port: 8080, protocol: "tcp", kind: "unexpected" },
    { name: "dmz", ip: "192.0.2.11", port: 22, protocol: "tcp", kind: "missing" },
    { name: "office", ip: "10.1.2.3", port: 161, protocol: "udp", kind: "unexpected" },
  ];
  overview.hostRows = [
    {
      ip: "10.1.2.3",
      name: "office",
      openPorts: 2,
      ports: [
        { port: 443, protocol: "tcp", verdict: "expected" },
        { port: 161, protocol: "udp", verdict: "unexpected" },
      ],
      lastSeen: now - MINUTE,
    },
    {
      ip: "192.0.2.10",
      name: "dmz",
      openPorts: 4,
      ports: [
        { port: 22, protocol: "tcp", verdict: "expected" },
        { port: 80, protocol: "tcp", verdict: "allowed" },
        { port: 443, protocol: "tcp", verdict: "expected" },
        { port: 8080, protocol: "tcp", verdict: "unexpected" },
      ],
      lastSeen: now - 12 * SECOND,
    },
    {
      ip: "2001:db8::1",
      name: undefined,
      openPorts: 1,
      ports: [{ port: 53, protocol: "udp", verdict: undefined }],
      lastSeen: now - 3 * HOUR,
    },
  ];
  const schedule = {
    portRange: "1-65535",
    protocol: "tcp",
    interval: 86_400,
    units: 1,
    unitsNeverScanned: 0,
    unitsFailing: 0,
    failure: undefined,
    completeSince: now - 5 * HOUR,
    isStale: false,
    lastEndAt: now - 5 * HOUR,
    isUnderWay: false,
    nextAt: now + 19 * HOUR,
  } as const;
  overview.targetRows = [
    {
      name: "dmz",
      texts: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/120"],
      violations: 3,
      schedules: [
        {
          ...schedule,
          units: 4,
          unitsFailing: 3,
          failure: "no_route",
          isUnderWay: true,
          nextAt: undefined,
        },
        { ...schedule, portRange: "known", interval: 60, nextAt: now + 20 * SECOND },
      ],
    },
    { name: "10.1.2.3", texts: ["10.1.2.3"], violations: 0, schedules: [schedule] },
    {
      name: "db",
      texts: ["db.example.com"],
      violations: 0,
      schedules: [{
        ...schedule,
        portRange: "5432",
        unitsNeverScanned: 1,
        completeSince: undefined,
        isStale: true,
        lastEndAt: undefined,
        nextAt: now + 2 * HOUR,
      }],
    },
  ];
  overview.hostViews.set("192.0.2.10", makeHost(now));
  return overview;
}

/** A host whose ports came and went. */
export function makeHost(now: number): HostView {
  const port = (port: number, state: "open" | "closed", open: HostView["ports"][number]["open"]) =>
    ({
      port,
      protocol: "tcp",
      state,
      verdict: undefined,
      lastSeen: open.at(-1)!.to ?? now - 12 * SECOND,
      open,
    }) as const;
  const flapping = Array.from({ length: 40 }, (_, i) => ({
    from: now - 60 * DAY + i * DAY,
    to: now - 60 * DAY + i * DAY + 9 * HOUR,
  }));
  return {
    ip: "192.0.2.10",
    names: ["dmz", "everything"],
    firstSeen: now - 60 * DAY,
    lastSeen: now - 12 * SECOND,
    openPorts: 4,
    ports: [
      { ...port(22, "open", [{ from: now - 60 * DAY, to: undefined }]), verdict: "expected" },
      {
        ...port(80, "open", [
          { from: now - 50 * DAY, to: now - 31 * DAY },
          { from: now - 30 * DAY, to: undefined },
        ]),
        verdict: "allowed",
      },
      port(443, "open", [{ from: now - 8 * DAY, to: undefined }]),
      {
        ...port(8080, "open", [{ from: now - 12 * SECOND, to: undefined }]),
        verdict: "unexpected",
      },
      port(3000, "closed", flapping),
    ],
    portsLeftOut: 2,
    missing: [{ port: 25, protocol: "tcp" }, { port: 53, protocol: "udp" }],
    changes: [
      change(now - 12 * SECOND, "192.0.2.10", 8080, "open", "dmz"),
      change(now - 8 * DAY, "192.0.2.10", 443, "open", "dmz"),
      change(now - 20 * DAY, "192.0.2.10", 3000, "closed", "dmz"),
    ],
  };
}

/** 1,000 targets, and 100,000 open ports on 10,000 hosts. */
export function makeLargeNetwork(now: number): FakeOverview {
  const overview = makeOffice(now);
  const [target] = overview.targetRows;
  overview.targetRows = Array.from({ length: 1000 }, (_, i) => ({
    ...target!,
    name: `site-${String(i).padStart(3, "0")}`,
    texts: [`10.${i >> 8}.${i & 255}.0/24`],
  }));
  overview.hostRows = Array.from({ length: 10_000 }, (_, i) => ({
    ip: `10.${i >> 14}.${(i >> 6) & 255}.${(i & 63) + 1}`,
    name: `site-${String(i >> 4).padStart(3, "0")}`,
    openPorts: 10,
    ports: Array.from({ length: 10 }, (_, j) => ({
      port: 8000 + j,
      protocol: "tcp" as const,
      verdict: undefined,
    })),
    lastSeen: now - i * SECOND,
  }));
  overview.violationRows = overview.hostRows.slice(0, 2000).map(({ ip, name }) => ({
    name: name!,
    ip,
    port: 8009,
    protocol: "tcp",
    kind: "unexpected",
  }));
  overview.state = {
    ...overview.state,
    targets: 1000,
    hostsWithOpenPorts: 10_000,
    openPorts: 100_000,
    violations: 2000,
  };
  return overview;
}

function change(
  time: number,
  ip: string,
  port: number,
  to: ChangeRow["to"],
  name: string | undefined,
): ChangeRow {
  return { time, ip, port, protocol: "tcp", to, name };
}

function next(
  network: string,
  name: string | undefined,
  portRange: string,
  dueAt: number | undefined,
): UpcomingView {
  return { network, name, portRange, protocol: "tcp", dueAt };
}
