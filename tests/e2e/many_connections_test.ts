import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";

/** As few open files as the program can do with, so that few connections are too many. */
const FEW_FILES = ["prlimit", "--nofile=256"];
const TOO_MANY = 300;

/** Connections that say nothing; closed with the block. */
class SilentConnections implements Disposable {
  readonly #open: Deno.Conn[] = [];
  #ended = 0;

  /** Begins more than the program can have. */
  async begin(exporter: Exporter): Promise<void> {
    const { hostname, port } = new URL(exporter.url);
    for (let index = 0; index < TOO_MANY; index += 1) {
      // From some connection on nobody may be there.
      const connection = await Deno.connect({ hostname, port: Number(port) }).catch(() =>
        undefined
      );
      if (connection === undefined) continue;
      this.#open.push(connection);
      const end = () => this.#ended++;
      connection.read(new Uint8Array(1)).then(end, end);
    }
  }

  /** How many are as they were begun. */
  get left(): number {
    return this.#open.length - this.#ended;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open) connection.close();
  }
}

async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await check()) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const BROKEN = "Cannot accept connections: ";
const timesBroken = ({ log }: Exporter) => log.filter((line) => line.includes(BROKEN)).length;

Deno.test("more connections than files may be open are ended, and it listens again", async () => {
  // A host name, so that net is held.
  const config = "targets: [{ target: localhost, port_range: '22' }]\n";
  await using fake = await makeFakeNmap();
  await using exporter = await Exporter.start({ config, through: FEW_FILES, pathPrefix: fake.dir });
  using connections = new SilentConnections();
  for (const times of [1, 2]) {
    await until(async () => {
      if (timesBroken(exporter) < times) await connections.begin(exporter);
      return timesBroken(exporter) >= times;
    }, "it breaks");
    // Those that wait for the next listener are few.
    await until(() => connections.left < TOO_MANY / 2, "the others are ended");
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
  await until(async () => (await fake.scans()).length > 0, "nmap runs");
  using connections = new SilentConnections();
  await connections.begin(exporter);
  assert.equal((await exporter.ended()).code, 1);
  assert.match(exporter.log.join("\n"), /Cannot accept connections: .*LimitNOFILE/);
  assert.match(exporter.log.at(-1)!, /Cannot listen again: net was given up/);
  const left = await new Deno.Command("pgrep", { args: ["-f", fake.path] }).output();
  assert.equal(left.code, 1, "no nmap is left");
});
