import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { OpenPorts } from "../support/open_ports.ts";
import { samplesOf } from "../support/samples_of.ts";

type Samples = ReadonlyMap<string, number>;

const status = (samples: Samples) => samplesOf(samples, "open_port_status", "ip", "port");
const series = (samples: Samples) => Object.keys(status(samples)).sort();
const totals = (samples: Samples) => samplesOf(samples, "open_ports_total", "ip");
const exceeded = (samples: Samples) =>
  samplesOf(samples, "openport_host_port_limit_exceeded", "ip");
const dropped = (samples: Samples) => samples.get("openport_port_series_dropped");
const isScanned = (samples: Samples) =>
  Object.values(samplesOf(samples, "scans_successful_total", "target")).every((n) => n >= 1);

Deno.test("a host with too many open ports is flagged and counted exactly, and its series are capped", async () => {
  const [many, few] = ["127.0.84.1", "127.0.84.2"];
  using ports = new OpenPorts();
  ports.open(many, 2301, 2302, 2303, 2304, 2305);
  ports.open(few, 2301, 2302, 2303);
  await using exporter = await Exporter.start({
    config: `scanning: { interval: 1, port_range: "2301-2309", max_open_ports_per_host: 3 }
targets: [{ target: [${many}, ${few}], name: both, allowed_ports: "" }]
`,
  });
  const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
    exporter.until(check, { seconds: 20, what });
  /** Ports of the first address that have series, with their values. */
  const ofMany = (samples: Map<string, number>) =>
    Object.fromEntries(
      Object.entries(status(samples)).filter(([name]) => name.startsWith(`${many} `))
        .map(([name, value]) => [name.slice(many.length + 1), value]),
    );
  const first = await page(isScanned, "both are scanned");
  assert.deepEqual(totals(first), { [many]: 5, [few]: 3 });
  assert.deepEqual(exceeded(first), { [many]: 1 });
  assert.deepEqual(
    series(first),
    [many, few].flatMap((ip) => [2301, 2302, 2303].map((port) => `${ip} ${port}`)),
  );
  assert.equal(dropped(first), 2);
  // the count of what should not be open is exact too, and its series are capped
  assert.equal(samplesOf(first, "openport_policy_violations", "name")["both"], 8);
  assert.equal(
    Object.keys(samplesOf(first, "openport_unexpected_open_port", "ip", "port")).length,
    6,
  );
  const { host } = JSON.parse(await exporter.get(`/v1/hosts/${many}`));
  assert.equal(host.open_ports, 5);

  // what opens gets no place of another that is open, and what closed makes room for one that is
  ports.close(many, 2302);
  ports.open(many, 2306, 2307);
  const moved = await page((now) => totals(now)[many] === 6, "the changes are seen");
  assert.deepEqual(ofMany(moved), { 2301: 1, 2303: 1, 2304: 1 });
  assert.equal(dropped(moved), 4);

  ports.close(many, 2303, 2304, 2305, 2306);
  const fine = await page((now) => totals(now)[many] === 2, "most have closed");
  assert.deepEqual(exceeded(fine), {});
  assert.deepEqual(ofMany(fine), { 2301: 1, 2302: 0, 2307: 1 });
});

Deno.test("a host that answers on every port costs as many series as it may have", async () => {
  await using fake = await makeFakeNmap(undefined, {
    scenario: {
      hosts: {
        "127.0.84.3": { tcp: Array.from({ length: 2000 }, (_, index) => index + 1) },
        "127.0.84.4": { tcp: [22] },
      },
    },
  });
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config:
      `scanning: { interval: 3600, port_range: "1-3000" }\ntargets: [127.0.84.3, 127.0.84.4]\n`,
  });
  const samples = await exporter.until(isScanned, { seconds: 20, what: "both are scanned" });
  assert.deepEqual(totals(samples), { "127.0.84.3": 2000, "127.0.84.4": 1 });
  assert.deepEqual(exceeded(samples), { "127.0.84.3": 1 });
  assert.equal(series(samples).length, 1001);
  assert.equal(status(samples)["127.0.84.4 22"], 1);
  assert.equal(dropped(samples), 1000);
});

Deno.test("the limit of all series keeps the same ones from scrape to scrape, whatever opens and closes", async () => {
  const [one, two] = ["127.0.85.1", "127.0.85.2"];
  const directory = await Deno.makeTempDir({ prefix: "openport-limits-" });
  using ports = new OpenPorts();
  try {
    ports.open(one, 2303, 2304);
    ports.open(two, 2303, 2304);
    const config = `scanning: { interval: 1, port_range: "2301-2309" }
metrics: { port_series_limit: 3 }
targets: [${one}, ${two}]
`;
    let shown: string[];
    let last: Record<string, number>;
    {
      await using exporter = await Exporter.start({ config, directory });
      const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
        exporter.until(check, { seconds: 20, what });
      const first = await page(isScanned, "both are scanned");
      shown = series(first);
      assert.equal(shown.length, 3);
      assert.deepEqual([totals(first), dropped(first)], [{ [one]: 2, [two]: 2 }, 1]);

      // ports before and between those that are shown
      ports.open(one, 2301, 2302);
      ports.open(two, 2301);
      const more = await page(
        (now) => totals(now)[one] === 4 && totals(now)[two] === 3,
        "what opened is seen",
      );
      assert.deepEqual(series(more), shown);
      assert.equal(dropped(more), 4);
      ports.close(one, 2303, 2301);
      ports.close(two, 2303);
      const less = await page(
        (now) => totals(now)[one] === 2 && totals(now)[two] === 2,
        "what closed is seen",
      );
      assert.deepEqual(series(less), shown);
      last = status(less);
      assert.ok(Object.values(last).includes(0));
      for (let scrape = 0; scrape < 3; scrape++) {
        assert.deepEqual(series(await exporter.metrics()), shown);
      }
      assert.deepEqual(exceeded(less), {});
    }
    await using exporter = await Exporter.start({ config, directory });
    assert.deepEqual(status(await exporter.metrics()), last);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
