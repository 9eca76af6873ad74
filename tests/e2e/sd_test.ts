import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { Prometheus } from "../support/prometheus.ts";

const PROMETHEUS_PORT = 19_194;
const BLACKBOX_PORT = 19_195;
const PORT = 20_400;
const OTHER_PORT = 20_401;

/** A real blackbox_exporter on loopback. */
async function startBlackbox(): Promise<AsyncDisposable> {
  const file = await Deno.makeTempFile({ prefix: "openport-blackbox-", suffix: ".yml" });
  await Deno.writeTextFile(file, "modules: { tcp_connect: { prober: tcp, timeout: 2s } }\n");
  const child = new Deno.Command("prometheus-blackbox-exporter", {
    args: [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${BLACKBOX_PORT}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(file);
    },
  };
}

/** A scrape job as in README, with every interval of a second. */
function blackboxJob(exporter: string): string {
  return `    basic_auth: { username: prometheus, password: sesame }
  - job_name: open-port-probes
    metrics_path: /probe
    params: { module: [tcp_connect] }
    http_sd_configs:
      - url: ${exporter}/v1/sd?port=${PORT}&protocol=tcp
        refresh_interval: 1s
        basic_auth: { username: prometheus, password: sesame }
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { source_labels: [__meta_openport_ip], target_label: ip }
      - { source_labels: [__meta_openport_port], target_label: port }
      - { target_label: __address__, replacement: "127.0.0.1:${BLACKBOX_PORT}" }
`;
}

Deno.test("a port that is found is probed by a real blackbox_exporter until it is closed", async () => {
  const listen = (hostname: string, port: number) => Deno.listen({ hostname, port });
  const closing = listen("127.0.0.1", PORT);
  using _other = listen("127.0.0.1", OTHER_PORT);
  using _staying = listen("::1", PORT);
  await using _blackbox = await startBlackbox();
  await using exporter = await Exporter.start({
    config: `scanning: { interval: 1, port_range: "${PORT}-${OTHER_PORT}" }
auth: { basic: { username: prometheus, password: sesame } }
targets: [{ target: 127.0.0.1, name: web }, "::1"]
`,
  });
  const Authorization = `Basic ${btoa("prometheus:sesame")}`;
  const listed = async (query = "") =>
    (JSON.parse(await exporter.get(`/v1/sd${query}`, { Authorization })) as {
      targets: string[];
      labels: Record<string, string>;
    }[]).flatMap(({ targets }) => targets);
  await using prometheus = await Prometheus.start({
    target: exporter.url.slice("http://".length),
    scrapeInterval: 1,
    port: PROMETHEUS_PORT,
    job: blackboxJob(exporter.url),
  });
  const probed = async () => {
    const found = await prometheus.query("probe_success");
    return found.map(({ labels: { __name__: _, ...labels }, value }) => ({ labels, value }))
      .sort((a, b) => a.labels["ip"]! < b.labels["ip"]! ? -1 : 1);
  };
  const until = async <T>(read: () => Promise<T>, expected: T) => {
    const deadline = performance.now() + 40_000;
    for (;;) {
      const found = await read();
      try {
        assert.deepEqual(found, expected);
        return;
      } catch (error) {
        if (performance.now() > deadline) {
          throw new Error(exporter.log.join("\n"), { cause: error });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  const job = "open-port-probes";
  const port = String(PORT);
  const v4 = {
    labels: { instance: `127.0.0.1:${PORT}`, ip: "127.0.0.1", job, name: "web", port },
    value: 1,
  };
  const v6 = { labels: { instance: `[::1]:${PORT}`, ip: "::1", job, name: "::1", port }, value: 1 };
  await until(listed, [`127.0.0.1:${PORT}`, `127.0.0.1:${OTHER_PORT}`, `[::1]:${PORT}`]);
  assert.deepEqual(await listed(`?port=${OTHER_PORT}`), [`127.0.0.1:${OTHER_PORT}`]);
  assert.deepEqual(await listed("?name=web"), [`127.0.0.1:${PORT}`, `127.0.0.1:${OTHER_PORT}`]);
  assert.deepEqual(await listed("?protocol=udp"), []);
  await until(probed, [v4, v6]);

  closing.close();
  await until(listed, [`127.0.0.1:${OTHER_PORT}`, `[::1]:${PORT}`]);
  await until(probed, [v6]);
  const [joined] = await prometheus.query(
    'probe_success * on (ip, port) group_left () open_port_status{protocol="tcp"}',
  );
  assert.equal(joined?.value, 1);
});
