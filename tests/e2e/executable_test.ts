import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { compile } from "../support/compiled.ts";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { makeAuthority, SESAME_HASH } from "../web/builders.ts";
import { ROOT } from "../support/root.ts";

const NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"];
const ONLY_NET_RAW = ["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"];
/** What deploy/openport-exporter.service gives, as near as it gets without systemd. */
const AS_SERVICE = [...NOBODY, ...ONLY_NET_RAW, "--bounding-set=-all,+net_raw"];
const WITHOUT_CAPABILITIES = [...NOBODY, "--inh-caps=-all", "--bounding-set=-all"];
/** Only root can become somebody else. */
const ignore = Deno.uid() !== 0;

let directory = "";
let executable = "";

Deno.test.beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "openport-executable-" });
  await Deno.chmod(directory, 0o755);
  // Where the checkout is, nobody may not look.
  executable = `${directory}/openport-exporter`;
  await compile(executable);
});

Deno.test.afterAll(async () => {
  await Deno.remove(directory, { recursive: true });
});

async function output([command, ...args]: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(command!, {
    args,
    cwd,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Listens on a free TCP port of 127.0.0.1 until it is disposed of. */
function openPort(): { port: number } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/** Answers datagrams on a free UDP port of ::1 until it is disposed of. */
async function openUdpEcho(): Promise<{ port: number } & AsyncDisposable> {
  const socket = createSocket("udp6");
  socket.on("message", (data, sender) => socket.send(data, sender.port, sender.address));
  await new Promise<void>((resolve) => socket.bind(0, "::1", resolve));
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

function openStatus(port: number): string {
  return `open_port_status{ip="127.0.0.1",port="${port}",protocol="tcp"}`;
}

const USERS = [
  { who: "root", through: [], technique: "syn", warnings: 0 },
  { who: "nobody with CAP_NET_RAW", through: AS_SERVICE, technique: "syn", warnings: 0 },
  {
    who: "nobody without capabilities",
    through: WITHOUT_CAPABILITIES,
    technique: "connect",
    warnings: 1,
  },
];

for (const { who, through, technique, warnings } of USERS) {
  Deno.test({
    name: `the executable finds the open ports of loopback as ${who}`,
    ignore,
    async fn() {
      using first = openPort();
      using second = openPort();
      await using exporter = await Exporter.start({
        executable,
        through,
        config: "targets: [127.0.0.1]\n",
      });
      const samples = await exporter.until(
        (samples) => [...samples.keys()].some((name) => name.startsWith("open_ports_total")),
        { seconds: 30, what: "the first scan of 65535 ports ends" },
      );
      assert.equal(samples.get(openStatus(first.port)), 1);
      assert.equal(samples.get(openStatus(second.port)), 1);
      const info = [...samples.keys()].filter((name) => name.startsWith("openport_nmap_info"));
      assert.equal(info.length, 1);
      assert.match(info[0]!, new RegExp(`scan_technique="${technique}"`));
      const raw = exporter.log.filter((line) => line.includes("Cannot open raw sockets"));
      assert.equal(raw.length, warnings, exporter.log.join("\n"));
    },
  });
}

Deno.test({
  name: "the executable as a service would run it also scans UDP and IPv6",
  ignore,
  async fn() {
    await using echo = await openUdpEcho();
    const { port } = echo;
    await using exporter = await Exporter.start({
      executable,
      through: AS_SERVICE,
      config: `targets: ["::1"]\nscanning: { port_range: "${port}", udp_scan: true }\n`,
    });
    await exporter.until(
      (samples) => samples.get(`open_ports_total{ip="::1"}`) !== undefined,
      { seconds: 30, what: "::1 is scanned" },
    );
    const key = `{target="::1/128",port_range="${port}",protocol="udp"}`;
    const samples = await exporter.until(
      (samples) => samples.get(`scans_successful_total${key}`) === 1,
      { seconds: 30, what: "the UDP scan succeeds" },
    );
    assert.equal(samples.get(`open_port_status{ip="::1",port="${port}",protocol="udp"}`), 1);
  },
});

Deno.test("the executable says at start what it may do, and that net is given up", async () => {
  await using exporter = await Exporter.start({ executable, config: "targets: []\n" });
  await exporter.until(() => exporter.log.some((line) => line.includes("Permissions held")), {
    seconds: 10,
    what: "the permissions are in the log",
  });
  const held = exporter.log.filter((line) => line.includes("Permissions held"));
  assert.equal(held.length, 1);
  assert.match(held[0]!, / run=nmap,\/usr\/bin\/nmap,\/usr\/local\/bin\/nmap,\/bin\/nmap /);
  assert.match(held[0]!, / net=none /);
  assert.match(held[0]!, / write=none /);
});

Deno.test("the executable ends on SIGTERM with 0, and leaves no nmap behind", async () => {
  await using exporter = await Exporter.start({
    executable,
    config: "targets: [127.0.0.1]\nscanning: { max_rate: 100 }\n",
  });
  await exporter.until((samples) => samples.get('openport_workers{state="busy"}') === 1, {
    seconds: 20,
    what: "a scan runs",
  });
  const children = await childrenOf(exporter.pid);
  assert.equal(children.length, 1, "one nmap runs");
  const begin = performance.now();
  exporter.kill("SIGTERM");
  const { code, signal } = await exporter.ended();
  assert.deepEqual([code, signal], [0, null]);
  assert.ok(performance.now() - begin < 3000, "it ended quickly");
  for (const pid of children) assert.equal(await stat(pid), undefined, `nmap ${pid} is gone`);
});

Deno.test("the executable uses the nmap that is first in PATH at start", async () => {
  await using nmap = await makeFakeNmap(undefined, {
    scenario: { version: "0.42", hosts: { "127.0.0.1": { tcp: [4242] } } },
  });
  await using exporter = await Exporter.start({
    executable,
    pathPrefix: nmap.dir,
    config: 'targets: [127.0.0.1]\nscanning: { port_range: "4000-5000" }\n',
  });
  const samples = await exporter.until((samples) => samples.has(openStatus(4242)), {
    seconds: 20,
    what: "the port that the fake invents is open",
  });
  assert.equal(samples.get('openport_nmap_info{version="0.42",scan_technique="syn"}'), 1);
});

Deno.test("the executable keeps its state over a restart", async () => {
  await using nmap = await makeFakeNmap(undefined, {
    scenario: { version: "0.42", hosts: { "127.0.0.1": { tcp: [4242] } } },
  });
  const kept = await Deno.makeTempDir({ prefix: "openport-exporter-kept-" });
  try {
    const options = {
      executable,
      directory: kept,
      pathPrefix: nmap.dir,
      config: 'targets: [127.0.0.1]\nscanning: { port_range: "4000-5000", interval: 1d }\n',
    };
    {
      await using first = await Exporter.start(options);
      await first.until((samples) => samples.has(openStatus(4242)), {
        seconds: 20,
        what: "the port that the fake invents is open",
      });
    }
    await using second = await Exporter.start(options);
    const samples = await second.metrics();
    assert.equal(samples.get(openStatus(4242)), 1, second.log.join("\n"));
    assert.ok(!second.log.some((line) => line.includes("State")), second.log.join("\n"));
  } finally {
    await Deno.remove(kept, { recursive: true });
  }
});

Deno.test("the executable serves over TLS to users, and refuses what its runtime cannot do", async () => {
  const web = await Deno.makeTempDir({ prefix: "openport-executable-web-" });
  try {
    const authority = await makeAuthority(web);
    const { cert, key } = await authority.issue("first");
    await Deno.writeTextFile(`${web}/server.crt`, cert);
    await Deno.writeTextFile(`${web}/server.key`, key);
    const file = `${web}/web.yml`;
    const write = (tls: string) =>
      Deno.writeTextFile(
        file,
        `tls_server_config: { cert_file: server.crt, key_file: server.key${tls} }\n` +
          `basic_auth_users: { ops: "${SESAME_HASH}" }\n`,
      );
    const flags = [`--web.config.file=${file}`];
    await write("");
    {
      await using exporter = await Exporter.start({ executable, config: "targets: []\n", flags });
      const status = async (user: string) => {
        const url = `${exporter.url.replace("http:", "https:")}/metrics`;
        const curl = ["curl", "-s", "--cacert", authority.caFile, "-u", user, "-o", "/dev/null"];
        return (await output([...curl, "-w", "%{http_code}", url], directory)).stdout;
      };
      assert.deepEqual([await status("ops:sesame"), await status("ops:open")], ["200", "401"]);
    }
    await write(", client_auth_type: RequireAnyClientCert");
    const config = `${web}/config.yaml`;
    await Deno.writeTextFile(config, "targets: []\n");
    const checked = await output(
      [executable, "--config.check", `--config.file=${config}`, ...flags],
      directory,
    );
    const { stdout: version } = await output([executable, "--version"], directory);
    const [major = 0, minor = 0] = /deno (\d+)\.(\d+)/.exec(version)!.slice(1).map(Number);
    if (major > 2 || minor >= 9) assert.equal(checked.code, 0, checked.stderr);
    else {
      assert.equal(checked.code, 2);
      assert.match(checked.stderr, /client_auth_type: Cannot use RequireAnyClientCert: .*too old/);
    }
  } finally {
    await Deno.remove(web, { recursive: true });
  }
});

Deno.test("the executable prints version, runtime and platform", async () => {
  const { code, stdout } = await output([executable, "--version"], directory);
  assert.equal(code, 0);
  const [version, runtime, platform, ...rest] = stdout.split("\n");
  assert.match(
    version!,
    /^openport-exporter, version \d+\.\d+\.\d+ \(revision: ([0-9a-f]{7,40}(-dirty)?|unknown)\)$/,
  );
  assert.match(runtime!, /^ {2}runtime: deno \d\S+$/);
  assert.match(platform!, /^ {2}platform: linux\/\S+$/);
  assert.deepEqual(rest, [""]);
});

Deno.test("the executable accepts the example configuration, and ends with 2 without one", async () => {
  const checked = await output(
    [executable, "--config.check", `--config.file=${ROOT}config.yaml`],
    directory,
  );
  assert.equal(checked.code, 0);
  assert.ok(checked.stdout.endsWith(`\n${ROOT}config.yaml: OK\n`), checked.stdout);
  const missing = await output([executable], directory);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^config\.yaml: Cannot read/);
});

/** Process ids of the living children of a process. */
async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    if ((await stat(Number(name)))?.parent === parent) children.push(Number(name));
  }
  return children;
}

/** Parent of a process; undefined when there is no such process (proc(5): the fields after the name). */
async function stat(pid: number): Promise<{ parent: number } | undefined> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? undefined : { parent: Number(fields[1]) };
}
