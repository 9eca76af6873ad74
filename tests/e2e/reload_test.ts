import assert from "node:assert/strict";
import { Exporter, type ExporterOptions, parseSamples } from "../support/exporter.ts";
import { type FakeNmap, type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";

/** While the other exporters of that test wait 30 s. */
const RELOADS = 2000;

const SUCCESSFUL = "openport_config_last_reload_successful";
const RELOADED_AT = "openport_config_last_reload_success_timestamp_seconds";

const success = (target: string) =>
  `scans_successful_total{target="${target}/32",port_range="1-100",protocol="tcp"}`;

/** Configuration with ports 1 to 100, scanned once an hour unless told otherwise. */
function configOf(targets: readonly string[], more = "", rest = ""): string {
  return `scanning: { interval: 3600, port_range: "1-100", ${more} }\n${rest}` +
    `targets: [${targets.join(", ")}]\n`;
}

/** Runs with an exporter whose configuration can be written anew. */
async function withExporter(
  { scenario, ...options }: ExporterOptions & { scenario?: FakeScenario },
  run: (rig: {
    exporter: Exporter;
    fake: FakeNmap;
    write: (config: string) => Promise<void>;
    reload: (headers?: HeadersInit) => Promise<{ status: number; body: ReloadBody }>;
  }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-reload-" });
  try {
    await using fake = await makeFakeNmap(undefined, {
      scenario: scenario ?? { otherwise: { tcp: [22] } },
    });
    await using exporter = await Exporter.start({ ...options, directory, pathPrefix: fake.dir });
    await run({
      exporter,
      fake,
      write: (config) => Deno.writeTextFile(`${directory}/config.yaml`, config),
      reload: async (headers = {}) => {
        const response = await fetch(`${exporter.url}/-/reload`, { method: "POST", headers });
        return { status: response.status, body: await response.json() };
      },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface ReloadBody {
  readonly status: string;
  readonly message: string;
  readonly details?: { readonly problems?: readonly string[] };
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** What a page says of targets and addresses, without the exporter's own. */
function projections(samples: Map<string, number>): string[] {
  return [...samples].filter(([name]) => name.includes("target=") || name.includes("ip="))
    .map((sample) => sample.join(" "));
}

for (const way of ["SIGHUP", "POST"] as const) {
  Deno.test(`a bad file changes nothing by ${way} and is plain to see, and a good one applies`, async () => {
    await withExporter({ config: configOf(["127.0.0.1"]) }, async ({ exporter, write, reload }) => {
      const before = await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
        seconds: 20,
        what: "it is scanned",
      });
      assert.equal(before.get(SUCCESSFUL), 1);
      const effective = await exporter.get("/config");
      const ask = async () => {
        if (way === "POST") return await reload();
        exporter.kill("SIGHUP");
        return undefined;
      };

      await write(
        'scanning: { interval: 0, worker_cout: 3 }\ntargets: [127.0.0.1, "127.0.0.256"]\n',
      );
      const refused = await ask();
      const bad = await exporter.until((now) => now.get(SUCCESSFUL) === 0, {
        seconds: 5,
        what: "the metric says so",
      });
      assert.equal(bad.get(RELOADED_AT), before.get(RELOADED_AT));
      assert.deepEqual(projections(bad), projections(before));
      assert.equal(await exporter.get("/config"), effective);
      const said = exporter.log.filter((line) => line.includes("level=error"));
      assert.equal(said.length, 3, said.join("\n"));
      if (refused !== undefined) {
        assert.equal(refused.status, 500);
        assert.equal(refused.body.details?.problems?.length, 3);
        assert.match(
          refused.body.details!.problems!.join("\n"),
          /config\.yaml:1:\d+: scanning\.interval/,
        );
        assert.match(refused.body.details!.problems!.join("\n"), /did you mean/);
      }

      await write(configOf(["127.0.0.1", "127.0.0.2"]));
      assert.equal((await ask())?.status ?? 200, 200);
      const good = await exporter.until((now) => now.get(success("127.0.0.2")) === 1, {
        seconds: 5,
        what: "the new target is scanned",
      });
      assert.equal(good.get(SUCCESSFUL), 1);
      assert.ok(good.get(RELOADED_AT)! > before.get(RELOADED_AT)!);
      assert.equal(good.get(success("127.0.0.1")), 1, "what stays keeps its turn");
      assert.match(await exporter.get("/config"), /127\.0\.0\.2/);
    });
  });
}

Deno.test("everything that can change while the program runs does", async () => {
  await withExporter({ config: configOf(["127.0.0.1"]) }, async ({ exporter, write, reload }) => {
    await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
      seconds: 20,
      what: "it is scanned",
    });
    await write(
      configOf(
        ["127.0.0.1", "127.0.0.2"],
        "interval: 1, worker_count: 3, task_queue_size: 50, duration_metrics: true, rate_limit: 1",
        "auth: { basic: { username: one, password: pass-one } }\n",
      ).replace("interval: 3600, ", ""),
    );
    assert.equal((await reload()).status, 200);
    // who is let in
    assert.equal((await reload()).status, 401);
    const asOne = { Authorization: `Basic ${btoa("one:pass-one")}` };
    const page = async () => parseSamples(await exporter.get("/metrics", asOne));
    await (await fetch(`${exporter.url}/metrics`)).body?.cancel();
    let samples = await page();
    assert.equal(
      samples.get('openport_workers{state="idle"}')! +
        samples.get('openport_workers{state="busy"}')!,
      3,
    );
    assert.equal(samples.get("openport_task_queue_capacity"), 50);
    assert.ok([...samples.keys()].some((name) => name.startsWith("scan_duration_histogram")));
    const query = async () => {
      const response = await fetch(`${exporter.url}/query?ip=127.0.0.9&ports=1-5`, {
        headers: asOne,
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await query(), 200);
    assert.equal(await query(), 429);
    // the interval is a second now, without a turn made up or missed
    await pause(3);
    samples = await page();
    for (const target of ["127.0.0.1", "127.0.0.2"]) {
      const scans = samples.get(success(target))!;
      assert.ok(scans >= 3 && scans <= 6, `${target}: ${scans}`);
    }
    const skipped = [...samples].filter(([name]) =>
      name.startsWith("openport_scans_skipped_total")
    );
    assert.ok(skipped.every(([, value]) => value <= 1), JSON.stringify(skipped));

    await write(configOf(
      ["127.0.0.1"],
      "worker_count: 1, rate_limit: 0",
      "auth: { basic: { username: two, password: pass-two } }\n",
    ));
    assert.equal((await reload(asOne)).status, 200);
    assert.equal((await reload(asOne)).status, 401);
    const asTwo = { Authorization: `Basic ${btoa("two:pass-two")}` };
    await pause(0.5);
    samples = parseSamples(await exporter.get("/metrics", asTwo));
    assert.ok(![...samples.keys()].some((name) => name.includes("127.0.0.2")));
    assert.ok(![...samples.keys()].some((name) => name.startsWith("scan_duration")));
    assert.equal(samples.get('openport_workers{state="idle"}'), 1);
    await pause(2);
    const later = parseSamples(await exporter.get("/metrics", asTwo));
    assert.equal(later.get(success("127.0.0.1")), samples.get(success("127.0.0.1")));
    assert.ok(!exporter.log.some((line) => line.includes("pass-")));
  });
});

Deno.test("a target that leaves takes its page, its waiting tasks and its running scan with it", async () => {
  const config = configOf(["127.0.0.1", "127.0.0.2"], "worker_count: 1");
  const scenario = { otherwise: { tcp: [22] } };
  await withExporter({ config, scenario }, async ({ exporter, fake, write, reload }) => {
    await exporter.until((now) => now.get('open_ports_total{ip="127.0.0.2"}') === 1, {
      seconds: 20,
      what: "both are scanned",
    });
    // one runs, one waits
    await fake.set({ ...scenario, delayMs: 1500 });
    for (const ip of ["127.0.0.1", "127.0.0.2"]) {
      const response = await fetch(`${exporter.url}/query?ip=${ip}&ports=1-100`);
      assert.equal(response.status, 200, await response.text());
    }
    await pause(0.5);
    assert.equal((await exporter.metrics()).get("task_queue_size"), 1);
    await write(configOf(["127.0.0.3"], "worker_count: 1"));
    assert.equal((await reload()).status, 200);
    const samples = await exporter.metrics();
    const gone = (now: Map<string, number>) =>
      [...now.keys()].filter((name) => /127\.0\.0\.[12]\b/.test(name));
    assert.deepEqual(gone(samples), []);
    // what ran is being ended, in the one slot there is, and the new target waits, or follows already
    assert.ok(samples.get("task_queue_size")! <= 1);
    const later = await exporter.until((now) => now.get(success("127.0.0.3")) === 1, {
      seconds: 10,
      what: "the new target is scanned",
    });
    assert.deepEqual(gone(later), []);
    const scanned = (await fake.scans()).map((args) => args.at(-1));
    assert.deepEqual(scanned, ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3"]);
    const { changes } = JSON.parse(await exporter.get("/v1/changes"));
    assert.deepEqual(changes, []);
  });
});

Deno.test("a target that comes back while its old scan still runs is scanned anew", async () => {
  const scenario = { otherwise: { tcp: [22] }, delayMs: 1000 };
  await withExporter({ config: configOf(["127.0.0.1"]), scenario }, async (rig) => {
    const { exporter, fake, write, reload } = rig;
    while ((await fake.scans()).length === 0) await pause(0.05);
    for (const target of ["127.0.0.2", "127.0.0.1"]) {
      await write(configOf([target]));
      assert.equal((await reload()).status, 200);
    }
    const samples = await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
      seconds: 5,
      what: "it is scanned",
    });
    assert.equal(samples.get('open_ports_total{ip="127.0.0.1"}'), 1);
  });
});

Deno.test("another scan technique is tried at once on what could not be scanned", async () => {
  const scenario = { otherwise: { tcp: [22] }, raw: false };
  const config = configOf(["127.0.0.1"], "scan_technique: syn");
  await withExporter({ config, scenario }, async ({ exporter, write, reload }) => {
    const failed = success("127.0.0.1").replace("successful", "failed")
      .replace("}", ',error_type="permission"}');
    await exporter.until((now) => now.get(failed) === 1, { seconds: 20, what: "it fails" });
    await write(configOf(["127.0.0.1"], "scan_technique: connect"));
    assert.equal((await reload()).status, 200);
    await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
      seconds: 5,
      what: "it is scanned",
    });
  });
});

Deno.test("a target's own scan technique is tried at once on what could not be scanned", async () => {
  const scenario = { otherwise: { tcp: [22] }, raw: false };
  const own = (technique: string) =>
    configOf([`{ target: 127.0.0.1, scanning: { scan_technique: ${technique} } }`]);
  await withExporter({ config: own("syn"), scenario }, async ({ exporter, write, reload }) => {
    const failed = success("127.0.0.1").replace("successful", "failed")
      .replace("}", ',error_type="permission"}');
    await exporter.until((now) => now.get(failed) === 1, { seconds: 20, what: "it fails" });
    const warnings = exporter.log.filter((line) => line.includes("SYN scans fail"));
    assert.equal(warnings.length, 1, exporter.log.join("\n"));
    assert.match(await exporter.get("/healthz"), /degraded.*raw sockets/);
    await write(own("connect"));
    assert.equal((await reload()).status, 200);
    await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
      seconds: 5,
      what: "it is scanned",
    });
    assert.doesNotMatch(await exporter.get("/healthz"), /degraded/);
  });
});

Deno.test("what is excluded is never scanned, whoever asks, and leaves the page", async () => {
  const config = (exclude: string) => configOf(["127.0.0.0/30"], `exclude: [${exclude}]`);
  await withExporter({ config: config("127.0.0.1, 127.0.0.5") }, async (rig) => {
    const { exporter, fake, write, reload } = rig;
    const hosts = async (expected: string) => {
      const shown = (samples: Map<string, number>) =>
        [...samples.keys()].flatMap((name) =>
          /^open_ports_total\{ip="127\.0\.0\.(\d+)"/.exec(name)?.[1] ?? []
        );
      await exporter.until((now) => shown(now).join() === expected, {
        seconds: 20,
        what: `the page has ${expected}`,
      });
    };
    await hosts("0,2,3");
    const asked = await fetch(`${exporter.url}/query?ip=127.0.0.4/30&ports=22`);
    const { details } = await asked.json();
    assert.deepEqual([details.queued, details.excluded_addresses], [2, 1]);
    await hosts("0,2,3,4,6,7");
    const refused = await fetch(`${exporter.url}/query?ip=127.0.0.5&ports=22`);
    assert.equal(refused.status, 403);
    await refused.body?.cancel();
    await write(config("127.0.0.1, 127.0.0.2, 127.0.0.5"));
    assert.equal((await reload()).status, 200);
    await hosts("0,3,4,6,7");
    await exporter.until((now) => now.get(success("127.0.0.3")) === 1, {
      seconds: 20,
      what: "what is left of the target is scanned",
    });
    const scanned = (await fake.scans()).flatMap((args) => args.slice(args.indexOf("--") + 1));
    for (const address of ["127.0.0.1", "127.0.0.5"]) assert.ok(!scanned.includes(address));
  });
});

Deno.test("what needs a restart is refused and said, and nothing of the file applies", async () => {
  const listen = "server: { address: 127.0.0.1, port: 0 }\n";
  const options = { config: configOf(["127.0.0.1"], "", listen), listenFlag: false };
  await withExporter(options, async ({ exporter, write, reload }) => {
    await exporter.until((now) => now.get(success("127.0.0.1")) === 1, {
      seconds: 20,
      what: "it is scanned",
    });
    const before = await exporter.get("/config");
    const cases: [rest: string, problems: RegExp[]][] = [
      ["server: { address: 127.0.0.1, port: 9920 }\n", [/server\.port: .*restart/]],
      ["server: { address: 127.0.0.2, port: 1 }\nstate: { path: other.db }\n", [
        /server\.address: .*restart/,
        /server\.port: .*restart/,
        /state\.path: .*restart/,
      ]],
      [`${listen}state: { path: "" }\n`, [/state\.path: .*restart/]],
    ];
    for (const [rest, problems] of cases) {
      await write(configOf(["127.0.0.2"], "worker_count: 2", rest));
      const { status, body } = await reload();
      assert.equal(status, 500);
      assert.equal(body.details?.problems?.length, problems.length, JSON.stringify(body));
      problems.forEach((problem, index) => assert.match(body.details!.problems![index]!, problem));
      assert.equal(await exporter.get("/config"), before);
      const samples = await exporter.metrics();
      assert.equal(samples.get(SUCCESSFUL), 0);
      assert.equal(samples.get(success("127.0.0.1")), 1);
    }
    // written out, but the same
    await write(configOf(["127.0.0.2"], "", `${listen}state: { path: openport-exporter.db }\n`));
    assert.equal((await reload()).status, 200);
  });
});

Deno.test("without auth a reload is for this machine only, and not through a proxy", async () => {
  await withExporter({ config: configOf(["127.0.0.1"]) }, async ({ exporter, write, reload }) => {
    const statuses = [];
    for (
      const headers of [{}, { "X-Forwarded-For": "127.0.0.1" }, { Forwarded: "for=127.0.0.1" }]
    ) {
      statuses.push((await reload(headers as HeadersInit)).status);
    }
    assert.deepEqual(statuses, [200, 403, 403]);
    await write(configOf(["127.0.0.1"], "", "auth: { basic: { username: u, password: pass } }\n"));
    assert.equal((await reload()).status, 200);
    const user = { Authorization: `Basic ${btoa("u:pass")}`, "X-Forwarded-For": "192.0.2.1" };
    assert.equal((await reload(user)).status, 200);
    const get = await fetch(`${exporter.url}/-/reload`, { headers: user });
    await get.body?.cancel();
    assert.equal(get.status, 405);
  });
});

Deno.test("thousands of reloads under load lose no scan and leak nothing; a changed file reloads itself, an emptied one opens nothing", async () => {
  const targets = Array.from({ length: 20 }, (_, n) => `127.0.0.${n + 1}`);
  const fast = (list: readonly string[], more: string) =>
    configOf(list, `interval: 2, ${more}`).replace("interval: 3600, ", "");
  const one = fast(targets, "min_rate: 500, worker_count: 10");
  const two = fast([...targets.toReversed(), "127.0.0.100/30"], "min_rate: 900, worker_count: 4");

  const itself = withExporter(
    { config: configOf(["127.0.0.1"]), flags: ["--config.enable-auto-reload"] },
    async ({ exporter, write }) => {
      await write(configOf(["127.0.0.1", "127.0.0.2"]));
      await exporter.until((now) => now.get(success("127.0.0.2")) === 1, {
        seconds: 40,
        what: "the new target is scanned",
      });
    },
  );
  const emptied = withExporter(
    {
      config: "auth: { basic: { username: ops, password: sesame-street } }\n",
      flags: ["--config.enable-auto-reload"],
    },
    async ({ exporter, write }) => {
      await write("");
      const refusal = () => exporter.log.some((line) => /Cannot let everybody in/.test(line));
      for (let seconds = 0; !refusal() && seconds < 40; seconds++) await pause(1);
      assert.ok(refusal(), exporter.log.join("\n"));
      const answer = await fetch(`${exporter.url}/metrics`);
      await answer.body?.cancel();
      assert.equal(answer.status, 401);
    },
  );
  await withExporter({ config: one }, async ({ exporter, write, reload }) => {
    const counts = (now: Map<string, number>) =>
      targets.map((target) => now.get(success(target)) ?? 0);
    const first = await exporter.until((now) => counts(now).every((scans) => scans >= 1), {
      seconds: 30,
      what: "all are scanned",
    });
    const memory: number[] = [];
    let before = first;
    const began = performance.now();
    for (let n = 0; n < RELOADS; n++) {
      await write(n % 2 === 0 ? two : one);
      const { status, body } = await reload();
      assert.equal(status, 200, JSON.stringify(body));
      if ((n + 1) % (RELOADS / 4) !== 0) continue;
      const samples = await exporter.metrics();
      memory.push(samples.get("process_resident_memory_bytes")! / 1e6);
      before.forEach((value, name) => {
        if (!name.startsWith("scans_successful_total") || name.includes("127.0.0.100")) return;
        assert.ok(samples.get(name)! >= value, name);
      });
      before = samples;
    }
    const seconds = (performance.now() - began) / 1000;
    // all of them have gone on, and go on
    const during = counts(before).map((scans, index) => scans - counts(first)[index]!);
    assert.ok(during.every((scans) => scans >= Math.floor(seconds / 5)), `${seconds} s: ${during}`);
    await exporter.until(
      (now) => counts(now).every((scans, index) => scans > counts(before)[index]! + 1),
      { seconds: 20, what: "all are scanned on" },
    );
    // It levels off; a leak of 50 KB a reload would show.
    assert.ok(memory.at(-1)! < memory[1]! + 50, `${memory.map(Math.round)} MB`);
    assert.ok(!exporter.log.some((line) => line.includes("level=error")));
  });
  await Promise.all([itself, emptied]);
});
