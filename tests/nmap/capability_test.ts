import assert from "node:assert/strict";
import { probeNmap } from "../../src/nmap/capability.ts";
import { NmapProcesses } from "../../src/nmap/process.ts";
import { type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";

async function probed(scenario: FakeScenario) {
  await using fake = await makeFakeNmap(undefined, { scenario });
  return await probeNmap(new NmapProcesses({ path: `${fake.dir}:${Deno.env.get("PATH")}` }));
}

Deno.test("probeNmap() finds version and privilege", async () => {
  assert.deepEqual(await probed({ version: "7.94SVN" }), {
    available: true,
    version: "7.94SVN",
    rawSockets: true,
    reason: "",
    unanswered: false,
  });
});

Deno.test("probeNmap() says what nmap said when it may not open raw sockets", async () => {
  assert.deepEqual(await probed({ raw: false }), {
    available: true,
    version: "7.93",
    rawSockets: false,
    reason: "dnet: Failed to open device lo",
    unanswered: false,
  });
});

Deno.test("probeNmap() lives with a program that only resembles nmap", async () => {
  const capability = await probeNmap(
    new NmapProcesses({ path: Deno.env.get("PATH"), candidates: ["false"] }),
  );
  assert.deepEqual(capability, {
    available: true,
    version: "unknown",
    rawSockets: false,
    reason: "nmap exited with code 1",
    unanswered: false,
  });
});

Deno.test("probeNmap() says what to do when nmap cannot be started", async () => {
  const processes = new NmapProcesses({ path: "", candidates: ["/nonexistent/nmap"] });
  const capability = await probeNmap(processes);
  assert.equal(capability.available, false);
  assert.match(capability.reason, /apt-get install nmap/);
  const stopped = await probeNmap(processes, { signal: AbortSignal.abort() });
  assert.equal(stopped.available, false);
});
