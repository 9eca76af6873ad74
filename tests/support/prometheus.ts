/** How a Prometheus is started. */
export interface PrometheusOptions {
  /** `127.0.0.1:PORT` of the exporter. */
  readonly target: string;
  /** Seconds. */
  readonly scrapeInterval: number;
  /** Further lines of the scrape job, indented by four blanks. */
  readonly job?: string;
  /** Port that Prometheus itself listens on. */
  readonly port: number;
}

/** A real Prometheus server on loopback that scrapes one exporter. */
export class Prometheus implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;
  readonly #url: string;

  private constructor(child: Deno.ChildProcess, directory: string, url: string) {
    this.#child = child;
    this.#directory = directory;
    this.#url = url;
  }

  /** Starts `prometheus`, which must be installed, and waits until it is ready. */
  static async start(
    { target, scrapeInterval, job = "", port }: PrometheusOptions,
  ): Promise<Prometheus> {
    const directory = await Deno.makeTempDir({ prefix: "openport-prometheus-" });
    await Deno.writeTextFile(
      `${directory}/prometheus.yml`,
      `global:
  scrape_interval: ${scrapeInterval}s
scrape_configs:
  - job_name: openport
    static_configs: [{ targets: ["${target}"] }]
${job}`,
    );
    const child = new Deno.Command("prometheus", {
      args: [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const prometheus = new Prometheus(child, directory, `http://127.0.0.1:${port}`);
    for (let tries = 0; tries < 150; tries++) {
      const ready = await fetch(`${prometheus.#url}/-/ready`).catch(() => undefined);
      await ready?.body?.cancel();
      if (ready?.ok) return prometheus;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("Prometheus was not ready within 30 s");
  }

  /** The result of an instant query: for each series its labels and value. */
  async query(expression: string): Promise<{ labels: Record<string, string>; value: number }[]> {
    const { data } = await this.#api(`query?query=${encodeURIComponent(expression)}`);
    return data.result.map((
      { metric, value }: { metric: Record<string, string>; value: [number, string] },
    ) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  }

  /** What Prometheus says of the scrape target. */
  async target(): Promise<{ health: string; lastError: string }> {
    const { data } = await this.#api("targets");
    return data.activeTargets[0];
  }

  // deno-lint-ignore no-explicit-any
  async #api(path: string): Promise<any> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const body = await response.json();
    if (body.status !== "success") throw new Error(`Prometheus: ${body.error}`);
    return body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}
