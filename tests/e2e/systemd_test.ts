import assert from "node:assert/strict";
import { ROOT } from "../support/root.ts";

const UNIT = "openport-exporter.service";
const unit = await Deno.readTextFile(`${ROOT}deploy/${UNIT}`);
const readme = await Deno.readTextFile(`${ROOT}README.md`);
const EXECUTABLE = "/usr/local/bin/openport-exporter";

/** Values of a key of the unit, in order. */
function values(key: string): string[] {
  return unit.split("\n").filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));
}

async function run(command: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the unit passes systemd-analyze verify without a word", async () => {
  const directory = await Deno.makeTempDir();
  try {
    // verify wants the program to be there, and here it is not installed: any executable will do.
    const copy = `${directory}/${UNIT}`;
    await Deno.writeTextFile(copy, unit.replace(EXECUTABLE, Deno.execPath()));
    const { code, text } = await run("systemd-analyze", "verify", "--man=no", copy);
    const ours = text.split("\n").filter((line) => line.includes("openport-exporter"));
    assert.deepEqual(ours, []);
    assert.equal(code, 0, text);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the unit's exposure is at most 2.0 of 10 by systemd-analyze security", async () => {
  const path = `${ROOT}deploy/${UNIT}`;
  const args = ["security", "--offline=true", "--no-pager", "--threshold=20", path];
  const { code, text } = await run("systemd-analyze", ...args);
  assert.equal(code, 0, text);
});

const FACTS: Record<string, string> = {
  AmbientCapabilities: "CAP_NET_RAW",
  CapabilityBoundingSet: "CAP_NET_RAW",
  DynamicUser: "yes",
  KillMode: "mixed",
  LimitNOFILE: "65536",
  LockPersonality: "yes",
  NoNewPrivileges: "yes",
  PrivateDevices: "yes",
  PrivateTmp: "yes",
  ProtectHome: "yes",
  ProtectKernelModules: "yes",
  ProtectSystem: "strict",
  Restart: "on-failure",
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX AF_NETLINK AF_PACKET",
  RestrictNamespaces: "yes",
  RestrictRealtime: "yes",
  RestrictSUIDSGID: "yes",
  SystemCallArchitectures: "native",
};

for (const [key, value] of Object.entries(FACTS)) {
  Deno.test(`the unit says ${key}=${value}`, () => assert.deepEqual(values(key), [value]));
}

Deno.test("the unit lets V8 make machine code, and the program take its 10 s to end", () => {
  assert.deepEqual(values("MemoryDenyWriteExecute"), []);
  const [seconds] = values("TimeoutStopSec");
  assert.ok(Number(seconds?.replace(/s$/, "")) > 10, seconds);
});

Deno.test("the unit starts what the README installs", () => {
  const config = "/etc/openport-exporter/config.yaml";
  assert.deepEqual(values("ExecStart"), [`${EXECUTABLE} --config.file=${config}`]);
  for (const path of [EXECUTABLE, config, `/etc/systemd/system/${UNIT}`]) {
    assert.ok(readme.includes(path), `README.md names ${path}`);
  }
});

Deno.test("the scrape configuration passes promtool and is in the README", async () => {
  const path = `${ROOT}deploy/prometheus.yml`;
  const { code, text } = await run("promtool", "check", "config", path);
  assert.equal(code, 0, text);
  const settings = (await Deno.readTextFile(path)).split("\n")
    .filter((line) => line !== "" && !line.trimStart().startsWith("#"));
  assert.ok(readme.includes(settings.join("\n")), "README.md shows its settings");
});
