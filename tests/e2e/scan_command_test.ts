import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { tellsOnlyVerbosely } from "../../src/nmap/progress.ts";
import type { ScanResult } from "../../src/oneshot/scan_result.ts";
import { PERMISSION_FLAGS } from "../support/exporter.ts";
import { type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";
import { OpenPorts } from "../support/open_ports.ts";
import { ROOT } from "../support/root.ts";

const SYSTEM_PATH = Deno.env.get("PATH") ?? "/usr/bin:/bin";
const PROGRAM = [
  Deno.execPath(),
  ...["run", "--quiet", "--frozen", ...PERMISSION_FLAGS],
  join(ROOT, "main.ts"),
];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly path?: string;
  /** Text of a configuration, given as `--config.file`. */
  readonly config?: string;
  /** Called with the process once it runs. */
  readonly meanwhile?: (child: Deno.ChildProcess) => Promise<void>;
  /** Given the command, what is run in its place. */
  readonly through?: (command: string) => string;
}

/** Runs `scan` to its end in a directory of its own. */
async function scan(args: readonly string[], around: Surroundings = {}): Promise<Ended> {
  const directory = await Deno.makeTempDir({ prefix: "scan-command-" });
  try {
    const flags = around.config === undefined
      ? []
      : [`--config.file=${join(directory, "config.yaml")}`];
    await Deno.writeTextFile(join(directory, "config.yaml"), around.config ?? "");
    const words = [...PROGRAM, "scan", ...args, ...flags];
    const line = words.map((word) => `'${word}'`).join(" ");
    const [command, ...rest] = around.through === undefined
      ? words
      : ["/bin/sh", "-c", around.through(line)];
    const child = new Deno.Command(command!, {
      args: rest,
      cwd: directory,
      env: { PATH: around.path ?? SYSTEM_PATH, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [{ code, stdout, stderr }] = await Promise.all([
      child.output(),
      around.meanwhile?.(child),
    ]);
    const decoder = new TextDecoder();
    const left = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assert.deepEqual(left, ["config.yaml"], "no file is made, of state or otherwise");
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs `scan` with a fake nmap, which must not be left behind. */
async function scanFake(
  scenario: FakeScenario,
  args: readonly string[],
  around: Omit<Surroundings, "path"> & { readonly begun?: (child: Deno.ChildProcess) => void } = {},
) {
  await using nmap = await makeFakeNmap(undefined, { scenario });
  const begun = around.begun;
  const ended = await scan(args, {
    ...around,
    path: `${nmap.dir}:${SYSTEM_PATH}`,
    ...(begun === undefined ? {} : {
      meanwhile: async (child) => {
        while ((await nmap.scans()).length === 0) await sleep(50);
        begun(child);
      },
    }),
  });
  assert.deepEqual(await processesWith(nmap.path), [], "no nmap is left");
  return { ...ended, scans: await nmap.scans() };
}

async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.includes(text)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}

/** A process that has ended is no fault of the test: what it answered says whether it was right to. */
function killIfThere(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const parse = ({ stdout }: Ended): ScanResult => {
  assert.equal(stdout.at(-1), "\n");
  return JSON.parse(stdout);
};

Deno.test("scan finds what is open on loopback, IPv4 and IPv6, with the real nmap", async () => {
  using ports = new OpenPorts();
  ports.open("127.0.0.1", 20301, 20305);
  ports.open("127.0.0.3", 20302);
  ports.open("::1", 20303);
  const args = ["127.0.0.0/30", "::1", "localhost", "--ports", "20300-20310"];
  const [text, json] = [await scan(args), await scan([...args, "--output=json"])];
  assert.deepEqual([text.code, text.stderr, json.code, json.stderr], [0, "", 0, ""]);
  assert.match(
    text.stdout,
    /^HOST +PORT +PROTOCOL +STATE\n127\.0\.0\.1 \(localhost\) +20301 +tcp +open\n127\.0\.0\.1 .* 20305 /,
  );
  assert.match(
    text.stdout,
    /\n5 addresses: 5 up, 0 down, 0 timed out, 0 unknown; 5 answered; 4 open ports; \d+\.\d s; complete\n$/,
  );
  const result = parse(json);
  assert.deepEqual(
    result.open.map(({ address, port, protocol }) => `${address} ${port}/${protocol}`),
    ["127.0.0.1 20301/tcp", "127.0.0.1 20305/tcp", "127.0.0.3 20302/tcp", "::1 20303/tcp"],
  );
  assert.deepEqual([result.status, result.failure, result.policy], ["complete", null, null]);
});

Deno.test("scan calls UDP ports that do not answer neither open nor closed to the pipeline", async () => {
  // A socket that takes what comes and never answers is open|filtered to nmap.
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  const ended = await scan(["127.0.0.1", "--protocol=udp", `--ports=${port}`, "--output=json"]);
  socket.close();
  const { open, summary } = parse(ended);
  assert.deepEqual([ended.code, open, summary.up], [0, [], 1]);
});

Deno.test("scan takes options, excludes and names of targets from the configuration", async () => {
  const config = `scanning: { exclude: [127.0.0.2], max_retries: 3, worker_count: 2 }
targets:
  - { target: 127.0.0.0/30, name: home, port_range: "20-30", protocol: both, scanning: { max_retries: 4 } }
`;
  const hosts = { "127.0.0.3": { tcp: [22], udp: [25] } };
  const named = await scanFake({ hosts }, ["home", "--output=json"], { config });
  const { open, summary, warnings } = parse(named);
  assert.equal(named.code, 0);
  assert.deepEqual(open.map(({ port, protocol }) => `${port}/${protocol}`), ["22/tcp", "25/udp"]);
  assert.equal(summary.addresses, 3);
  assert.match(warnings.join(), /not scanned \(scanning\.exclude\): 1$/);
  assert.ok(named.scans.every((args) => args[args.indexOf("--max-retries") + 1] === "4"));
  assert.ok(named.scans.every((args) => !args.includes("127.0.0.2")));
  assert.equal(parse(named).nmap?.scan_technique, "syn");
  const connected = await scanFake({}, ["127.0.0.1", "--ports=1", "--output=json"], {
    config: "scanning: { scan_technique: connect }",
  });
  assert.equal(parse(connected).nmap?.scan_technique, "connect");
  const plain = await scanFake({}, ["127.0.0.1", "--ports=1"], { config });
  assert.ok(plain.scans.every((args) => args[args.indexOf("--max-retries") + 1] === "3"));
  const excluded = await scanFake({}, ["127.0.0.2", "--output=json"], { config });
  assert.deepEqual([excluded.code, excluded.scans], [2, []]);
  assert.equal(parse(excluded).failure?.type, "usage");
});

Deno.test("scan names each address once where targets overlap", async () => {
  const { scans, code } = await scanFake({}, [
    "127.0.0.1",
    "127.0.0.0/29",
    "127.0.0.0/30",
    "--ports=1",
  ]);
  const addresses = scans.flatMap((args) => args.slice(args.indexOf("--") + 1));
  assert.deepEqual([code, addresses.length, new Set(addresses).size], [0, 8, 8]);
});

for (
  const [what, scenario, type] of [
    ["crashes", { fault: "dies" }, "killed"],
    ["is cut off", { fault: "truncated" }, "bad_output"],
    ["says nothing", { fault: "empty" }, "bad_output"],
    ["talks garbage", { fault: "garbage" }, "bad_output"],
    ["fails", { exitCode: 3, stderr: "Something broke\n" }, "other"],
    ["times hosts out", { otherwise: { state: "timedout" } }, "timeout"],
    ["cannot reach a port", { otherwise: { rest: "unreachable" } }, "no_route"],
  ] as const
) {
  Deno.test(`scan ends with 1 and never says closed when nmap ${what}`, async () => {
    const args = ["127.0.0.0/31", "--ports=1-100"];
    const json = await scanFake(scenario, [...args, "--output=json"]);
    const result = parse(json);
    assert.deepEqual([json.code, result.status === "complete"], [1, false]);
    assert.equal(result.failure?.type, type);
    assert.ok(result.incomplete.length > 0 && result.summary.down === 0);
    const text = await scanFake(scenario, args);
    assert.equal(text.code, 1);
    assert.match(
      text.stdout,
      /^Not known, which is not closed:\n {2}127\.0\.0\.\d.*, tcp 1-100: /m,
    );
    assert.doesNotMatch(text.stdout, /; complete$/m);
  });
}

Deno.test("scan prints what finished and what scanning.timeout left unknown", async () => {
  const config = "scanning: { timeout: 1 }\n";
  const ended = await scanFake({ fault: "silent" }, ["127.0.0.1", "--output=json"], { config });
  const { failure, summary } = parse(ended);
  assert.deepEqual([ended.code, failure?.type, summary.unknown], [1, "timeout", 1]);
  assert.match(failure!.message, /^Cannot finish the scan.*\(scanning\.timeout\)/);
});

Deno.test("scan without nmap says so and ends with 1", async () => {
  const directory = await Deno.makeTempDir();
  // No candidate may be found: the absolute ones are hidden by a namespace of mounts.
  const hide = (line: string) =>
    `unshare -m sh -c 'for f in /usr/bin/nmap /usr/local/bin/nmap /bin/nmap; do [ -e $f ] && mount --bind /dev/null $f; done; exec "$@"' sh ${line}`;
  const ended = await scan(["127.0.0.1", "--output=json"], {
    path: `${directory}:/usr/bin:/bin`,
    through: hide,
  });
  await Deno.remove(directory);
  const { failure, nmap, summary } = parse(ended);
  assert.deepEqual([ended.code, failure?.type, nmap, summary.unknown], [
    1,
    "nmap_missing",
    null,
    1,
  ]);
  assert.match(failure!.message, /install it/);
});

Deno.test("scan without raw sockets connects and says so, and cannot scan UDP", async () => {
  const tcp = await scanFake({ raw: false }, ["127.0.0.1", "--ports=1", "--output=json"]);
  assert.deepEqual([tcp.code, parse(tcp).nmap?.scan_technique], [0, "connect"]);
  assert.match(
    tcp.stderr,
    /level=warn msg="Cannot open raw sockets .*TCP ports are scanned with connect\(\)"/,
  );
  const both = await scanFake({ raw: false }, ["127.0.0.1", "--ports=1", "--output=json"], {
    config: "scanning: { udp_scan: true }",
  });
  const { status, summary, incomplete } = parse(both);
  assert.deepEqual([both.code, status, summary.unknown, incomplete.length], [1, "partial", 1, 1]);
  const udp = await scanFake({ raw: false }, [
    "127.0.0.1",
    "--ports=1",
    "--protocol=udp",
    "--output=json",
  ]);
  assert.deepEqual([udp.code, parse(udp).failure?.type, udp.scans], [1, "permission", []]);
  assert.match(udp.stderr, /UDP scans fail/);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  Deno.test(`scan ended by ${signal} prints what it has, ends with 1 and leaves no nmap`, async () => {
    const ended = await scanFake({ fault: "silent" }, ["127.0.0.1", "::1", "--output=json"], {
      begun: (child) => child.kill(signal),
    });
    const { failure, summary, incomplete } = parse(ended);
    assert.deepEqual([ended.code, failure?.type, summary.unknown], [1, "stopped", 2]);
    assert.equal(incomplete.length, 2);
  });
}

Deno.test("scan ends by a signal while nobody reads what it prints", async () => {
  const hosts = { "127.0.0.1": { tcp: Array.from({ length: 65_535 }, (_, index) => index + 1) } };
  await using nmap = await makeFakeNmap(undefined, { scenario: { hosts } });
  const [command, ...args] = [...PROGRAM, "scan", "127.0.0.1"];
  const child = new Deno.Command(command!, {
    args,
    env: { PATH: `${nmap.dir}:${SYSTEM_PATH}` },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  // It prints megabytes, which no pipe holds.
  assert.equal((await reader.read()).done, false);
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const { code, signal } = await child.status;
  assert.deepEqual([code, signal], [1, null]);
  clearTimeout(late);
  await reader.cancel();
});

Deno.test("scan says that it was stopped before it began, and how long it took", async () => {
  const directory = await Deno.makeTempDir();
  const pipe = join(directory, "config.yaml");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const f = async (output: string) =>
    await scan(["127.0.0.1", `--output=${output}`, `--config.file=${pipe}`], {
      meanwhile: async (child) => {
        while (!await catches(child.pid, 15)) await sleep(50);
        await sleep(300);
        child.kill("SIGTERM");
      },
    });
  const json = await f("json");
  const { failure, seconds, status, started_at } = parse(json);
  assert.deepEqual([json.code, status, failure?.type], [1, "failed", "stopped"]);
  assert.ok(seconds >= 0.3 && Date.parse(started_at) + seconds * 1000 <= Date.now());
  const text = await f("text");
  assert.equal(text.code, 1);
  assert.match(
    text.stdout,
    /^Cannot scan: it was stopped before it began\n\n0 addresses: .*; failed\n$/,
  );
  await Deno.remove(directory, { recursive: true });
});

/** Whether a process has a handler of its own for a signal. */
async function catches(pid: number, signal: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return (caught >> BigInt(signal - 1) & 1n) === 1n;
}

Deno.test("scan keeps what finished before it was stopped", async () => {
  using ports = new OpenPorts();
  ports.open("127.0.0.1", 20311);
  const config = `scanning: { worker_count: 1, scan_technique: connect }
targets:
  - { target: 127.0.0.1, name: quick, port_range: "20311" }
  - { target: 127.0.0.2, name: slow, port_range: "1-1997", scanning: { max_rate: 20 } }
`;
  const ended = await scan(["quick", "slow", "--output=json", "--log.level=debug"], {
    config,
    meanwhile: async (child) => {
      // There is one worker: the other is over when this one begins.
      while ((await processesWith("1-1997")).length === 0) await sleep(50);
      child.kill("SIGTERM");
    },
  });
  const { status, open, incomplete, summary } = parse(ended);
  assert.deepEqual([ended.code, status], [1, "partial"]);
  assert.deepEqual(open, [{ address: "127.0.0.1", port: 20311, protocol: "tcp" }]);
  assert.deepEqual(incomplete.map(({ first, type }) => `${first} ${type}`), ["127.0.0.2 stopped"]);
  assert.deepEqual([summary.up, summary.unknown], [1, 1]);
});

Deno.test("scan ends at once at a second signal, with an nmap that obeys none", async () => {
  const before = performance.now();
  const ended = await scanFake({ fault: "silent", ignoresSigterm: true }, ["127.0.0.1"], {
    begun: (child) => {
      child.kill("SIGINT");
      setTimeout(() => killIfThere(child, "SIGINT"), 500);
    },
  });
  assert.equal(ended.code, 1);
  assert.ok(performance.now() - before < 4500, "it did not wait for the grace of nmap");
});

Deno.test("scan prints its result when one signal is delivered twice", async () => {
  const ended = await scanFake({ fault: "silent" }, ["127.0.0.1", "--output=json"], {
    begun: (child) => {
      child.kill("SIGTERM");
      setTimeout(() => killIfThere(child, "SIGTERM"), 10);
    },
  });
  assert.deepEqual([ended.code, parse(ended).failure?.type], [1, "stopped"]);
});

Deno.test("scan ends at once at the signal by which Deno opens its debugger", async () => {
  const ended = await scanFake({ fault: "silent", ignoresSigterm: true }, ["127.0.0.1"], {
    begun: (child) => setTimeout(() => killIfThere(child, "SIGUSR1"), 700),
  });
  assert.deepEqual([ended.code, ended.stdout], [1, ""]);
});

Deno.test("scan goes well when nobody reads on, and not when the result cannot be written", async () => {
  const closed = await scan(["127.0.0.1", "--ports=1-3", "--output=json"], {
    through: (line) => `{ ${line}; echo "code $?" >&2; } | true`,
  });
  assert.equal(closed.stderr, "code 0\n");
  const full = await scan(["127.0.0.1", "--ports=1-3"], {
    through: (line) => `${line} > /dev/full`,
  });
  assert.equal(full.code, 1);
  assert.match(full.stderr, /^openport-exporter: Cannot print the result: .*No space left/);
});

/** What a terminal of 50 columns got, without the clearing that deno and not the program does from source. */
function screenOf({ stdout }: Ended): { screen: string; shares: number[] } {
  // deno-lint-ignore no-control-regex
  const screen = stdout.replace(/^(?:\x1b\[0G\x1b\[2K\x1b\[J)*/, "");
  const pictures = screen.split("\r").filter((part) => part.startsWith("["));
  assert.ok(pictures.every((line) => line.trimEnd().length <= 49), JSON.stringify(pictures));
  return { screen, shares: pictures.map((line) => Number(/(\d+)%/.exec(line)![1])) };
}

const onTerminal = (line: string) => `exec script -qec "stty cols 50; exec ${line}" /dev/null`;

Deno.test("scan shows a bar on a terminal, clears it, and writes no escape code", async () => {
  await using nmap = await makeFakeNmap(undefined, { scenario: { progress: [20, 55, 85] } });
  const ended = await scan(["127.0.0.1", "--ports=1-150"], {
    path: `${nmap.dir}:${SYSTEM_PATH}`,
    through: onTerminal,
  });
  assert.equal(ended.code, 0);
  const { screen, shares } = screenOf(ended);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(screen, /\x1b/);
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
  assert.ok(shares.some((share) => share > 0 && share < 100), `it moves: ${shares}`);
  assert.match(screen, / left\s/);
  assert.match(screen, /\r {20,}\r1 address: 1 up[^\r\n]*; complete\r\n$/);
});

Deno.test("scan's bar moves by what the real nmap says", async () => {
  const { stdout } = await new Deno.Command("nmap", { args: ["--version"] }).output();
  const version = /version (\S+)/.exec(new TextDecoder().decode(stdout))![1]!;
  // Newer releases say how far they are after 30 s for the first time, when 30 s are left.
  const ports = tellsOnlyVerbosely(version) ? "1-3500" : "1-150";
  const config = `targets:
  - { target: 127.0.0.1, name: slow, port_range: "${ports}", scanning: { max_rate: 50 } }
`;
  const ended = await scan(["slow"], { config, through: onTerminal });
  assert.equal(ended.code, 0);
  const { shares } = screenOf(ended);
  assert.ok(shares.some((share) => share > 0 && share < 100), `it moves: ${shares}`);
});

Deno.test("scan on a terminal ends of control-C like of the signal", async () => {
  await using nmap = await makeFakeNmap(undefined, { scenario: { fault: "silent" } });
  const ended = await scan(["127.0.0.1"], {
    path: `${nmap.dir}:${SYSTEM_PATH}`,
    // Its input stays open until the program has ended, however long that takes.
    through: (line) =>
      `(until grep -qs max-retries '${nmap.dir}/calls.jsonl'; do sleep 0.1; done; printf '\\003'; sleep 6) | ` +
      // A shell between them would end of the signal, or not, as the shell is: see SHELL in script(1).
      `script -qec "exec ${line}" /dev/null`,
  });
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /127\.0\.0\.1, tcp 1-65535: Cannot finish the scan: it was stopped/);
  assert.deepEqual(await processesWith(nmap.path), []);
});

const POLICY = `targets:
  - { target: 127.0.0.1, name: one, port_range: "20-90", expected_ports: "22", allowed_ports: "80" }
  - { target: 127.0.0.2, name: two, port_range: "20-90", expected_ports: "22" }
  - { target: 127.0.0.3, name: free, port_range: "20-90" }
`;
const JUDGE = ["--fail-on-unexpected", "--output=json"];

for (
  const [what, targets, hosts, expected] of [
    ["complies", ["one", "two"], { "127.0.0.1": [22, 80], "127.0.0.2": [22] }, [0, 0, 0]],
    ["has a port too many", ["one"], { "127.0.0.1": [22, 23] }, [1, 1, 0]],
    ["has a port too few", ["one"], { "127.0.0.1": [80] }, [1, 0, 1]],
    ["is all targets", [], { "127.0.0.1": [22], "127.0.0.2": [], "127.0.0.3": [9, 25] }, [1, 0, 1]],
    ["has an address nobody judges", ["one", "free"], { "127.0.0.1": [22], "127.0.0.3": [25] }, [
      0,
      0,
      0,
    ]],
  ] as const
) {
  Deno.test(`scan --fail-on-unexpected says how it is when the network ${what}`, async () => {
    const scenario = {
      hosts: Object.fromEntries(Object.entries(hosts).map(([ip, tcp]) => [ip, { tcp }])),
    };
    const ended = await scanFake(scenario, [...targets, ...JUDGE], { config: POLICY });
    const { policy, failure } = parse(ended);
    assert.equal(failure, null);
    assert.deepEqual([ended.code, policy!.unexpected.length, policy!.missing.length], expected);
    assert.equal(policy!.ok, ended.code === 0);
    const alone = targets.length === 0 || (targets as readonly string[]).includes("free");
    assert.deepEqual(policy!.without_policy, alone ? ["127.0.0.3"] : []);
  });
}

Deno.test("scan --fail-on-unexpected never passes for want of anything to judge", async () => {
  const f = async (targets: readonly string[], config: string, message: RegExp) => {
    const ended = await scanFake({}, [...targets, ...JUDGE], { config });
    assert.deepEqual([ended.code, ended.scans], [2, []]);
    assert.match(ended.stderr, message);
    assert.match(parse(ended).failure!.message, message);
  };
  await f(
    ["free"],
    POLICY,
    /no target with expected_ports or allowed_ports has an address of free/,
  );
  await f(["127.0.0.9"], POLICY, /has an address of 127\.0\.0\.9/);
  await f([], "targets: [127.0.0.1]", /no target of the configuration has expected_ports/);
  await f([], "{}", /no target of the configuration has expected_ports/);
  await f(["one"], "targets: [{ tagret: 1 }]", /unknown key/);
  const failed = await scanFake({ fault: "dies" }, ["one", ...JUDGE], { config: POLICY });
  const { policy } = parse(failed);
  assert.deepEqual([failed.code, policy!.ok, policy!.missing], [1, false, []]);
  assert.deepEqual(policy!.unknown.map(({ place, ports }) => `${place} ${ports}`), [
    "127.0.0.1 22",
  ]);
});

Deno.test("scan --fail-on-unexpected does not call ports that it was not asked to check as expected", async () => {
  const scenario = { hosts: { "127.0.0.1": { tcp: [80] } } };
  const ended = await scanFake(scenario, ["one", "--ports=80", ...JUDGE], { config: POLICY });
  const { policy } = parse(ended);
  assert.deepEqual([ended.code, policy!.missing], [0, []]);
  assert.deepEqual(policy!.not_checked, [
    { name: "one", place: "127.0.0.1", protocol: "tcp", ports: "22" },
  ]);
});

Deno.test("scan --fail-on-unexpected does not pass an address that may belong to a name without one", async () => {
  const config = `${POLICY}  - { target: nosuch.invalid, allowed_ports: "1" }\n`;
  const hosts = { "127.0.0.1": { tcp: [22] }, "127.0.0.9": { tcp: [22] } };
  const f = async (targets: readonly string[], code: number, warning: RegExp) => {
    const ended = await scanFake({ hosts }, [...targets, "--ports=22", ...JUDGE], { config });
    assert.equal(ended.code, code);
    assert.match(parse(ended).failure?.message ?? "none", warning);
  };
  await f(["one", "127.0.0.9"], 1, /^Cannot resolve "nosuch\.invalid": .*; an address without a /);
  await f(["one"], 0, /^none$/);
});

Deno.test("scan ends with 1 and names what does not resolve, and scans the rest", async () => {
  const hosts = { "127.0.0.1": { tcp: [22] } };
  const ended = await scanFake({ hosts }, [
    "nosuch.invalid",
    "127.0.0.1",
    "--ports=22",
    "--output=json",
  ]);
  const { status, open, incomplete } = parse(ended);
  assert.deepEqual([ended.code, status, open.length], [1, "partial", 1]);
  assert.deepEqual(incomplete.map(({ target, type }) => [target, type]), [[
    "nosuch.invalid",
    "unresolved",
  ]]);
});
