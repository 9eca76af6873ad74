import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { wrapNmap } from "../support/nmap_wrapper.ts";
import { Namespace } from "../support/namespace.ts";
import { samplesOf } from "../support/samples_of.ts";

type Samples = ReadonlyMap<string, number>;

const status = (samples: Samples) => samplesOf(samples, "open_port_status", "ip", "port");
const successes = (samples: Samples) => samplesOf(samples, "scans_successful_total", "target");
const unresolved = (samples: Samples) =>
  Object.fromEntries(
    Object.entries(samplesOf(samples, "scans_failed_total", "error_type", "target"))
      .filter(([key]) => key.startsWith("unresolved "))
      .map(([key, value]) => [key.slice("unresolved ".length), value]),
  );

const CONFIG = `scanning: { interval: 1, port_range: "2201-2203" }
targets:
  - { target: web.test, name: web, expected_ports: "2201" }
`;

Deno.test("a host name is scanned at all its addresses, as they are now, and keeps the last when it does not resolve", async () => {
  await using namespace = await Namespace.make();
  const directory = await Deno.makeTempDir({ prefix: "openport-names-" });
  const start = () => Exporter.start({ through: namespace.through, directory, config: CONFIG });
  try {
    await namespace.listen({
      "127.0.74.1": [2201],
      "127.0.74.2": [2201, 2202],
      "127.0.74.3": [2203],
      "::1": [2202],
    });
    let last: Record<string, number>;
    {
      await namespace.setHosts({ "web.test": ["127.0.74.1", "127.0.74.2", "::1"] });
      await using exporter = await start();
      const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
        exporter.until(check, { seconds: 20, what });
      const all = await page(
        (now) =>
          Object.keys(successes(now)).length === 3 &&
          Object.values(successes(now)).every((n) => n >= 1),
        "all addresses are scanned",
      );
      assert.deepEqual(status(all), {
        "127.0.74.1 2201": 1,
        "127.0.74.2 2201": 1,
        "127.0.74.2 2202": 1,
        "::1 2202": 1,
      });
      assert.deepEqual(samplesOf(all, "openport_expected_port_missing", "name", "ip", "port"), {
        "web ::1 2201": 1,
      });

      await namespace.setHosts({ "web.test": ["127.0.74.2", "127.0.74.3"] });
      const moved = await page(
        (now) => successes(now)["127.0.74.3/32"]! >= 1,
        "the new address is scanned",
      );
      last = { "127.0.74.2 2201": 1, "127.0.74.2 2202": 1, "127.0.74.3 2203": 1 };
      assert.deepEqual(status(moved), last);
      assert.ok([...moved.keys()].every((name) => !/127\.0\.74\.1\b|::1/.test(name)));
      // an address that leaves is no port that closes
      assert.ok(!exporter.log.some((line) => line.includes("Port closed")));

      await namespace.setHosts({ "other.test": ["127.0.74.1"] });
      const lost = await page(
        (now) => Object.values(unresolved(now)).filter((n) => n >= 2).length === 2,
        "scans of both addresses fail twice",
      );
      assert.deepEqual(Object.keys(unresolved(lost)), ["127.0.74.2/32", "127.0.74.3/32"]);
      assert.deepEqual(status(lost), last);
      assert.equal(lost.get("openport_target_names_unresolved"), 1);
      assert.equal(samplesOf(lost, "openport_policy_unknown_ports", "name")["web"], 2);
      assert.deepEqual(samplesOf(lost, "openport_expected_port_missing", "ip"), {});
      assert.match(await exporter.get("/healthz"), /degraded.*Cannot resolve.*web\.test/);
    }
    {
      await namespace.setResolver("dns");
      await using exporter = await start();
      const first = await exporter.metrics();
      assert.deepEqual(status(first), last);
      const before = unresolved(first);
      const dark = await exporter.until(
        (now) => Object.entries(before).every(([target, n]) => unresolved(now)[target]! >= n + 2),
        { seconds: 30, what: "scans fail again" },
      );
      assert.deepEqual(status(dark), last);
      assert.equal(samplesOf(dark, "openport_policy_unknown_ports", "name")["web"], 2);
      assert.match(await exporter.get("/healthz"), /no name server answers/);
    }
    await namespace.setResolver("files");
    await namespace.setHosts({ "web.test": ["127.0.74.2", "127.0.74.3"] });
    await using exporter = await start();
    const before = successes(await exporter.metrics());
    const back = await exporter.until(
      (now) =>
        Object.entries(before).every(([target, n]) => successes(now)[target]! > n) &&
        now.get("openport_target_names_unresolved") === 0,
      { seconds: 30, what: "scans succeed again" },
    );
    assert.deepEqual(status(back), last);
    assert.ok(
      Object.values(samplesOf(back, "port_state_changes_total", "target", "change_type"))
        .every((n) => n === 0),
    );
    assert.equal(samplesOf(back, "openport_policy_unknown_ports", "name")["web"], 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a name that never resolved is a failed scan under its name, and scanned once it resolves", async () => {
  await using namespace = await Namespace.make();
  await using exporter = await Exporter.start({ through: namespace.through, config: CONFIG });
  const failed = await exporter.until((now) => unresolved(now)["web.test"]! >= 2, {
    seconds: 20,
    what: "it fails",
  });
  assert.deepEqual(status(failed), {});
  assert.deepEqual(successes(failed), { "web.test": 0 });
  await namespace.listen({ "127.0.74.4": [2201] });
  await namespace.setHosts({ "web.test": ["127.0.74.4"] });
  const found = await exporter.until((now) => successes(now)["127.0.74.4/32"]! >= 1, {
    seconds: 20,
    what: "it is scanned",
  });
  assert.deepEqual(status(found), { "127.0.74.4 2201": 1 });
  assert.equal(found.get("openport_target_names_unresolved"), 0);
});

Deno.test("a name that comes to resolve into an excluded network is not scanned there", async () => {
  await using namespace = await Namespace.make();
  await using nmap = await wrapNmap();
  await namespace.listen({ "127.0.75.1": [2201], "127.0.76.1": [2201], "::1": [2201] });
  await namespace.setHosts({ "web.test": ["127.0.75.1"] });
  await using exporter = await Exporter.start({
    through: namespace.through,
    pathPrefix: nmap.dir,
    config: CONFIG.replace("scanning: {", 'scanning: { exclude: [127.0.76.0/24, "::1"],'),
  });
  const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
    exporter.until(check, { seconds: 20, what });
  await page((now) => successes(now)["127.0.75.1/32"]! >= 1, "it is scanned");

  // beside an address that may be scanned, then alone
  await namespace.setHosts({ "web.test": ["127.0.76.1", "127.0.75.1", "::1"] });
  const scans = successes(await exporter.metrics())["127.0.75.1/32"]!;
  const beside = await page(
    (now) => successes(now)["127.0.75.1/32"]! >= scans + 3,
    "the allowed address is scanned on",
  );
  assert.deepEqual(status(beside), { "127.0.75.1 2201": 1 });
  await namespace.setHosts({ "web.test": ["127.0.76.1", "::1"] });
  const none = await page(
    (now) => successes(now)["127.0.75.1/32"] === undefined,
    "the address that it had leaves",
  );
  assert.deepEqual(status(none), {});
  const before = (await nmap.scans()).length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const argv = await nmap.scans();
  assert.equal(argv.length, before, "nothing is scanned any more");
  const scanned = argv.flatMap((args) => args.slice(args.indexOf("--") + 1));
  assert.deepEqual([...new Set(scanned)], ["127.0.75.1"]);
});
