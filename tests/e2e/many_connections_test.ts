import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";

/** As few open files as the program can do with, so that few connections are too many. */
const FEW_FILES = ["prlimit", "--nofile=256"];
const TOO_MANY = 300;

/** Connections that say nothing; closed with the block. */
async function connectSilently(exporter: Exporter): Promise<Disposable> {
  const { hostname, port } = new URL(exporter.url);
  const open: Deno.Conn[] = [];
  for (let index = 0; index < TOO_MANY; index += 1) {
    // From some connection on nobody may be there.
    const connection = await Deno.connect({ hostname, port: Number(port) }).catch(() => undefined);
    if (connection !== undefined) open.push(connection);
  }
  return { [Symbol.dispose]: () => open.forEach((connection) => connection.close()) };
}

/** Waits until a line with `text` was logged `times` times. */
async function logged(exporter: Exporter, text: string, times: number): Promise<void> {
  while (exporter.log.filter((line) => line.includes(text)).length < times) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("more connections than files may be open end all of them, and it listens again", async () => {
  // A host name, so that net is held.
  const config = "targets: [{ target: localhost, port_range: '22' }]\n";
  await using fake = await makeFakeNmap();
  await using exporter = await Exporter.start({ config, through: FEW_FILES, pathPrefix: fake.dir });
  for (const times of [1, 2]) {
    using _connections = await connectSilently(exporter);
    await logged(exporter, "Cannot accept connections: ", times);
  }
  await exporter.until((samples) => samples.has("openport_task_queue_capacity"), {
    seconds: 20,
    what: "it answers",
  });
});

Deno.test("more connections than files may be open end the program that may not listen again", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { fault: "silent" } });
  await using exporter = await Exporter.start({
    config: "targets: [{ target: 127.0.0.1, port_range: '22' }]\n",
    through: FEW_FILES,
    pathPrefix: fake.dir,
  });
  while ((await fake.scans()).length === 0) await new Promise((go) => setTimeout(go, 50));
  using _connections = await connectSilently(exporter);
  assert.equal((await exporter.ended()).code, 1);
  assert.match(exporter.log.join("\n"), /Cannot accept connections: .*LimitNOFILE/);
  assert.match(exporter.log.at(-1)!, /Cannot listen again: net was given up/);
  const left = await new Deno.Command("pgrep", { args: ["-f", fake.path] }).output();
  assert.equal(left.code, 1, "no nmap is left");
});
