/** What a command in a {@link ThrowawayRoot} printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** What it printed on both. */
  readonly text: string;
}

/**
 * Makes a copy-on-write view of the machine's root, without what it may know of our package, and waits.
 * $1 is an empty folder, which gets a file system of its own in memory.
 */
const SETUP = `set -eu
mount -t tmpfs -o mode=0755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mount -t tmpfs tmpfs "$1/root/tmp"
ip link set lo up
cd "$1/root"
rm -f usr/sbin/policy-rc.d etc/dpkg/dpkg.cfg.d/*
if chroot . dpkg -s openport-exporter >/dev/null 2>&1; then
  chroot . dpkg --purge openport-exporter >/dev/null 2>&1
fi
rm -rf etc/openport-exporter var/lib/openport-exporter
if chroot . getent passwd openport-exporter >/dev/null; then chroot . userdel openport-exporter; fi
echo ready
exec sleep infinity`;

/**
 * A root of its own for packages to be installed in: whatever happens in it is gone when it is disposed
 * of, and its processes end. Its network is a loopback of its own. Needs root.
 */
export class ThrowawayRoot implements AsyncDisposable {
  /** Where the root is, as seen by commands inside its mount namespace only. */
  readonly #folder: string;
  readonly #holder: Deno.ChildProcess;
  readonly #inside: readonly string[];

  private constructor(folder: string, holder: Deno.ChildProcess, inside: readonly string[]) {
    this.#folder = folder;
    this.#holder = holder;
    this.#inside = inside;
  }

  /** Makes a root. @throws {Error} with the reason if the machine does not allow it. */
  static async make(): Promise<ThrowawayRoot> {
    const folder = await Deno.makeTempDir({ prefix: "openport-exporter-root-" });
    const holder = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"],
        ...["sh", "-c", SETUP, "sh", folder],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const said = await firstChunk(holder.stdout);
    if (said !== "ready\n") {
      const why = await new Response(holder.stderr).text();
      await holder.status;
      await Deno.remove(folder, { recursive: true });
      throw new Error(`Cannot make a throw-away root (needs root and overlayfs):\n${why}`);
    }
    await holder.stderr.cancel();
    const init = await run(["ps", "-o", "pid=", "--ppid", String(holder.pid)]);
    const inside = [
      ...["nsenter", "--mount", "--net", "--pid", `--target=${init.stdout.trim()}`],
      ...["chroot", `${folder}/root`],
    ];
    return new ThrowawayRoot(folder, holder, inside);
  }

  /** Runs a command in it, as root. */
  async run(...command: readonly string[]): Promise<Ran> {
    return await run([...this.#inside, ...command]);
  }

  /** Runs a shell script in it, as root, and returns what it printed. @throws {Error} if it fails. */
  async sh(script: string): Promise<string> {
    const { code, stdout, text } = await this.run("sh", "-euc", script);
    if (code !== 0) throw new Error(`Ended with ${code}: ${script}\n${text}`);
    return stdout.trim();
  }

  /** Paths that differ from the machine's root: made, changed and deleted ones. */
  async changed(): Promise<string[]> {
    const outside = this.#inside.slice(0, this.#inside.indexOf("chroot"));
    const { stdout } = await run([...outside, "find", `${this.#folder}/upper`, "-printf", "%P\n"]);
    return stdout.trim().split("\n").sort();
  }

  /** Starts a command in it that goes on. */
  spawn(command: readonly string[]): Deno.ChildProcess {
    const [program, ...args] = [...this.#inside, ...command];
    return new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  }

  /** Copies a file of the machine into its /tmp, and returns the path there. */
  async take(path: string): Promise<string> {
    const target = `/tmp/${path.slice(path.lastIndexOf("/") + 1)}`;
    const [program, ...args] = [...this.#inside, "sh", "-c", 'cat >"$1"', "sh", target];
    const copy = new Deno.Command(program!, { args, stdin: "piped" }).spawn();
    const file = await Deno.open(path);
    await file.readable.pipeTo(copy.stdin);
    const { code } = await copy.status;
    if (code !== 0) throw new Error(`Cannot copy ${path} into the throw-away root`);
    return target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await this.#holder.stdout.cancel().catch(() => {});
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function run([program, ...args]: readonly string[]): Promise<Ran> {
  const output = await new Deno.Command(program!, {
    args,
    stdin: "null",
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
  }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  return { code: output.code, stdout, text: stdout + stderr };
}

async function firstChunk(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value);
}
