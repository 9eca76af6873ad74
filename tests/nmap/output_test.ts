import assert from "node:assert/strict";
import { parsePorts } from "../../src/domain/ports.ts";
import type { HostReport } from "../../src/domain/scan.ts";
import { NmapOutputReader } from "../../src/nmap/output.ts";
import { NmapOutputError } from "../../src/nmap/xml_stream.ts";
import { bytes, documentOf, hostOf, read } from "./builders.ts";

const port = (id: number | string, state: string, rest = "", protocol = "tcp") =>
  `<port protocol="${protocol}" portid="${id}"><state state="${state}" ${rest}/></port>`;
const ports = (...inside: string[]) => `<ports>${inside.join("")}</ports>`;
const extra = (state: string, reasons: string, count = 10) =>
  `<extraports state="${state}" count="${count}">${reasons}</extraports>`;

/** The report of one host with `inside`. */
function reportOf(
  inside: string,
  host: Parameters<typeof hostOf>[1] = {},
  document: Parameters<typeof documentOf>[1] = {},
): HostReport {
  const [report] = read(documentOf(hostOf(inside, host), document), {
    asked: [host.address ?? "127.0.0.1"],
  }).hosts;
  assert.ok(report !== undefined);
  return report;
}

Deno.test("NmapOutputReader takes exactly the state open for open", () => {
  const states = ["open", "closed", "filtered", "unfiltered", "open|filtered", "closed|filtered"];
  const report = reportOf(ports(...states.map((state, i) => port(i + 1, state))));
  assert.deepEqual(report.open, { tcp: [1], udp: [] });
});

Deno.test("NmapOutputReader keeps protocols apart and ports sorted, each once", () => {
  const report = reportOf(ports(
    port(80, "open"),
    port(22, "open"),
    port(80, "open"),
    port(53, "open", "", "udp"),
    port(0, "open"),
    port(7, "open", "", "sctp"),
    port("x", "open", "", "ip"),
  ));
  assert.deepEqual(report.open, { tcp: [22, 80], udp: [53] });
});

Deno.test("NmapOutputReader refuses what it cannot understand", () => {
  const bad = {
    "portid is not a number": ports(port(65536, "open")),
    "portid is not a number ": ports(port("8e1", "open")),
    "a port has no state": ports('<port protocol="tcp" portid="1"/>'),
    "open ports are folded": ports(extra("open", "")),
    "count is not a number": ports('<extraports state="closed" count="many"/>'),
    "no port or range": ports(
      extra("filtered", '<extrareasons reason="net-unreach" count="1" proto="tcp" ports="a"/>'),
    ),
    "a host has two addresses": '<address addr="127.0.0.2" addrtype="ipv4"/>',
    "Cannot read an IP address": '<address addr="127.1" addrtype="ipv4"/>',
  };
  for (const [reason, inside] of Object.entries(bad)) {
    const text = documentOf(hostOf(inside), { type: "connect" });
    assert.throws(() => read(text), (error: Error) => {
      assert.ok(error instanceof NmapOutputError && error.message.includes(reason.trim()));
      return true;
    }, reason);
  }
  assert.throws(() => read(documentOf("<host/>")), /no status/);
  assert.throws(() => read("<other/>"), /no nmaprun document/);
  assert.throws(() => read(documentOf(hostOf("", { attributes: 'starttime="-1"' }))), /starttime/);
  assert.throws(
    () => read('<nmaprun><runstats><hosts total="x"/></runstats></nmaprun>'),
    /total is not/,
  );
});

Deno.test("NmapOutputReader finds the address by its type, in canonical text", () => {
  const mac = '<address addr="F2:BE:46:3B:4C:28" addrtype="mac"/>';
  const status = '<status state="up"/>';
  const asked = ["2001:db8::1"];
  const ip = '<address addr="2001:0DB8::0001" addrtype="ipv6"/>';
  for (const inside of [mac + ip, ip + mac]) {
    const { hosts } = read(documentOf(`<host>${status}${inside}</host>`), { asked });
    assert.deepEqual(hosts.map(({ address }) => address), asked);
  }
});

Deno.test("NmapOutputReader ignores hosts nobody asked for, and counts them", () => {
  const text = documentOf(
    hostOf(ports(port(80, "open")), { address: "127.0.0.9" }) +
      '<host><status state="up"/></host>' + hostOf("", {}),
  );
  const reader = read(text);
  assert.deepEqual(reader.hosts.map(({ address }) => address), ["127.0.0.1"]);
  assert.deepEqual(reader.hosts[0]!.open.tcp, []);
  assert.equal(reader.document.strangers, 2);
});

Deno.test("NmapOutputReader does not take hosthint for a host, nor any element out of its place", () => {
  const hint = '<hosthint><status state="up" reason="arp-response"/>' +
    '<address addr="127.0.0.1" addrtype="ipv4"/></hosthint>';
  const inScript = `<hostscript>${ports(port(80, "open"))}${hostOf("")}</hostscript>`;
  const reader = read(documentOf(hint + hostOf(inScript)));
  assert.equal(reader.hosts.length, 1);
  assert.equal(reader.document.strangers, 0);
  assert.equal(reader.hosts[0]!.alive, false);
  assert.deepEqual(reader.hosts[0]!.open.tcp, []);
  assert.deepEqual(read(documentOf(hint)).hosts, []);
});

Deno.test("NmapOutputReader reports an address once however often nmap does", () => {
  const reader = read(documentOf(
    hostOf(ports(port(80, "open")), { attributes: 'starttime="20"' }) +
      hostOf(ports(port(22, "open")), { attributes: 'starttime="10"' }),
  ));
  assert.equal(reader.hosts.length, 1);
  assert.deepEqual(reader.hosts[0]!.open.tcp, [22, 80]);
  assert.equal(reader.hosts[0]!.startTime, 10);
});

Deno.test("NmapOutputReader tells timed-out and down hosts", () => {
  assert.equal(reportOf("", { attributes: 'timedout="true"' }).timedOut, true);
  assert.equal(reportOf("", { attributes: 'timedout="false" starttime="12"' }).timedOut, false);
  assert.equal(reportOf("", { attributes: 'starttime="12"' }).startTime, 12);
  const down = reportOf("", { status: 'state="down" reason="no-response"' });
  assert.deepEqual([down.up, down.alive, down.startTime], [false, false, undefined]);
});

Deno.test("NmapOutputReader knows a sign of life", () => {
  const reset = '<extrareasons reason="reset" count="3" proto="tcp" ports="1-3"/>';
  const silent = '<extrareasons reason="no-response" count="3" proto="tcp" ports="1-3"/>';
  const cases: [boolean, string, string?][] = [
    [false, ""],
    [true, ports(port(1, "open"))],
    [true, ports(port(1, "closed"))],
    [true, ports(port(1, "unfiltered", 'reason="reset"'))],
    [false, ports(port(1, "filtered", 'reason="no-response"'))],
    [false, ports(port(1, "open|filtered"), port(2, "closed|filtered"))],
    [true, ports(extra("closed", reset))],
    [true, ports(extra("closed", ""))],
    [false, ports(extra("closed", "", 0))],
    [true, ports(extra("unfiltered", reset))],
    [false, ports(extra("filtered", silent))],
    [true, "", 'state="up" reason="arp-response"'],
    [true, "", 'state="up" reason="echo-reply"'],
    [false, "", 'state="up" reason="user-set"'],
    [false, "", 'state="up" reason="unknown-response"'],
    [false, "", 'state="up"'],
  ];
  for (const [alive, inside, status] of cases) {
    const report = reportOf(inside, status === undefined ? {} : { status });
    assert.equal(report.alive, alive, inside + status);
  }
  const gone = { attributes: 'timedout="true"', status: 'state="up" reason="arp-response"' };
  assert.ok(reportOf("", gone).alive);
});

Deno.test("NmapOutputReader tells ports this machine could not reach for, one by one", () => {
  const report = reportOf(ports(
    port(1, "filtered", 'reason="net-unreach" reason_ttl="0"'),
    port(2, "filtered", 'reason="host-unreach"'),
    port(3, "filtered", 'reason="host-unreach" reason_ttl="0" reason_ip="127.0.0.9"'),
    port(4, "filtered", 'reason="host-unreach" reason_ttl="63"'),
    port(5, "filtered", 'reason="no-response" reason_ttl="0"'),
    port(6, "closed", 'reason="port-unreach" reason_ttl="0"'),
    port(7, "filtered", 'reason="net-unreach" reason_ttl="0"', "udp"),
  ));
  assert.deepEqual(Object.entries(report.unreachable).map(String), ["tcp,1-2", "udp,7"]);
});

Deno.test("NmapOutputReader tells folded ports behind an unreachable network, those of an unreachable host in connect scans only", () => {
  const folded = ports(extra(
    "filtered",
    '<extrareasons reason="net-unreach" count="5" proto="tcp" ports="10-14"/>' +
      '<extrareasons reason="no-response" count="5" proto="tcp" ports="15-19"/>' +
      '<extrareasons reason="host-unreach" count="0" proto="tcp" ports="20"/>' +
      '<extrareasons reason="host-unreach" count="2" proto="tcp" ports="21-22"/>' +
      '<extrareasons reason="net-unreach" count="1" proto="udp" ports="53"/>',
  ));
  const unreachable = (type: string) =>
    Object.entries(reportOf(folded, {}, { type }).unreachable).map(String);
  assert.deepEqual(unreachable("connect"), ["tcp,10-14,21-22", "udp,53"]);
  for (const type of ["syn", "udp"]) assert.deepEqual(unreachable(type), ["tcp,10-14", "udp,53"]);
});

Deno.test("NmapOutputReader tells ports that answered as closed, one by one and folded", () => {
  const report = reportOf(ports(
    port(1, "closed", 'reason="reset"'),
    port(2, "open"),
    port(3, "filtered"),
    port(4, "closed|filtered"),
    port(5, "closed", 'reason="port-unreach"', "udp"),
    extra(
      "closed",
      '<extrareasons reason="reset" count="4" proto="tcp" ports="10-12,20"/>' +
        '<extrareasons reason="conn-refused" count="1" proto="tcp" ports="30"/>' +
        '<extrareasons reason="port-unreach" count="2" proto="udp" ports="7,9"/>' +
        '<extrareasons reason="reset" count="0" proto="tcp" ports="99"/>',
    ),
    extra("filtered", '<extrareasons reason="no-response" count="2" proto="tcp" ports="40-41"/>'),
  ));
  assert.deepEqual(Object.entries(report.closed).map(String), ["tcp,1,10-12,20,30", "udp,5,7,9"]);
  assert.equal(report.unreachable.tcp.size + report.unreachable.udp.size, 0);
  // which of them were closed is not said
  const nameless = reportOf(ports(extra("closed", '<extrareasons reason="reset" count="9"/>')));
  assert.equal(nameless.closed.tcp.size + nameless.unreachable.tcp.size, 0);
});

Deno.test("NmapOutputReader takes all that is not listed for unreachable when nmap does not say which", () => {
  const report = reportOf(
    ports(
      port(80, "open"),
      extra("filtered", '<extrareasons reason="host-unreach" count="9"/>'),
    ),
    {},
    { type: "connect", services: "78-82" },
  );
  assert.equal(report.unreachable.tcp.toString(), "78-79,81-82");
  assert.equal(report.unreachable.udp.size, 0);
});

Deno.test("NmapOutputReader forgets one host before the next", () => {
  const reader = read(
    documentOf(
      hostOf(
        ports(
          port(80, "open"),
          port(81, "closed"),
          extra("closed", '<extrareasons reason="reset" count="1" proto="tcp" ports="82"/>'),
          port(1, "filtered", 'reason="net-unreach"'),
          extra("filtered", '<extrareasons reason="net-unreach" count="1" proto="tcp"/>'),
        ),
        { attributes: 'starttime="1" timedout="true"' },
      ) + hostOf("", { address: "127.0.0.2" }),
      { type: "connect", total: 2 },
    ),
    { asked: ["127.0.0.1", "127.0.0.2"] },
  );
  const second = reader.hosts[1]!;
  assert.deepEqual(second.open, { tcp: [], udp: [] });
  assert.deepEqual(
    [second.alive, second.timedOut, second.startTime, second.unreachable.tcp.size],
    [false, false, undefined, 0],
  );
  assert.deepEqual(
    reader.hosts.map(({ closed }) => closed.tcp.toString()),
    ["81-82", ""],
  );
});

Deno.test("NmapOutputReader reads the frame of the document", () => {
  const reader = new NmapOutputReader({ asked: new Set(), ports: parsePorts("1-100") });
  reader.write(bytes(documentOf(
    '<scaninfo type="udp" protocol="udp" services="0-5,7"/>' +
      '<scaninfo type="sctpinit" protocol="sctp" services="zzz"/>' +
      '<target specification="127.0.0.9" status="skipped" reason="invalid"/>',
  )));
  const document = reader.end();
  assert.equal(document.covered.tcp.toString(), "1-100");
  assert.equal(document.covered.udp.toString(), "1-5,7");
  assert.deepEqual(
    { ...document, covered: undefined },
    {
      version: "7.93",
      covered: undefined,
      finished: { exit: "success", errormsg: undefined },
      total: 1,
      skippedTargets: ["127.0.0.9"],
      strangers: 0,
    },
  );
});

Deno.test("NmapOutputReader shares the port set that was asked for", () => {
  const asked = parsePorts("1-100");
  assert.equal(read(documentOf(""), { ports: asked }).document.covered.tcp, asked);
});

Deno.test("NmapOutputReader covers nothing with an empty service list", () => {
  assert.equal(read(documentOf("", { services: "" })).document.covered.tcp.size, 0);
});

Deno.test("NmapOutputReader keeps what was whole before the document broke", () => {
  const reader = new NmapOutputReader({ asked: new Set(["127.0.0.1", "127.0.0.2"]) });
  const text = documentOf(
    hostOf(ports(port(80, "open"))) + hostOf(ports(port(22, "open")), { address: "127.0.0.2" }),
  );
  assert.throws(
    () => reader.write(bytes(text.replace(/<\/ports><\/host>\n/, "</ports></hoist>"))),
    NmapOutputError,
  );
  assert.deepEqual(reader.hosts.map(({ address }) => address), ["127.0.0.1"]);
  assert.equal(reader.document.covered.tcp.toString(), "1-100");
  assert.equal(reader.document.finished, undefined);
});

Deno.test("NmapOutputReader keeps little of a document that says much", () => {
  const reader = new NmapOutputReader({ asked: new Set(["127.0.0.1"]) });
  reader.write(bytes(`<nmaprun version="${"7".repeat(100_000)}">`));
  const target = `<target specification="${"x".repeat(5000)}" status="skipped"/>`;
  reader.write(bytes(target.repeat(100)));
  const { version, skippedTargets } = reader.document;
  assert.equal(version!.length, 1000);
  assert.equal(skippedTargets.join("").length, 16_000);
  const stranger = hostOf(ports(port(80, "open")), { address: "192.0.2.1" }).repeat(2000);
  for (let i = 0; i < 20; i++) reader.write(bytes(stranger));
  assert.equal(reader.document.strangers, 40_000);
  assert.equal(reader.hosts.length, 0);
});

Deno.test("NmapOutputReader hands hosts on as they come, each time, and keeps none", () => {
  const found: HostReport[] = [];
  const reader = new NmapOutputReader({
    asked: new Set(["127.0.0.1"]),
    onHost: (report) => found.push(report),
  });
  const text = documentOf(
    hostOf(ports(port(80, "open"))) + hostOf(ports(port(22, "open"))) +
      hostOf("", { address: "127.0.0.2" }),
  );
  const half = text.lastIndexOf("<host ");
  reader.write(bytes(text.slice(0, half)));
  assert.deepEqual(found.map(({ open }) => open.tcp), [[80], [22]]);
  reader.write(bytes(text.slice(half)));
  assert.equal(reader.end().strangers, 1);
  assert.equal(found.length, 2);
  assert.deepEqual(reader.hosts, []);
});

Deno.test("NmapOutputReader shares what says that there is nothing, and sets that are alike", () => {
  const folded = ports(
    extra("closed", '<extrareasons reason="reset" count="3" proto="tcp" ports="1-3"/>'),
  );
  const asked = ["127.0.0.1", "127.0.0.2"];
  const [a, b] = read(
    documentOf(asked.map((address) => hostOf(folded, { address })).join("")),
    { asked },
  ).hosts;
  assert.equal(a!.open, b!.open);
  assert.ok(Object.isFrozen(a!.open) && Object.isFrozen(a!.open.tcp));
  assert.equal(a!.unreachable, b!.unreachable);
  assert.equal(a!.closed.tcp, b!.closed.tcp);
});
