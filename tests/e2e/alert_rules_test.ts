import assert from "node:assert/strict";
import { rulesOf } from "../../src/cli/monitoring_command.ts";
import { Exporter } from "../support/exporter.ts";
import { wrapNmap } from "../support/nmap_wrapper.ts";
import { OpenPorts } from "../support/open_ports.ts";
import { Prometheus } from "../support/prometheus.ts";

const PORT = 19_195;
const IP = "127.0.93.1";

/** A Prometheus that evaluates the rules of a configuration file every second. */
async function withRules(directory: string, target: string): Promise<Prometheus> {
  const rules = (await rulesOf(`${directory}/config.yaml`))
    .replace(/^( +)rules:$/gm, "$1interval: 1s\n$&");
  await Deno.writeTextFile(`${directory}/rules.yml`, rules);
  return await Prometheus.start({
    target,
    scrapeInterval: 1,
    port: PORT,
    job: `rule_files: ["${directory}/rules.yml"]\n`,
  });
}

/** Alerts that fire, each as its name and what it is about. */
async function firing(prometheus: Prometheus): Promise<string[]> {
  const alerts = await prometheus.query('ALERTS{alertstate="firing"}');
  return alerts.map(({ labels: { alertname, ip, port, protocol, name } }) =>
    [alertname, ip, port, protocol, name].filter((text) => text !== undefined).join(" ")
  ).sort();
}

async function until(prometheus: Prometheus, expected: readonly string[]): Promise<void> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const alerts = await firing(prometheus);
    if (JSON.stringify(alerts) === JSON.stringify(expected)) return;
    if (performance.now() > deadline) assert.deepEqual(alerts, expected);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** What people read of the alerts. */
async function summaries(): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/alerts`);
  const { data } = await response.json();
  return data.alerts.map((
    { annotations }: { annotations: Record<string, string> },
  ) => annotations["summary"]);
}

/** Waits until as many scans more are complete. */
async function scans(exporter: Exporter, more: number): Promise<void> {
  const count = (samples: Map<string, number>) =>
    [...samples].find(([sample]) => sample.startsWith("scans_successful_total"))?.[1] ?? 0;
  const before = count(await exporter.metrics());
  await exporter.until((now) => count(now) >= before + more, {
    seconds: 40,
    what: `${more} scans are complete`,
  });
}

Deno.test("a restart of the exporter is no alert, and a port that opens, closes and is unexpected is one by its name", async () => {
  const directory = await Deno.makeTempDir({ prefix: "openport-rules-" });
  using ports = new OpenPorts();
  ports.open(IP, 20_501, 20_502);
  // In memory only: after a restart every port is a first look again.
  const config = `scanning: { interval: 2 }
state: { path: "" }
targets:
  - { target: ${IP}, name: 'the "web" {{ box }}', port_range: "20500-20510", allowed_ports: "20501-20503" }
`;
  await using nmap = await wrapNmap();
  const options = { config, directory, pathPrefix: nmap.dir };
  try {
    let exporter = await Exporter.start(options);
    const address = exporter.url.slice("http://".length);
    const again = { ...options, listenFlag: false, flags: [`--web.listen-address=${address}`] };
    await using prometheus = await withRules(directory, address);
    try {
      await scans(exporter, 4);
      await exporter[Symbol.asyncDispose]();
      // Long enough for a scrape that fails.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // So that there is a scrape before the first scan has ended.
      await nmap.end("late");
      exporter = await Exporter.start(again);
      await scans(exporter, 1);
      await nmap.end("own");
      await scans(exporter, 3);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assert.deepEqual(await prometheus.query("ALERTS"), []);
      const [seen] = await prometheus.query(
        "sum(count_over_time(open_port_status[5m]) < on (job, instance) group_left () " +
          "count_over_time(task_queue_size[5m]))",
      );
      assert.ok(seen !== undefined && seen.value > 0, "there was a scrape without ports");

      const name = 'the "web" {{ box }}';
      const about = (port: number) => `${IP} ${port} tcp`;
      ports.open(IP, 20_503);
      await until(prometheus, [`OpenportPortOpened ${about(20_503)}`]);
      ports.open(IP, 20_504);
      await until(prometheus, [
        `OpenportPortOpened ${about(20_503)}`,
        `OpenportPortOpened ${about(20_504)}`,
        `OpenportUnexpectedOpenPort ${about(20_504)} ${name}`,
      ]);
      ports.close(IP, 20_504, 20_501);
      await until(prometheus, [
        `OpenportPortClosed ${about(20_501)}`,
        `OpenportPortClosed ${about(20_504)}`,
        `OpenportPortOpened ${about(20_503)}`,
        `OpenportPortOpened ${about(20_504)}`,
      ]);
      assert.deepEqual((await summaries()).sort(), [
        `Port ${IP} 20501/tcp closed.`,
        `Port ${IP} 20503/tcp opened.`,
        `Port ${IP} 20504/tcp closed.`,
        `Port ${IP} 20504/tcp opened.`,
      ]);
    } finally {
      await exporter[Symbol.asyncDispose]();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
