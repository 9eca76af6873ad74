import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";

Deno.test("a /8 target waits in no more memory than a /24, and a request goes before it", async () => {
  // A fake: nothing is ever sent to these addresses.
  await using fake = await makeFakeNmap(undefined, { scenario: { delayMs: 300 } });
  const memory: number[] = [];
  for (const target of ["10.0.0.0/24", "10.0.0.0/8"]) {
    await using exporter = await Exporter.start({
      pathPrefix: fake.dir,
      config: `scanning: { port_range: "80", worker_count: 2 }
targets: ["${target}"]
`,
    });
    const scanned = (network: string, scans: number) => (samples: Map<string, number>) =>
      samples.get(
        `scans_successful_total{target="${network}",port_range="80",protocol="tcp"}`,
      ) === scans;
    await exporter.until(scanned("10.0.0.0/24", 1), {
      seconds: 60,
      what: "the first unit is done",
    });
    const asked = await fetch(`${exporter.url}/query?ip=127.0.0.1&ports=80`);
    assert.equal((await asked.json()).status, "success");
    const samples = await exporter.until(scanned("127.0.0.1/32", 1), {
      seconds: 10,
      what: "the request is done",
    });
    assert.ok(
      samples.get("task_queue_size")! <= 750,
      "a quarter of the queue is left for requests",
    );
    memory.push(samples.get("process_resident_memory_bytes")! / 1e6);
  }
  const [small, huge] = memory;
  // The page with its 750 queued units is larger; 65,536 units in memory would cost more than this.
  assert.ok(huge! < small! + 60, `${small} MB and ${huge} MB`);
});

Deno.test("a huge target goes on after SIGKILL where it was, though nothing is stored of what waits", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { delayMs: 50 } });
  const directory = await Deno.makeTempDir({ prefix: "openport-exporter-" });
  const config = `scanning: { port_range: "80", worker_count: 2, max_cidr_size: 32 }
targets: [10.0.0.0/20]
`;
  const scanned = async () => (await fake.scans()).map((args) => args.at(-1)!);
  const start = () => Exporter.start({ pathPrefix: fake.dir, directory, config });
  const succeeded = (count: number) => (samples: Map<string, number>) =>
    [...samples].filter(([name, value]) => name.startsWith("scans_successful_total{") && value > 0)
      .length >= count;
  try {
    {
      await using exporter = await start();
      const samples = await exporter.until(succeeded(20), { seconds: 30, what: "20 are done" });
      assert.equal(samples.get("task_queue_size"), 750);
      assert.ok([...samples].filter(([name]) => name.startsWith("scans_skipped")).length === 0);
      exporter.kill("SIGKILL");
      await exporter.ended();
    }
    const before = await scanned();
    await using exporter = await start();
    await exporter.until(succeeded(before.length + 20), { seconds: 30, what: "20 more are done" });
    const after = (await scanned()).slice(before.length);
    // none is left out, and none is scanned again but those that were cut off
    const all = new Set([...before, ...after]);
    const expected = Array.from({ length: all.size }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    assert.deepEqual([...all].sort(), expected.sort());
    const again = after.filter((address) => before.includes(address));
    assert.ok(again.length <= 3, `${again} again`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
