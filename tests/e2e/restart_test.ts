import assert from "node:assert/strict";
import { openStore } from "../../src/storage/open_store.ts";
import type { SavedHost, SavedRound } from "../../src/state/saved_state.ts";
import { Exporter } from "../support/exporter.ts";
import { type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";

const YEAR = 365 * 86_400_000;

/** Families that tell of the process and not of what is known. */
const OF_THE_PROCESS = /^(process_|openport_(exporter_build|http_requests|config_|nmap_info))/;

const key = (target: string, ports = "1-100") =>
  `{target="${target}",port_range="${ports}",protocol="tcp"}`;
const success = (target: string, ports?: string) => `scans_successful_total${key(target, ports)}`;
const closings = (target: string) =>
  `port_state_changes_total{target="${target}",change_type="open_to_closed"}`;
const openings = (target: string) =>
  `port_state_changes_total{target="${target}",change_type="closed_to_open"}`;

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-restart-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function known(samples: Map<string, number>): Record<string, number> {
  return Object.fromEntries([...samples].filter(([name]) => !OF_THE_PROCESS.test(name)));
}

async function scanNow(exporter: Exporter, ip: string, ports: string): Promise<void> {
  const response = await fetch(`${exporter.url}/query?ip=${ip}&ports=${ports}`);
  assert.equal(response.status, 200, await response.text());
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Changes what an exporter that has ended left behind. */
function edit(
  directory: string,
  { round = (same) => same, host = (same) => same }: {
    round?: (round: SavedRound) => SavedRound;
    host?: (host: SavedHost) => SavedHost;
  },
): void {
  const { store } = openStore(`${directory}/openport-exporter.db`, { wallClock: Date.now });
  const { hosts, rounds } = store.load();
  store.save({ hosts: [...hosts].map(host), rounds: [...rounds].map(round) });
  store.close();
}

const HOSTS: FakeScenario = {
  hosts: {
    "127.0.0.1": { tcp: [22, 80] },
    "127.0.1.1": { tcp: [53] },
    "127.0.1.2": { state: "down" },
  },
};

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`everything on the page is there again at the first scrape after ${signal}`, async () => {
    await inDirectory(async (directory) => {
      await using fake = await makeFakeNmap(undefined, { scenario: HOSTS });
      const config = 'scanning: { interval: 3600, port_range: "1-100", duration_metrics: true }\n' +
        'targets: [127.0.0.1, 127.0.1.0/30, "::1"]\n';
      const start = () => Exporter.start({ config, directory, pathPrefix: fake.dir });
      let page: Record<string, number>;
      {
        await using exporter = await start();
        await exporter.until(
          (now) =>
            ["127.0.0.1/32", "127.0.1.0/30", "::1/128"].every((t) => now.get(success(t)) === 1),
          { seconds: 20, what: "all are scanned" },
        );
        await fake.set({ ...HOSTS, hosts: { ...HOSTS.hosts, "127.0.0.1": { tcp: [22, 25] } } });
        await scanNow(exporter, "127.0.0.1", "1-100");
        await scanNow(exporter, "127.0.2.1", "1-50");
        await exporter.until(
          (now) =>
            now.get(success("127.0.0.1/32")) === 2 &&
            now.get(success("127.0.2.1/32", "1-50")) === 1,
          { seconds: 20, what: "the requests are done" },
        );
        await fake.set({ ...HOSTS, fault: "dies" });
        await scanNow(exporter, "127.0.1.0/30", "1-100");
        const failed = `scans_failed_total${key("127.0.1.0/30").slice(0, -1)},error_type="killed"}`;
        page = known(
          await exporter.until((now) => now.get(failed) === 1, {
            seconds: 20,
            what: "the failure is counted",
          }),
        );
        exporter.kill(signal);
        await exporter.ended();
      }
      assert.equal(page['open_port_status{ip="127.0.0.1",port="80",protocol="tcp"}'], 0);
      assert.equal(page['nmap_host_down_count{target="127.0.1.0/30"}'], 1);
      assert.deepEqual([page[openings("127.0.0.1/32")], page[closings("127.0.0.1/32")]], [1, 1]);

      // what closes while nobody looks
      await fake.set({ ...HOSTS, hosts: { ...HOSTS.hosts, "127.0.0.1": { tcp: [25] } } });
      const scans = (await fake.scans()).length;
      await using exporter = await start();
      assert.deepEqual(known(await exporter.metrics()), page);
      await pause(1.5);
      assert.equal((await fake.scans()).length, scans, "nothing is due");
      assert.deepEqual(known(await exporter.metrics()), page);
      await scanNow(exporter, "127.0.0.1", "1-100");
      const after = await exporter.until((now) => now.get(success("127.0.0.1/32")) === 3, {
        seconds: 20,
        what: "it is scanned",
      });
      assert.deepEqual(
        [after.get(openings("127.0.0.1/32")), after.get(closings("127.0.0.1/32"))],
        [1, 2],
      );
      assert.equal(after.get('open_port_status{ip="127.0.0.1",port="22",protocol="tcp"}'), 0);
    });
  });

  Deno.test(`a scan that ${signal} cut off is begun again at once, and no other`, async () => {
    await inDirectory(async (directory) => {
      const slow: FakeScenario = {
        hosts: { "127.0.0.1": { tcp: [22] } },
        delayMs: 3000,
      };
      await using fake = await makeFakeNmap(undefined, { scenario: { ...slow, delayMs: 0 } });
      const config = (targets: string) =>
        `scanning: { interval: 3600, port_range: "1-100" }\ntargets: [${targets}]\n`;
      {
        await using exporter = await Exporter.start({
          config: config("127.0.0.2"),
          directory,
          pathPrefix: fake.dir,
        });
        await exporter.until((now) => now.get(success("127.0.0.2/32")) === 1, {
          seconds: 20,
          what: "one is scanned",
        });
        await fake.set(slow);
        await Deno.writeTextFile(`${directory}/config.yaml`, config("127.0.0.1, 127.0.0.2"));
        exporter.kill("SIGHUP");
        while ((await fake.scans()).length < 2) await pause(0.05);
        exporter.kill(signal);
        await exporter.ended();
      }
      await fake.set({ ...slow, delayMs: 0 });
      await using exporter = await Exporter.start({
        config: config("127.0.0.1, 127.0.0.2"),
        directory,
        pathPrefix: fake.dir,
      });
      const samples = await exporter.until((now) => now.get(success("127.0.0.1/32")) === 1, {
        seconds: 5,
        what: "it is scanned again",
      });
      assert.equal(samples.get(success("127.0.0.2/32")), 1);
      assert.equal(samples.get(openings("127.0.0.1/32")), 0);
      assert.equal((await fake.scans()).length, 3);
    });
  });
}

Deno.test("what became due while down is spread, and no turn counts as skipped", async () => {
  await inDirectory(async (directory) => {
    await using fake = await makeFakeNmap(undefined, { scenario: {} });
    const targets = Array.from({ length: 20 }, (_, n) => `127.0.0.${n + 1}`);
    const config = `scanning: { interval: 60, port_range: "1-100" }\ntargets: [${targets}]\n`;
    {
      await using exporter = await Exporter.start({ config, directory, pathPrefix: fake.dir });
      await exporter.until(
        (now) => targets.every((target) => now.get(success(`${target}/32`)) === 1),
        { seconds: 20, what: "all are scanned" },
      );
    }
    const before = (await fake.scans()).length;
    edit(directory, { round: (round) => ({ ...round, dueAt: round.dueAt - 3_600_000 }) });
    await using exporter = await Exporter.start({ config, directory, pathPrefix: fake.dir });
    const scans = async () => (await fake.scans()).length - before;
    // a tenth of the interval: one every 0.3 s
    await pause(2);
    const soon = await scans();
    assert.ok(soon >= 3 && soon <= 15, `${soon}`);
    const samples = await exporter.until(
      (now) => targets.every((target) => now.get(success(`${target}/32`))! >= 2),
      { seconds: 8, what: "all are scanned again" },
    );
    const skipped = [...samples].filter(([name]) =>
      name.startsWith("openport_scans_skipped_total")
    );
    assert.ok(skipped.every(([, value]) => value === 0));
  });
});

Deno.test("a clock that was set back stops neither the schedule nor the state", async () => {
  await inDirectory(async (directory) => {
    await using fake = await makeFakeNmap(undefined, {
      scenario: { hosts: { "127.0.0.1": { tcp: [22, 80] } } },
    });
    const config = 'scanning: { interval: 2, port_range: "1-100" }\ntargets: [127.0.0.1]\n';
    {
      await using exporter = await Exporter.start({ config, directory, pathPrefix: fake.dir });
      await exporter.until((now) => now.get(success("127.0.0.1/32")) === 1, {
        seconds: 20,
        what: "it is scanned",
      });
    }
    edit(directory, {
      round: (round) => ({ ...round, dueAt: round.dueAt + YEAR }),
      host: (host) => ({
        ...host,
        firstSeen: host.firstSeen! + YEAR,
        lastSeen: host.lastSeen! + YEAR,
        layers: host.layers.map(([ports, takenAt]) => [ports, takenAt + YEAR] as const),
      }),
    });
    await fake.set({ hosts: { "127.0.0.1": { tcp: [80, 90] } } });
    await using exporter = await Exporter.start({ config, directory, pathPrefix: fake.dir });
    const samples = await exporter.until((now) => now.get(success("127.0.0.1/32"))! >= 2, {
      seconds: 6,
      what: "it is scanned within its interval",
    });
    assert.deepEqual(
      [samples.get(openings("127.0.0.1/32")), samples.get(closings("127.0.0.1/32"))],
      [1, 1],
    );
  });
});

Deno.test("the history lists what real scans saw, newest first, and outlives the process", async () => {
  await inDirectory(async (directory) => {
    const { port, start, stop } = toggledPort();
    const flags = ["--log.level=debug"];
    const config = `scanning: { interval: 1, port_range: "${port}" }\ntargets: [127.0.0.1]\n`;
    const json = async (exporter: Exporter, path: string) =>
      await (await fetch(exporter.url + path)).json();
    let changes: Record<string, unknown>[];
    {
      await using exporter = await Exporter.start({ config, directory, flags });
      const scanned = (change: string, count: number) =>
        exporter.until(
          (now) =>
            now.get(`port_state_changes_total{target="127.0.0.1/32",change_type="${change}"}`) ===
              count,
          { seconds: 15, what: `${count} times ${change}` },
        );
      await exporter.until((now) => now.get('open_ports_total{ip="127.0.0.1"}') === 0, {
        seconds: 15,
        what: "the first scan",
      });
      start();
      await scanned("closed_to_open", 1);
      stop();
      await scanned("open_to_closed", 1);
      ({ changes } = await json(exporter, "/v1/changes"));
    }
    const what = { ip: "127.0.0.1", port, protocol: "tcp", target: "127.0.0.1/32" };
    assert.deepEqual(changes.map(({ time: _, ...change }) => change), [
      { ...what, from: "open", to: "closed" },
      { ...what, from: "closed", to: "open" },
    ]);
    const [closedAt, openedAt] = changes.map(({ time }) => Date.parse(String(time)));
    assert.ok(openedAt! < closedAt! && Math.abs(Date.now() - closedAt!) < 10_000);

    await using exporter = await Exporter.start({ config, directory });
    assert.deepEqual((await json(exporter, "/v1/changes")).changes, changes);
    assert.deepEqual((await json(exporter, "/v1/changes?limit=1")).changes, changes.slice(0, 1));
    const since = encodeURIComponent(String(changes[0]!["time"]));
    assert.deepEqual((await json(exporter, `/v1/changes?since=${since}`)).changes, [changes[0]]);
    const { host } = await json(exporter, "/v1/hosts/127.0.0.1");
    assert.equal(host.open_ports, 0);
    assert.equal(host.ports.length, 1);
    assert.equal(host.ports[0].state, "closed");
    assert.equal(host.ports[0].last_change, changes[0]!["time"]);
    assert.ok(host.ports[0].first_seen <= host.ports[0].last_seen);
    assert.ok(host.ports[0].last_seen < host.ports[0].last_change);
    const { hosts } = await json(exporter, "/v1/hosts?open=false");
    assert.deepEqual(hosts.map(({ ip }: { ip: string }) => ip), ["127.0.0.1"]);
  });
});

/** A port of loopback that can be opened and closed. */
function toggledPort() {
  let listener: Deno.Listener | undefined = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const stop = () => {
    listener?.close();
    listener = undefined;
  };
  const start = () => {
    const opened = listener = Deno.listen({ hostname: "127.0.0.1", port });
    (async () => {
      for await (const connection of opened) connection.close();
    })().catch(() => {});
  };
  stop();
  return { port, start, stop };
}
