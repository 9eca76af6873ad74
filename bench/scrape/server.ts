import { HealthPoll } from "./health_poll.ts";

/** How a page is asked for. */
export interface ScrapeOptions {
  readonly format: "text" | "openmetrics";
  readonly encoding: "plain" | "gzip";
}

/** What curl says of one scrape. */
export interface Scrape {
  /** Milliseconds from the start to the last byte. */
  readonly ms: number;
  /** Bytes of the body as it was sent. */
  readonly bytes: number;
}

/** Bytes as `GET /memory` of `ours.ts` tells them. */
export interface Memory {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
}

const MIB = 2 ** 20;
const ACCEPT = {
  text: "text/plain;version=0.0.4",
  openmetrics: "application/openmetrics-text;version=1.0.0",
};

/** A server of the comparison in a process of its own, which is asked by curl. */
export class Server implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #url: string;
  /** Watches the server during scrapes. */
  readonly poll: HealthPoll;

  private constructor(child: Deno.ChildProcess, url: string, poll: HealthPoll) {
    this.#child = child;
    this.#url = url;
    this.poll = poll;
  }

  /** Starts `command SERIES PORT` and waits until it says that it is ready. */
  static async start(
    command: readonly string[],
    { series, port }: { series: number; port: number },
  ): Promise<Server> {
    const [program, ...args] = [...command, String(series), String(port)];
    const child = new Deno.Command(program!, { args, stdin: "null", stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    const { value = new Uint8Array() } = await reader.read();
    const said = new TextDecoder().decode(value);
    if (!said.startsWith("ready")) throw new Error(`Cannot start ${command.join(" ")}: ${said}`);
    await reader.cancel();
    const poll = await connected(port);
    return new Server(child, `http://127.0.0.1:${port}`, poll);
  }

  /** Scrapes once. */
  async scrape({ format, encoding }: ScrapeOptions): Promise<Scrape> {
    const headers = ["-H", `Accept: ${ACCEPT[format]}`];
    if (encoding === "gzip") headers.push("-H", "Accept-Encoding: gzip");
    return await this.#curl("/metrics", headers);
  }

  /** Fetches a body of so many constant bytes. */
  async constant(bytes: number): Promise<Scrape> {
    return await this.#curl(`/constant?bytes=${bytes}`, []);
  }

  async #curl(path: string, headers: readonly string[]): Promise<Scrape> {
    const { success, stdout } = await new Deno.Command("curl", {
      args: [
        ...["-s", "-f", "-o", "/dev/null", "-w", "%{time_total} %{size_download}"],
        ...headers,
        this.#url + path,
      ],
    }).output();
    if (!success) throw new Error(`Cannot scrape ${this.#url}${path}`);
    const [seconds = NaN, bytes = NaN] = new TextDecoder().decode(stdout).split(" ").map(Number);
    return { ms: seconds * 1000, bytes };
  }

  /** Scrapes once while `/healthz` is polled. */
  async watched(options: ScrapeOptions): Promise<Scrape> {
    return await this.poll.during(() => this.scrape(options));
  }

  /** Has hosts change: `none`, `together`, `scattered` or `all`. */
  async change(how: string): Promise<void> {
    const response = await fetch(`${this.#url}/change?how=${how}`, { method: "POST" });
    await response.body?.cancel();
  }

  /** What a server of ours says of its memory, and of its timers since this was last asked. */
  async ask<T>(path: "/memory" | "/drift"): Promise<T> {
    return await (await fetch(this.#url + path)).json();
  }

  /** Most memory that it had since the start or `resetPeak`, MiB. */
  peak(): number {
    return this.#memory("VmHWM");
  }

  /** Memory that it has, MiB. */
  rss(): number {
    return this.#memory("VmRSS");
  }

  /** Forgets the peak (proc_pid_clear_refs(5): 5). */
  resetPeak(): void {
    Deno.writeTextFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  #memory(name: string): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024 / MIB;
  }

  /** Processor time that it took so far, milliseconds (proc_pid_stat(5): fields 14 and 15, in hundredths). */
  cpu(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.poll[Symbol.dispose]();
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

/** Some say that they are ready right before they listen. */
async function connected(port: number): Promise<HealthPoll> {
  for (let tries = 0;; tries++) {
    try {
      return await HealthPoll.connect(port, { everyMs: 5 });
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
