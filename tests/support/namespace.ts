import assert from "node:assert/strict";

/** A network namespace that has nothing but its own loopback, and its own /etc/hosts for what runs in it. */
export class Namespace implements AsyncDisposable {
  readonly #name: string;
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(name: string) {
    this.#name = name;
  }

  /** Makes one; needs root. */
  static async make(): Promise<Namespace> {
    const namespace = new Namespace(`openport-test-${Deno.pid}`);
    await Deno.mkdir(namespace.#etc, { recursive: true });
    await run("ip", "netns", "add", namespace.#name);
    await run("ip", "-n", namespace.#name, "link", "set", "lo", "up");
    await namespace.setHosts({});
    await namespace.setResolver("files");
    return namespace;
  }

  /** Command to put in front of what is to run in it. */
  get through(): readonly string[] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** What names stand for, for what runs in it already as well. */
  async setHosts(hosts: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const lines = Object.entries(hosts).flatMap(([name, addresses]) =>
      addresses.map((address) => `${address} ${name}\n`)
    );
    // Written in place: the file itself is bound over /etc/hosts of what runs.
    await Deno.writeTextFile(`${this.#etc}/hosts`, lines.join(""));
  }

  /** Whether names come from its hosts alone, or from name servers alone, none of which answers; for what starts from now on. */
  async setResolver(from: "files" | "dns"): Promise<void> {
    await Deno.writeTextFile(`${this.#etc}/nsswitch.conf`, `hosts: ${from}\n`);
    await Deno.writeTextFile(
      `${this.#etc}/resolv.conf`,
      "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    );
  }

  /** Opens TCP ports in it, for as long as it is there. */
  async listen(ports: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const code = `for (const [hostname, ports] of Object.entries(${JSON.stringify(ports)})) {
      for (const port of ports) {
        const listener = Deno.listen({ hostname, port });
        (async () => { for await (const one of listener) one.close(); })();
      }
    }
    console.log("ready");`;
    const child = new Deno.Command("ip", {
      args: [...this.through.slice(1), Deno.execPath(), "eval", code],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#children.push(child);
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert.match(new TextDecoder().decode(value), /ready/);
    await reader.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGTERM");
    await Promise.all(this.#children.map(({ status }) => status));
    await run("ip", "netns", "del", this.#name);
    await Deno.remove(this.#etc, { recursive: true });
    // The lab removes it too when nothing is left in it.
    await Deno.remove("/etc/netns").catch(() => {});
  }

  get #etc(): string {
    return `/etc/netns/${this.#name}`;
  }
}

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
