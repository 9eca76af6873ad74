import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { PortSet } from "../../src/domain/ports.ts";
import type { ScanJob, ScanOutcome } from "../../src/domain/scan.ts";
import { probeNmap } from "../../src/nmap/capability.ts";
import { NmapProcesses } from "../../src/nmap/process.ts";
import { createNmapScanner } from "../../src/nmap/scanner.ts";
import { makeJob } from "./builders.ts";

// Real nmap, on loopback only. What needs root is skipped without it, and all of it without nmap.
const runs = (command: string, ...args: string[]) => {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
};
const hasNmap = runs("nmap", "--version");
const isRoot = hasNmap && runs("nmap", ..."--privileged -n -Pn -sS -p 1 -- 127.0.0.1".split(" "));
const hasUnshare = isRoot && runs("unshare", "-n", "true");
const hasSetpriv = isRoot && runs("setpriv", "--reuid=65534", "--clear-groups", "true");

async function scan(
  job: ScanJob,
  processes = new NmapProcesses({ path: Deno.env.get("PATH") }),
  version = "7.93",
) {
  const scanner = createNmapScanner({
    processes,
    technique: () => "syn",
    version: () => version,
    isExcluded: () => false,
    now: () => performance.now(),
  });
  return await scanner(job, new AbortController().signal);
}

/** Processes whose nmap is the real one behind `prefix`. */
async function wrapped(prefix: string): Promise<{ processes: NmapProcesses } & AsyncDisposable> {
  const dir = await Deno.makeTempDir();
  await Deno.chmod(dir, 0o755);
  const path = join(dir, "nmap");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${prefix} nmap "$@"\n`);
  await Deno.chmod(path, 0o755);
  return {
    processes: new NmapProcesses({ path: Deno.env.get("PATH"), candidates: [path] }),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const complete = (outcome: ScanOutcome) => {
  assert.equal(outcome.failure, undefined);
  assert.equal(outcome.hosts.length, 1);
  return outcome.hosts[0]!;
};

for (const technique of ["syn", "connect"] as const) {
  const ignore = technique === "syn" ? !isRoot : !hasNmap;
  Deno.test(`real nmap finds a listener by ${technique} scan`, { ignore }, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    for (const confirming of [false, true]) {
      const ports = PortSet.fromRanges([[Math.max(port - 20, 1), Math.min(port + 20, 65535)]]);
      const job = { ...makeJob({ nmap: { technique }, confirming }), ports };
      const outcome = await scan(job);
      const host = complete(outcome);
      assert.ok(host.open.tcp.includes(port));
      assert.ok(host.alive && host.up && host.startTime !== undefined);
      assert.equal(outcome.covered.tcp, ports);
    }
  });
}

Deno.test("real nmap finds the same when it is verbose", { ignore: !isRoot }, async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ports = PortSet.fromRanges([[1, 30], [listener.addr.port, listener.addr.port]]);
  const job = { ...makeJob(), ports };
  const [quiet, verbose] = await Promise.all(
    ["7.93", "7.95"].map(async (version) => {
      const { startTime: _, ...host } = complete(await scan(job, undefined, version));
      return host;
    }),
  );
  assert.deepEqual(verbose, quiet);
  assert.ok(verbose!.open.tcp.includes(listener.addr.port));
});

Deno.test("real nmap finds an IPv6 listener", { ignore: !isRoot }, async () => {
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const job = makeJob({ family: 6, addresses: ["::1"], ports: `${port}` });
  assert.deepEqual(complete(await scan(job)).open.tcp, [port]);
});

Deno.test("real nmap finds a UDP service that answers", { ignore: !isRoot }, async () => {
  const socket = createSocket("udp4");
  socket.on("message", (_, { port, address }) => socket.send("here", port, address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  try {
    const { port } = socket.address();
    const job = makeJob({ protocol: "udp", ports: `${port}` });
    const outcome = await scan(job);
    assert.deepEqual(complete(outcome).open, { tcp: [], udp: [port] });
    assert.equal(outcome.covered.udp, job.ports);
  } finally {
    socket.close();
    await once(socket, "close");
  }
});

Deno.test("real nmap obeys every option that is set", { ignore: !isRoot }, async () => {
  const nmap = {
    disableDnsResolution: false,
    disableHostDiscovery: false,
    maxRate: 20_000,
    maxRetries: 0,
    scanDelay: 1,
    maxScanDelay: 5,
    initialRttTimeout: 100,
    maxRttTimeout: 200,
    minRttTimeout: 50,
    hostTimeout: 86_400,
    minRate: 0,
  };
  complete(await scan(makeJob({ nmap, ports: "1-3" })));
});

Deno.test("real nmap is ended when it takes too long", { ignore: !isRoot }, async () => {
  const nmap = { minRate: 0, maxRate: 5 };
  const outcome = await scan(makeJob({ nmap, ports: "1-5000", timeoutMs: 700 }));
  assert.equal(outcome.failure?.type, "timeout");
  assert.deepEqual(outcome.hosts, []);
});

Deno.test(
  "real nmap says what it lacks without the privilege",
  { ignore: !hasSetpriv },
  async () => {
    await using nobody = await wrapped(
      "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all",
    );
    assert.equal((await scan(makeJob(), nobody.processes)).failure?.type, "permission");
    assert.equal(
      (await scan(makeJob({ protocol: "udp" }), nobody.processes)).failure?.type,
      "permission",
    );
    complete(await scan(makeJob({ nmap: { technique: "connect" } }), nobody.processes));
    const capability = await probeNmap(nobody.processes);
    assert.ok(capability.available && !capability.rawSockets);
    assert.notEqual(capability.reason, "");
  },
);

Deno.test(
  "real nmap may open raw sockets with the capability alone",
  { ignore: !hasSetpriv },
  async () => {
    await using ambient = await wrapped(
      "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw",
    );
    const capability = await probeNmap(ambient.processes);
    assert.ok(capability.available && capability.rawSockets);
    assert.match(capability.version, /^\d+\.\d+/);
    complete(await scan(makeJob(), ambient.processes));
  },
);

Deno.test("real nmap without any network gives no evidence", { ignore: !hasUnshare }, async () => {
  await using isolated = await wrapped("unshare -n");
  assert.equal((await scan(makeJob(), isolated.processes)).failure?.type, "no_route");
  for (const ports of ["1-3", "1-100"]) {
    const job = makeJob({ nmap: { technique: "connect" }, ports });
    const host = complete(await scan(job, isolated.processes));
    assert.ok(host.unreachable.tcp.equals(job.ports));
    assert.equal(host.alive, false);
  }
});
