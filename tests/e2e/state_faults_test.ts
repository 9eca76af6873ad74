import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Exporter, type ExporterOptions, PERMISSION_FLAGS } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { ROOT } from "../support/root.ts";

const DEFAULT_FILE = "openport-exporter.db";
const OPEN = 'open_ports_total{ip="127.0.0.1"}';
const SUCCESS = 'scans_successful_total{target="127.0.0.1/32",port_range="1-100",protocol="tcp"}';

/** Configuration of a target that is scanned every second, with these lines more. */
function configOf(more = ""): string {
  return `scanning: { interval: 1, port_range: "1-100" }\ntargets: [127.0.0.1]\n${more}`;
}

async function command(name: string, ...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(name, { args, stderr: "null", stdout: "null" })
    .output().catch(() => ({ success: false }));
  return success;
}

/** Runs with a directory that is removed afterwards, as a file system of its own where asked for. */
async function inDirectory(
  run: (directory: string) => Promise<void>,
  { mount }: { mount?: string } = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-faults-" });
  try {
    if (mount !== undefined) {
      assert.ok(await command("mount", "-t", "tmpfs", "-o", mount, "tmpfs", directory));
    }
    await run(directory);
  } finally {
    if (mount !== undefined) await command("umount", directory);
    await Deno.remove(directory, { recursive: true });
  }
}

let canMount = false;
await inDirectory(async (directory) => {
  canMount = await command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory);
  if (canMount) await command("umount", directory);
});

async function withExporter(
  options: Partial<ExporterOptions>,
  run: (exporter: Exporter) => Promise<void>,
): Promise<void> {
  await using fake = await makeFakeNmap(undefined, {
    scenario: { hosts: { "127.0.0.1": { tcp: [22, 80] } } },
  });
  await using exporter = await Exporter.start({
    config: configOf(),
    pathPrefix: fake.dir,
    ...options,
  });
  await run(exporter);
}

async function goesOn(exporter: Exporter, { seconds = 10 } = {}): Promise<void> {
  const scans = (await exporter.metrics()).get(SUCCESS) ?? 0;
  const samples = await exporter.until((now) => (now.get(SUCCESS) ?? 0) >= scans + 2, {
    seconds,
    what: "scans go on",
  });
  assert.equal(samples.get(OPEN), 2);
}

async function health(exporter: Exporter): Promise<{ status: string; reasons?: string[] }> {
  return JSON.parse(await exporter.get("/healthz"));
}

/** Starts the program with this configuration, which it is expected to refuse. */
async function refused(
  config: string,
  { cwd }: { cwd: string },
): Promise<{ code: number; text: string }> {
  const directory = await Deno.makeTempDir({ prefix: "openport-refused-" });
  try {
    await Deno.writeTextFile(`${directory}/config.yaml`, config);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--frozen",
        `--config=${ROOT}deno.json`,
        ...PERMISSION_FLAGS,
        `${ROOT}main.ts`,
        `--config.file=${directory}/config.yaml`,
        "--web.listen-address=127.0.0.1:0",
      ],
      cwd,
      stdin: "null",
      stdout: "null",
    }).output();
    return { code, text: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name: "a default path that cannot be written is warned of, and scanning goes on in memory",
  ignore: !canMount,
  fn: async () => {
    await inDirectory(async (directory) => {
      await withExporter({ through: ["env", "-C", directory] }, async (exporter) => {
        await goesOn(exporter);
        const { status, reasons } = await health(exporter);
        assert.equal(status, "degraded");
        assert.match(reasons!.join(), /in memory only.*openport-exporter\.db/);
        const warned = exporter.log.filter((line) => line.includes("in memory only"));
        assert.equal(warned.length, 1);
        assert.match(warned[0]!, /level=warn/);
        assert.ok(!exporter.log.some((line) => line.includes("level=error")));
      });
    }, { mount: "ro" });
  },
});

Deno.test("a written path that cannot be used ends the program with exit code 2 and the reason", async () => {
  await inDirectory(async (directory) => {
    const cases: [path: string, reason: RegExp][] = [
      [`${directory}/missing/state.db`, /its directory does not exist \(make it\)/],
      [directory, /it is a directory \(name a file in it\)/],
      ["/proc/state.db", /Cannot use \/proc\/state\.db: /],
    ];
    for (const [path, reason] of cases) {
      const { code, text } = await refused(configOf(`state: { path: ${path} }\n`), {
        cwd: directory,
      });
      assert.equal(code, 2, text);
      assert.match(text, reason);
      assert.match(text, /^openport-exporter: Cannot use /m);
      assert.doesNotMatch(text, /^\s+at /m);
    }
    assert.deepEqual(filesIn(directory), []);
  });
});

Deno.test({
  name: "a written path on a read-only file system ends the program with exit code 2",
  ignore: !canMount,
  fn: async () => {
    await inDirectory(async (directory) => {
      const { code, text } = await refused(configOf(`state: { path: ${directory}/s.db }\n`), {
        cwd: "/tmp",
      });
      assert.equal(code, 2, text);
      assert.match(text, /Cannot use .*s\.db: /);
    }, { mount: "ro" });
  },
});

Deno.test("a second exporter on the same file is refused, and the first goes on", async () => {
  await inDirectory(async (directory) => {
    await withExporter({ directory }, async (exporter) => {
      await goesOn(exporter);
      for (const more of ["", `state: { path: ${directory}/${DEFAULT_FILE} }\n`]) {
        const { code, text } = await refused(configOf(more), { cwd: directory });
        assert.equal(code, 2, text);
        assert.match(
          text,
          /another openport-exporter uses this file \(stop it, or give each its own/,
        );
      }
      await goesOn(exporter);
      assert.equal((await health(exporter)).status, "ok");
    });
  });
});

Deno.test("a damaged file is set aside byte for byte and loudly, and scanning goes on", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/${DEFAULT_FILE}`;
    await withExporter({ directory }, (exporter) => goesOn(exporter));
    const bytes = await Deno.readFile(path);
    bytes.fill(0x5a, 4096, 4096 + 700);
    await Deno.writeFile(path, bytes);
    await withExporter({ directory }, async (exporter) => {
      const [said, more] = exporter.log.filter((line) => line.includes("level=error"));
      assert.equal(more, undefined);
      const kept = /kept_as=(\S+)/.exec(said!)![1]!;
      assert.deepEqual(
        await Deno.readFile(kept.startsWith("/") ? kept : `${directory}/${kept}`),
        bytes,
      );
      await goesOn(exporter);
      assert.equal((await health(exporter)).status, "ok");
    });
    // the new one is a good one
    await withExporter({ directory }, async (exporter) => {
      assert.ok((await exporter.metrics()).get(SUCCESS)! >= 2);
      assert.ok(!exporter.log.some((line) => line.includes("level=error")));
    });
  });
});

Deno.test("a file of a newer version is refused and left alone", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/${DEFAULT_FILE}`;
    const db = new DatabaseSync(path);
    db.exec("create table t (x); pragma user_version = 1000");
    db.close();
    const before = await Deno.readFile(path);
    const { code, text } = await refused(configOf(), { cwd: directory });
    assert.equal(code, 2, text);
    assert.match(text, /Cannot use .*openport-exporter\.db: .*newer/);
    assert.deepEqual(await Deno.readFile(path), before);
    assert.deepEqual(filesIn(directory), [DEFAULT_FILE]);
  });
});

Deno.test("an empty path keeps nothing and is no trouble", async () => {
  await inDirectory(async (directory) => {
    const options = { directory, config: configOf('state: { path: "" }\n') };
    await withExporter(options, async (exporter) => {
      await goesOn(exporter);
      assert.equal((await health(exporter)).status, "ok");
    });
    assert.deepEqual(filesIn(directory), ["config.yaml"]);
    await withExporter(options, async (exporter) => {
      await exporter.until((now) => (now.get(SUCCESS) ?? 0) >= 1, { seconds: 10, what: "a scan" });
      assert.ok((await exporter.metrics()).get(SUCCESS)! <= 2);
    });
  });
});

Deno.test({
  name: "a full disk stops neither scans nor pages, and what happened meanwhile is stored later",
  ignore: !canMount,
  fn: async () => {
    await inDirectory(async (disk) => {
      await inDirectory(async (directory) => {
        const config = configOf(`state: { path: ${disk}/state.db }\n`);
        const changed =
          'port_state_changes_total{target="127.0.0.1/32",change_type="closed_to_open"}';
        await using fake = await makeFakeNmap(undefined, {
          scenario: { hosts: { "127.0.0.1": { tcp: [22, 80] } } },
        });
        const start = () => Exporter.start({ config, directory, pathPrefix: fake.dir });
        {
          await using exporter = await start();
          await goesOn(exporter);
          fill(`${disk}/ballast`);
          await until(async () => (await health(exporter)).status === "degraded", 25);
          assert.match((await health(exporter)).reasons!.join(), /waits in memory.*full/);
          await fake.set({ hosts: { "127.0.0.1": { tcp: [22, 80, 90] } } });
          await exporter.until((now) => now.get(changed) === 1, {
            seconds: 10,
            what: "a change is counted",
          });
          await fake.set({ hosts: { "127.0.0.1": { tcp: [22, 80] } } });
          await exporter.until((now) => now.get(OPEN) === 2, { seconds: 10, what: "it closes" });
          await goesOn(exporter);
          const { changes } = JSON.parse(await exporter.get("/v1/changes"));
          assert.equal(changes.length, 2);
          assert.equal(
            exporter.log.filter((line) => line.includes("waits in memory")).length,
            1,
            "said once",
          );
          await Deno.remove(`${disk}/ballast`);
          await until(async () => (await health(exporter)).status === "ok", 10);
          exporter.kill("SIGKILL");
          await exporter.ended();
        }
        await using exporter = await start();
        assert.equal((await exporter.metrics()).get(changed), 1);
        assert.equal(JSON.parse(await exporter.get("/v1/changes")).changes.length, 2);
      });
    }, { mount: "size=1m" });
  },
});

Deno.test("a state file that is deleted is said, and so is one that may not grow; neither ends anything", async () => {
  await inDirectory(async (directory) => {
    await withExporter({ directory }, async (exporter) => {
      await goesOn(exporter);
      const file = `${directory}/${DEFAULT_FILE}`;
      await Deno.rename(file, `${file}.away`);
      await until(async () => (await health(exporter)).status === "degraded", 10);
      assert.match((await health(exporter)).reasons!.join(), /waits in memory.*deleted or moved/);
      await goesOn(exporter);
      await Deno.rename(`${file}.away`, file);
      await until(async () => (await health(exporter)).status === "ok", 10);

      const size = (await Deno.stat(`${file}-wal`)).size;
      const limit = (bytes: number | "unlimited") =>
        command("prlimit", `--fsize=${bytes}:`, `--pid=${exporter.pid}`);
      assert.ok(await limit(size));
      await until(async () => (await health(exporter)).status === "degraded", 10);
      await goesOn(exporter);
      assert.ok(await limit("unlimited"));
      await until(async () => (await health(exporter)).status === "ok", 10);
    });
  });
});

/** Writes a file until no space is left. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch (error) {
      assert.match(String(error), /No space left/);
    }
  }
}

function filesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

async function until(check: () => Promise<boolean>, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!await check()) {
    assert.ok(performance.now() < deadline, `not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
