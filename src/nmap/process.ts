import { oneLine } from "./one_line.ts";
import { StderrExcerpt } from "./stderr_excerpt.ts";

/** Names that nmap is started by, tried in this order at every start; run permission is needed for these and nothing else. */
export const NMAP_CANDIDATES = [
  "nmap",
  "/usr/bin/nmap",
  "/usr/local/bin/nmap",
  "/bin/nmap",
] as const;
/** Milliseconds between SIGTERM and SIGKILL. */
const KILL_GRACE_MS = 5000;
/** Milliseconds that the pipes may stay open after the process ended, for a grandchild may hold them. */
const PIPE_GRACE_MS = 1000;
/** Longest delay of a timer; beyond it, it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One run of nmap. */
export interface ProcessRequest {
  readonly args: readonly string[];
  /** Ends the process when aborted. */
  readonly signal: AbortSignal;
  /** Wall time in milliseconds after which the process is ended. */
  readonly timeoutMs: number;
  /** Takes stdout as it comes; when it throws, the process is ended and the rest thrown away. */
  readonly onOutput: (chunk: Uint8Array) => void;
}

/** Who ended a process: nmap itself (or a stranger), or this program, for what reason. */
export type EndedBy = "itself" | "abort" | "timeout" | "output";

/** What came of a run. */
export type ProcessResult =
  /** No candidate can be started; the message says what to do. */
  | { readonly kind: "missing"; readonly message: string }
  /** The system refused to start one that is there. */
  | { readonly kind: "refused"; readonly message: string }
  /** Aborted before the start. */
  | { readonly kind: "stopped" }
  | {
    readonly kind: "ended";
    readonly code: number;
    readonly signal: string | null;
    readonly endedBy: EndedBy;
    /** What `onOutput` threw. */
    readonly outputError: unknown;
    /** Beginning and end of stderr. */
    readonly stderr: string;
  };

/** Starts nmap processes and knows those that live, so that every exit path can end them. */
export class NmapProcesses {
  readonly #env: Record<string, string>;
  readonly #candidates: readonly string[];
  readonly #killGraceMs: number;
  readonly #children = new Set<Deno.ChildProcess>();
  readonly #killed = new WeakSet<Deno.ChildProcess>();

  /** `path` is the PATH that a bare name is looked up in; undefined leaves the system's usual one. */
  constructor({ path, candidates = NMAP_CANDIDATES, killGraceMs = KILL_GRACE_MS }: {
    path: string | undefined;
    candidates?: readonly string[];
    killGraceMs?: number;
  }) {
    // Cleared but for these: nmap's messages are read in English, and Deno refuses to pass on LD_LIBRARY_PATH.
    this.#env = { PATH: path ?? "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };
    this.#candidates = candidates;
    this.#killGraceMs = killGraceMs;
  }

  /** Number of processes that live. */
  get size(): number {
    return this.#children.size;
  }

  /** Sends `signal` to every process that lives; those that end of it were ended by `abort`. */
  killAll(signal: Deno.Signal): void {
    for (const child of this.#children) {
      this.#killed.add(child);
      kill(child, signal);
    }
  }

  /** Runs nmap once; resolves when it has ended and its pipes are closed, and never rejects. */
  async run(request: ProcessRequest): Promise<ProcessResult> {
    if (request.signal.aborted) return { kind: "stopped" };
    const child = this.#spawn(request.args);
    if (!(child instanceof Deno.ChildProcess)) return child;
    this.#children.add(child);
    try {
      return await this.#attend(child, request);
    } finally {
      this.#children.delete(child);
    }
  }

  #spawn(args: readonly string[]): Deno.ChildProcess | ProcessResult {
    const reasons: string[] = [];
    for (const candidate of this.#candidates) {
      try {
        return new Deno.Command(candidate, {
          args: [...args],
          clearEnv: true,
          env: this.#env,
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
          // In a session of its own nmap finds no terminal to read keys from, which it else would.
          detached: true,
        }).spawn();
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        if (!cannotBeThere(reason)) {
          return { kind: "refused", message: oneLine(`Cannot start nmap: ${reason.message}`) };
        }
        reasons.push(`${candidate}: ${reason.name}`);
      }
    }
    const tried = oneLine(`Cannot start nmap, tried ${reasons.join(", ")}`);
    return {
      kind: "missing",
      message: `${tried}; install it (apt-get install nmap), it is picked up without a restart`,
    };
  }

  async #attend(
    child: Deno.ChildProcess,
    { signal, timeoutMs, onOutput }: ProcessRequest,
  ): Promise<ProcessResult> {
    let endedBy: EndedBy = "itself";
    let outputError: unknown;
    let killTimer: ReturnType<typeof setTimeout> | undefined;
    let exited = false;
    const end = (reason: EndedBy) => {
      if (exited || endedBy !== "itself") return;
      endedBy = reason;
      kill(child, "SIGTERM");
      killTimer = setTimeout(() => kill(child, "SIGKILL"), this.#killGraceMs);
    };
    const onAbort = () => end("abort");
    const stderr = new StderrExcerpt();
    // Both pipes are read to their ends whatever happens: nmap blocks for ever in a write nobody reads.
    const pipes = [
      new Drain(child.stdout, (chunk) => {
        if (outputError !== undefined) return;
        try {
          onOutput(chunk);
        } catch (error) {
          outputError = error ?? new Error("Cannot use nmap's output");
          end("output");
        }
      }),
      new Drain(child.stderr, (chunk) => stderr.write(chunk)),
    ];
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => end("timeout"), Math.min(timeoutMs, MAX_TIMER_MS));
    const status = await child.status;
    // What the pipes still hold is read, but there is nothing left to signal.
    exited = true;
    const killed = this.#killed.has(child);
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal.removeEventListener("abort", onAbort);
    await closed(pipes);
    return {
      kind: "ended",
      code: status.code,
      signal: status.signal,
      endedBy: endedBy === "itself" && killed ? "abort" : endedBy,
      outputError,
      stderr: stderr.toString(),
    };
  }
}

/** Reads a pipe to its end, or until it is cancelled. */
class Drain {
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void) {
    this.#reader = stream.getReader();
    this.done = this.#run(take);
  }

  async #run(take: (chunk: Uint8Array) => void): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return;
        take(value);
      }
    } catch {
      // A pipe that broke has ended; what was missing in it shows in the document.
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
    await this.done;
  }
}

async function closed(pipes: readonly Drain[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, PIPE_GRACE_MS));
  await Promise.race([Promise.all(pipes.map((pipe) => pipe.done)), grace]);
  clearTimeout(timer);
  await Promise.all(pipes.map((pipe) => pipe.cancel()));
}

function cannotBeThere(error: Error): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.PermissionDenied;
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
