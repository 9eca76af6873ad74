import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";

const samplesOf = (samples: Map<string, number>, name: string) =>
  [...samples].filter(([sample]) => sample === name || sample.startsWith(`${name}{`));

Deno.test("config.yaml of the repository shows the real open ports of loopback within seconds", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const config = await Deno.readTextFile(new URL("../../config.yaml", import.meta.url));
  await using exporter = await Exporter.start({ config });
  const samples = await exporter.until(
    (now) => now.get(`open_port_status{ip="127.0.0.1",port="${port}",protocol="tcp"}`) === 1,
    { seconds: 60, what: "the port is on the page" },
  );
  assert.equal(
    samples.get(
      'scans_successful_total{target="127.0.0.1/32",port_range="1-65535",protocol="tcp"}',
    ),
    1,
  );
  assert.ok(samples.get('open_ports_total{ip="127.0.0.1"}')! >= 2);
  const changes = samplesOf(samples, "port_state_changes_total").map(([, value]) => value);
  assert.deepEqual(changes, [0, 0], "what the first look finds is a baseline and no change");
});

Deno.test("ports that open and close under the program show, and count once each", async () => {
  await using exporter = await Exporter.start({
    config: `scanning: { interval: 1, port_range: "20000-20010" }
targets: ["127.0.0.1", "::1"]
`,
  });
  const status = (ip: string) => `open_port_status{ip="${ip}",port="20005",protocol="tcp"}`;
  const changes = (samples: Map<string, number>, type: string) =>
    ["127.0.0.1/32", "::1/128"].map((target) =>
      samples.get(`port_state_changes_total{target="${target}",change_type="${type}"}`)
    );
  await exporter.until(
    (samples) => samplesOf(samples, "scans_successful_total").every(([, scans]) => scans >= 1),
    { seconds: 30, what: "both targets are scanned" },
  );
  const four = Deno.listen({ hostname: "127.0.0.1", port: 20005 });
  const six = Deno.listen({ hostname: "::1", port: 20005 });
  const opened = await exporter.until(
    (samples) => samples.get(status("127.0.0.1")) === 1 && samples.get(status("::1")) === 1,
    { seconds: 30, what: "both are open" },
  );
  assert.deepEqual(changes(opened, "closed_to_open"), [1, 1]);
  four.close();
  six.close();
  const closed = await exporter.until(
    (samples) => samples.get(status("127.0.0.1")) === 0 && samples.get(status("::1")) === 0,
    { seconds: 30, what: "both are closed" },
  );
  assert.deepEqual(changes(closed, "closed_to_open"), [1, 1]);
  assert.deepEqual(changes(closed, "open_to_closed"), [1, 1]);
  assert.equal(closed.get('open_ports_total{ip="127.0.0.1"}'), 0);
});

Deno.test("/query scans what is not configured, and not twice at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await using exporter = await Exporter.start({ config: "{}" });
  await exporter.until((samples) => samplesOf(samples, "openport_nmap_info").length === 1, {
    seconds: 30,
    what: "nmap has answered",
  });
  const ask = (query: string) => fetch(`${exporter.url}/query?${query}`);
  const first = await ask(`ip=127.0.0.2&ports=${port}`);
  assert.equal(first.status, 200);
  assert.equal((await first.json()).status, "success");
  await exporter.until(
    (samples) =>
      samples.get(`open_port_status{ip="127.0.0.2",port="${port}",protocol="tcp"}`) === 1,
    { seconds: 30, what: "the port is on the page" },
  );
  const slow = [await ask("ip=127.0.0.3&ports=1-65535"), await ask("ip=127.0.0.3&ports=1-65535")];
  assert.deepEqual(slow.map((response) => response.status), [200, 202]);
  for (const response of slow) await response.body?.cancel();
});

Deno.test("hostile queries are refused and start no process", async () => {
  await using exporter = await Exporter.start({ config: "scanning: { rate_limit: 0 }" });
  await exporter.until((samples) => samplesOf(samples, "openport_nmap_info").length === 1, {
    seconds: 30,
    what: "nmap has answered",
  });
  const hostileIps = [
    "-iL/etc/passwd",
    "--script=x",
    "-oN=/tmp/x",
    "0/0",
    "10.0-255.*.1-254",
    "::/0",
    "127.1",
    "0x7f.0.0.1",
    "010.0.0.1",
    "localhost",
    "127.0.0.1 -p1",
    "127.0.0.1\u0000",
    "127.0.0.1\n",
    "１２７.0.0.1",
    "127.0.0.1,127.0.0.2",
    "::ffff:127.0.0.1",
    "127.0.0.1/33",
    "x".repeat(60_000),
  ];
  const hostilePorts = [
    "0",
    "65536",
    "80-22",
    "T:80",
    "-",
    "1-",
    "-100",
    "22 80",
    "80\u0000",
    "ssh",
    "*",
    "0x50",
    "+80",
    Array.from({ length: 3000 }, (_, n) => 2 * n + 1).join(","),
    "1,,2",
    ",",
    "８０",
  ];
  for (
    const [ip, ports, parameter] of [
      ...hostileIps.map((ip) => [ip, "80", "ip"] as const),
      ...hostilePorts.map((ports) => ["127.0.0.1", ports, "ports"] as const),
    ]
  ) {
    const response = await fetch(`${exporter.url}/query`, {
      method: "POST",
      body: new URLSearchParams({ ip, ports }),
    });
    const { status, message, details } = await response.json();
    const shown = `${ip.slice(0, 40)} ${ports.slice(0, 40)}`;
    assert.equal(response.status, 400, shown);
    assert.deepEqual([status, details.parameter], ["error", parameter], shown);
    assert.ok(message.startsWith(`${parameter}: Cannot`), message);
  }
  const samples = await exporter.metrics();
  assert.equal(samplesOf(samples, "scans_successful_total").length, 0);
  assert.equal(samplesOf(samples, "scans_failed_total").length, 0);
});
