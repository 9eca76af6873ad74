import denoJson from "../../deno.json" with { type: "json" };
import { ROOT } from "./root.ts";

/** Permission flags of `deno task start`, so that tests hold no more than the program does. */
export const PERMISSION_FLAGS = denoJson.tasks.start.command.split(" ")
  .filter((word) => word.startsWith("--allow-") || word === "--no-prompt");

const MAIN = `${ROOT}main.ts`;

/** How an exporter is started. */
export interface ExporterOptions {
  /** Text of config.yaml. */
  readonly config: string;
  readonly flags?: readonly string[];
  /** Folders put in front of PATH, for a fake nmap. */
  readonly pathPrefix?: string;
  /** Command put in front, such as `ip netns exec NAME`. */
  readonly through?: readonly string[];
  /** An executable to start instead of the source. */
  readonly executable?: string;
  /** Folder to run in, which is left as it is; otherwise one is made and removed again. */
  readonly directory?: string;
  /** False leaves the listen address to the configuration. */
  readonly listenFlag?: boolean;
}

/** A running exporter. */
export class Exporter implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[];
  readonly #through: readonly string[];
  readonly #directory: string;
  readonly #isTemporary: boolean;
  readonly #reading: Promise<void>;

  private constructor(fields: {
    url: string;
    child: Deno.ChildProcess;
    lines: string[];
    through: readonly string[];
    directory: string;
    isTemporary: boolean;
    reading: Promise<void>;
  }) {
    this.url = fields.url;
    this.#child = fields.child;
    this.#lines = fields.lines;
    this.#through = fields.through;
    this.#directory = fields.directory;
    this.#isTemporary = fields.isTemporary;
    this.#reading = fields.reading;
  }

  /** Starts an exporter on a free port of loopback and waits until it listens. */
  static async start(options: ExporterOptions): Promise<Exporter> {
    const directory = options.directory ??
      await Deno.makeTempDir({ prefix: "openport-exporter-" });
    await Deno.writeTextFile(`${directory}/config.yaml`, options.config);
    await Deno.chmod(directory, 0o755);
    const program = options.executable === undefined
      ? [Deno.execPath(), "run", "--frozen", `--config=${ROOT}deno.json`, ...PERMISSION_FLAGS, MAIN]
      : [options.executable];
    const [command, ...args] = [
      ...(options.through ?? []),
      ...program,
      `--config.file=${directory}/config.yaml`,
      ...(options.listenFlag === false ? [] : ["--web.listen-address=127.0.0.1:0"]),
      ...(options.flags ?? []),
    ];
    const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
    const child = new Deno.Command(command!, {
      args,
      cwd: directory,
      env: { PATH: options.pathPrefix === undefined ? path : `${options.pathPrefix}:${path}` },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const lines: string[] = [];
    const listening = Promise.withResolvers<string>();
    const reading = readLines(child.stderr, (line) => {
      lines.push(line);
      const address = /msg=Listening address=(\S+)/.exec(line)?.[1];
      if (address !== undefined) listening.resolve(address);
    }).then(() => listening.reject(new Error(`The exporter ended:\n${lines.join("\n")}`)));
    const address = await listening.promise;
    return new Exporter({
      url: `http://${address}`,
      child,
      lines,
      through: options.through ?? [],
      directory,
      isTemporary: options.directory === undefined,
      reading,
    });
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Log lines so far. */
  get log(): readonly string[] {
    return this.#lines;
  }

  /** Asks for a path; goes through the same namespace as the exporter. */
  async get(path: string, headers: Record<string, string> = {}): Promise<string> {
    if (this.#through.length === 0) return await (await fetch(this.url + path, { headers })).text();
    const [command, ...args] = [...this.#through, "curl", "-s", "-m", "20"];
    const { stdout } = await new Deno.Command(command!, {
      args: [
        ...args,
        ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
        this.url + path,
      ],
    }).output();
    return new TextDecoder().decode(stdout);
  }

  /** The samples of the page: `name{labels}` to value. */
  async metrics(): Promise<Map<string, number>> {
    return parseSamples(await this.get("/metrics"));
  }

  /** Waits until `check` holds of the samples; fails with the log when it does not within `seconds`. */
  async until(
    check: (samples: Map<string, number>) => boolean,
    { seconds, what }: { seconds: number; what: string },
  ): Promise<Map<string, number>> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const samples = await this.metrics();
      if (check(samples)) return samples;
      if (performance.now() > deadline) {
        throw new Error(
          `Not within ${seconds} s: ${what}\n${this.#lines.join("\n")}\n${await this.get(
            "/metrics",
          )}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit status. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#reading.catch(() => {});
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.ended();
    if (this.#isTemporary) await Deno.remove(this.#directory, { recursive: true });
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
  }
}

/** Reads the samples of a page in the text format: `name{labels}` to value. */
export function parseSamples(page: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of page.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const space = line.lastIndexOf(" ");
    samples.set(line.slice(0, space), Number(line.slice(space + 1).replace("Inf", "Infinity")));
  }
  return samples;
}
