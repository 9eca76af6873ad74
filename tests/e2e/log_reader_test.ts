import assert from "node:assert/strict";
import { PERMISSION_FLAGS } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { ROOT } from "../support/root.ts";

/** Targets of which each gets a warning, more than a pipe holds. */
const TARGETS = Array.from({ length: 1000 }, (_, i) => `127.${i >> 8}.${i & 255}.1/24`);

Deno.test("a reader of the log that stops reading stops nothing but the log", async () => {
  await using fake = await makeFakeNmap();
  const directory = await Deno.makeTempDir({ prefix: "log-reader-" });
  const config = `scanning: { port_range: "22", interval: 1d }\ntargets: [${TARGETS.join(", ")}]\n`;
  await Deno.writeTextFile(`${directory}/config.yaml`, config);
  const [hostname, port] = ["127.0.0.1", freePort()];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--frozen", `--config=${ROOT}deno.json`, ...PERMISSION_FLAGS, `${ROOT}main.ts`],
      ...[`--web.listen-address=${hostname}:${port}`, "--config.file=config.yaml"],
    ],
    cwd: directory,
    env: { PATH: `${fake.dir}:${Deno.env.get("PATH")}` },
    stderr: "piped",
    stdout: "null",
  }).spawn();
  const healthy = async () => {
    const answer = await fetch(`http://${hostname}:${port}/healthz`).catch(() => undefined);
    return (await answer?.text())?.includes("queue_size") ?? false;
  };
  try {
    const deadline = performance.now() + 30_000;
    while (!await healthy()) {
      assert.ok(performance.now() < deadline, "it answers");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
    assert.equal((await child.status).code, 0);
    clearTimeout(late);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.stderr.cancel();
    await Deno.remove(directory, { recursive: true });
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
