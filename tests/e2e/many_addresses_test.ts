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
