import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { type ScanClass, scanClasses } from "../../src/monitoring/scan_classes.ts";

function classes(text: string): ScanClass[] {
  return scanClasses(parseConfig(text, "config.yaml").config);
}

/** Interval and matchers of every selection, with the name of the target where there is one. */
function selections(text: string): string[] {
  return classes(text).flatMap(({ interval, selections }) =>
    selections.map(({ matchers, name }) =>
      `${interval} ${matchers}${name === undefined ? "" : ` ${name}`}`
    )
  );
}

Deno.test("scanClasses() allows two intervals and the time that scans take", () => {
  const [minutes] = classes("scanning: { interval: 300 }\ntargets: [127.0.0.1]\n");
  assert.deepEqual([minutes!.interval, minutes!.staleAfter], [300, 840]);
  const [seconds] = classes("scanning: { interval: 1, port_range: 22 }\ntargets: [127.0.0.1]\n");
  assert.deepEqual([seconds!.staleAfter, seconds!.failingAfter], [70, 70]);
  const [daily] = classes("scanning: { interval: 1d, port_range: 22 }\ntargets: [127.0.0.1]\n");
  assert.ok(daily!.staleAfter >= 2 * 86_400 && daily!.staleAfter <= 2 * 86_400 + 900);
  assert.ok(daily!.failingAfter <= 86_400 + 2000, "a failure is told before the next turn");
  const [wide] = classes("scanning: { interval: 1d }\ntargets: [10.0.0.0/16]\n");
  assert.ok(wide!.staleAfter > daily!.staleAfter, "a round that takes long is waited for");
  assert.ok(wide!.staleAfter <= 3 * 86_400 + 700, "and not for longer than an interval");
});

Deno.test("scanClasses() has one selection for each interval, ports, protocol and name", () => {
  const found = selections(`scanning: { interval: 1h, port_range: "22", udp_scan: true }
targets:
  - 192.0.2.1
  - 192.0.2.2
  - 10.0.0.0/16
  - target: 198.51.100.0/24
    name: dmz
    protocol: tcp
    interval: 1d
    sweeps: [{ port_range: known, interval: 1m }]
`);
  const any = "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
  const plain = `192[.]0[.]2[.]1/32|192[.]0[.]2[.]2/32|10[.]0[.]${any}[.]0/24`;
  assert.deepEqual(found, [
    '60 target="198.51.100.0/24",port_range="known",protocol="tcp" dmz',
    `3600 target=~"${plain}",port_range="22",protocol="tcp"`,
    `3600 target=~"${plain}",port_range="22",protocol="udp"`,
    '86400 target="198.51.100.0/24",port_range="22",protocol="tcp" dmz',
  ]);
});

Deno.test("scanClasses() takes of host names and lists what no other target says", () => {
  const names = selections(`scanning: { interval: 1h, port_range: "22" }
targets:
  - { target: 192.0.2.1, interval: 1m }
  - db.example
  - { target: web.example, interval: 1d }
`);
  assert.deepEqual(names, [
    '60 target="192.0.2.1/32",port_range="22",protocol="tcp"',
    '86400 target=~".+/(?:32|128)",target!~"192[.]0[.]2[.]1/32",port_range="22",protocol="tcp"',
  ]);
  const lists = selections(`scanning: { interval: 1h, port_range: "22" }
targets: [{ target: 192.0.2.1, interval: 1m }]
targets_files: [targets/*.json]
`);
  assert.deepEqual(lists, [
    '60 target="192.0.2.1/32",port_range="22",protocol="tcp"',
    '3600 target!~"192[.]0[.]2[.]1/32",port_range="22",protocol="tcp"',
  ]);
});

Deno.test("scanClasses() does not tell very many targets apart, but for those with a name", () => {
  const many = Array.from({ length: 5000 }, (_, n) => `  - 10.1.${n >> 8}.${n & 255}\n`).join("");
  const found = selections(`scanning: { interval: 1h, port_range: "22" }
targets:
${many}  - { target: 192.0.2.0/24, name: dmz, interval: 1d }
`);
  assert.deepEqual(found, [
    '3600 target!~"192[.]0[.]2[.]0/24",port_range="22",protocol="tcp"',
    '86400 target="192.0.2.0/24",port_range="22",protocol="tcp" dmz',
  ]);
});

Deno.test("scanClasses() tells intervals apart among very many targets, whether they have names or not", () => {
  for (const named of [false, true]) {
    const targets = Array.from({ length: 1000 }, (_, n) => {
      const name = named ? `, name: n${n}` : "";
      const interval = n < 998 ? "5m" : "30d";
      return `  - { target: 10.1.${n >> 8}.${n & 255}, interval: ${interval}${name} }\n`;
    });
    const few = "10[.]1[.]3[.]230/32|10[.]1[.]3[.]231/32";
    assert.deepEqual(selections(`scanning: { port_range: "22" }\ntargets:\n${targets.join("")}`), [
      `300 target!~"${few}",port_range="22",protocol="tcp"`,
      `2592000 target=~"${few}",port_range="22",protocol="tcp"`,
    ]);
  }
});

Deno.test("scanClasses() has nothing where nothing is scheduled", () => {
  assert.deepEqual(classes("targets: []\n"), []);
});
