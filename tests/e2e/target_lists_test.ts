import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { samplesOf } from "../support/samples_of.ts";

type Samples = ReadonlyMap<string, number>;

/** A change of a file is in use after two to four seconds; the rest is for a busy machine. */
const FILE_SECONDS = 6;

const scanned = (samples: Samples) =>
  Object.entries(samplesOf(samples, "scans_successful_total", "target", "port_range"))
    .filter(([, n]) => n >= 1).map(([key]) => key).sort();
const info = (samples: Samples) =>
  [...samples.keys()].filter((name) => name.startsWith("openport_target_info{"))
    .map((name) => name.slice("openport_target_info".length)).sort();
const failing = (samples: Samples) => samples.get("openport_target_lists_failing");
const health = async (exporter: Exporter) => JSON.parse(await exporter.get("/healthz"));

/** Runs with an exporter that can be started again in the same folder. */
async function withFolder(
  run: (rig: { directory: string; start: (config: string) => Promise<Exporter> }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-lists-" });
  try {
    await using fake = await makeFakeNmap(undefined, { scenario: { otherwise: { tcp: [22] } } });
    await run({
      directory,
      start: (config) => Exporter.start({ config, directory, pathPrefix: fake.dir }),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("targets from files are scanned with their labels, follow the files, and outlive a broken one", async () => {
  await withFolder(async ({ directory, start }) => {
    const config = `scanning: { interval: 3600, port_range: "1-100" }
targets: [127.0.77.1]
targets_files: ["lists/*.json", more.yaml]
`;
    const write = (path: string, text: string) => Deno.writeTextFile(`${directory}/${path}`, text);
    await Deno.mkdir(`${directory}/lists`);
    const shop = (...targets: string[]) =>
      JSON.stringify([{
        targets,
        labels: {
          __openport_name: "shop",
          __openport_port_range: "22,443",
          __openport_expected_ports: "22",
          __meta_whatever: "dropped",
          env: "prod",
        },
      }]);
    await write("lists/shop.json", shop("127.0.77.2"));
    await write("more.yaml", "- targets: [127.0.77.3]\n  labels: { rack: 7, name: third }\n");
    const three = ["127.0.77.1/32 1-100", "127.0.77.2/32 22,443", "127.0.77.3/32 1-100"];
    const four = [three[0]!, three[1]!, three[2]!, "127.0.77.4/32 22,443"];
    {
      await using exporter = await start(config);
      const page = (
        check: (samples: Map<string, number>) => boolean,
        what: string,
        seconds = FILE_SECONDS,
      ) => exporter.until(check, { seconds, what });
      const first = await page((now) => scanned(now).length === 3, "all are scanned", 20);
      assert.deepEqual(scanned(first), three);
      assert.deepEqual(info(first), [
        '{name="127.0.77.1"}',
        '{name="127.0.77.3",label_name="third",rack="7"}',
        '{name="shop",env="prod"}',
      ]);
      assert.equal(failing(first), 0);
      assert.equal((await health(exporter)).status, "ok");

      await write("lists/shop.json", shop("127.0.77.2", "127.0.77.4"));
      const more = await page((now) => scanned(now).length === 4, "the new one is scanned");
      assert.deepEqual(scanned(more), four);
      const stays =
        'scans_successful_total{target="127.0.77.2/32",port_range="22,443",protocol="tcp"}';
      assert.equal(more.get(stays), 1, "what stays keeps its turn");

      await write("lists/shop.json", '[{"targets": ["127.0.77.2"');
      const broken = await page((now) => failing(now) === 1, "it is said");
      assert.deepEqual(scanned(broken), four);
      assert.deepEqual(info(broken), info(more));
      const { status, reasons } = await health(exporter);
      assert.equal(status, "degraded");
      assert.match(reasons.join(), /shop\.json:1:\d+: Cannot read JSON.*last list is still used/);

      await Deno.remove(`${directory}/more.yaml`);
      const gone = await page((now) => failing(now) === 2, "the absence is said");
      assert.deepEqual(scanned(gone), four);
    }
    {
      await using exporter = await start(config);
      const restarted = await exporter.until((now) => failing(now) === 2, {
        seconds: FILE_SECONDS,
        what: "both are still told",
      });
      assert.deepEqual(scanned(restarted), four);
      assert.equal(samplesOf(restarted, "openport_policy_unknown_ports", "name")["shop"], 0);
      assert.equal((await health(exporter)).status, "degraded");

      await write("lists/shop.json", "[]");
      await write("more.yaml", "- targets: [127.0.77.3, 127.0.77.5]\n");
      const good = await exporter.until(
        (now) => failing(now) === 0 && scanned(now).length === 3,
        { seconds: FILE_SECONDS, what: "the new lists are in use" },
      );
      assert.deepEqual(scanned(good), [three[0], three[2], "127.0.77.5/32 1-100"]);
      assert.ok([...good.keys()].every((name) => !/shop|127\.0\.77\.[24]/.test(name)));
      assert.equal((await health(exporter)).status, "ok");
    }
  });
});

Deno.test("a group of a list that is wrong is left out and told, and the others are scanned", async () => {
  await withFolder(async ({ directory, start }) => {
    await Deno.writeTextFile(
      `${directory}/list.yaml`,
      `- targets: [127.0.77.11, 127.0.77.12:22]
- targets: [127.0.77.13]
  labels: { __openport_port_rang: "1" }
- targets: [127.0.77.14]
  labels: { __openport_name: taken }
`,
    );
    await using exporter = await start(`scanning: { interval: 3600, port_range: "1-100" }
targets: [{ target: 127.0.77.15, name: taken }]
targets_files: [list.yaml]
`);
    const samples = await exporter.until((now) => scanned(now).length === 2, {
      seconds: 20,
      what: "the others are scanned",
    });
    assert.deepEqual(scanned(samples), ["127.0.77.11/32 1-100", "127.0.77.15/32 1-100"]);
    const { status, reasons } = await health(exporter);
    assert.equal(status, "degraded");
    assert.equal(reasons.length, 3, reasons.join("\n"));
    assert.match(reasons.join("\n"), /has a port[^]*did you mean[^]*its name is taken/);
  });
});

Deno.test("targets from a URL are scanned, follow it, and stay while it cannot be asked, across a restart too", async () => {
  await withFolder(async ({ start }) => {
    let targets = ["127.0.78.1"];
    let status = 200;
    const asked: Headers[] = [];
    const serve = (port = 0) =>
      Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
        asked.push(request.headers);
        return Response.json([{ targets, labels: { __openport_port_range: "22", dc: "a" } }], {
          status,
        });
      });
    let server = serve();
    const { port } = server.addr;
    const config = `scanning: { interval: 3600, port_range: "1-100" }
targets_http: [{ url: "http://127.0.0.1:${port}/sd?token=abc", refresh_interval: 1 }]
`;
    const one = ["127.0.78.1/32 22"];
    const two = ["127.0.78.1/32 22", "127.0.78.2/32 22"];
    try {
      {
        await using exporter = await start(config);
        const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
          exporter.until(check, { seconds: 10, what });
        const first = await page((now) => scanned(now).length === 1, "it is scanned");
        assert.deepEqual([scanned(first), failing(first)], [one, 0]);
        assert.deepEqual(info(first), ['{name="127.0.78.1",dc="a"}']);
        assert.match(asked[0]!.get("user-agent")!, /^openport-exporter\//);

        targets = ["127.0.78.1", "127.0.78.2"];
        await page((now) => scanned(now).length === 2, "the new one is scanned");
        status = 500;
        targets = [];
        const wrong = await page((now) => failing(now) === 1, "the answer is told");
        assert.deepEqual(scanned(wrong), two);
        status = 200;
        targets = ["127.0.78.1", "127.0.78.2"];
        await page((now) => failing(now) === 0, "it answers again");

        await server.shutdown();
        const down = await page((now) => failing(now) === 1, "the silence is told");
        assert.deepEqual(scanned(down), two);
        const { status: said, reasons } = await health(exporter);
        assert.equal(said, "degraded");
        assert.match(reasons.join(), /Cannot read http:\/\/127.*last list is still used/);
        assert.ok(![...reasons, ...exporter.log].join().includes("abc"), "the token is not shown");
      }
      await using exporter = await start(config);
      const restarted = await exporter.until((now) => failing(now) === 1, {
        seconds: 10,
        what: "it is still told",
      });
      assert.deepEqual(scanned(restarted), two);
      targets = ["127.0.78.2"];
      server = serve(port);
      const back = await exporter.until((now) => failing(now) === 0 && scanned(now).length === 1, {
        seconds: 10,
        what: "the list is followed again",
      });
      assert.deepEqual(scanned(back), ["127.0.78.2/32 22"]);
    } finally {
      await server.shutdown();
    }
  });
});
