import assert from "node:assert/strict";
import { readServiceFrequencies, SERVICES_FILES } from "../../src/config/top_ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";

const installed = SERVICES_FILES.some((file) => {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
});

/** The ports that nmap itself takes for `--top-ports`. */
async function topOfNmap(protocol: Protocol, count: number): Promise<string | undefined> {
  const scan = protocol === "tcp" ? "-sT" : "-sU";
  // Over before it has begun: only the list of ports is wanted.
  const options = ["-n", "-Pn", "--host-timeout", "1ms", "-oX", "-"];
  const { stdout } = await new Deno.Command("nmap", {
    args: ["--top-ports", `${count}`, scan, ...options, "127.0.0.1"],
    stderr: "null",
  }).output();
  return / services="([^"]*)"/.exec(new TextDecoder().decode(stdout))?.[1];
}

for (const protocol of ["tcp", "udp"] as const) {
  Deno.test({
    name: `readServiceFrequencies() ranks ${protocol} ports as nmap does`,
    ignore: !installed,
    fn: async () => {
      const services = readServiceFrequencies();
      // 1 and 65535 are the ends; at 1001 and 4000 there are ties, past 8366 of TCP there is nothing
      for (const count of [1, 10, 100, 1000, 1001, 4000, 65535]) {
        const expected = await topOfNmap(protocol, count);
        if (expected === undefined && protocol === "udp") return; // UDP needs raw sockets
        assert.equal(services.top(protocol, count).toString(), expected, `${count}`);
      }
    },
  });
}

Deno.test("readServiceFrequencies() takes the first file that there is, and sees that it changed", async () => {
  const path = await Deno.makeTempFile();
  try {
    const read = () => readServiceFrequencies(["/nonexistent/nmap-services", path]);
    await Deno.writeTextFile(path, "a 1/tcp 0.5\nb 2/udp 0.5 # caf\n");
    assert.equal(read().top("tcp", 9).toString(), "1");
    assert.equal(read(), read());
    await Deno.writeFile(
      path,
      Uint8Array.from([...new TextEncoder().encode("a 11/tcp 0.5\nb 2/udp 0.5 # caf"), 0xe9]),
    );
    assert.equal(read().top("tcp", 9).toString(), "11");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readServiceFrequencies() says where it looked", async () => {
  const path = await Deno.makeTempFile();
  try {
    assert.throws(() => readServiceFrequencies(["/nonexistent/a", path]), {
      name: "RangeError",
      message: "Cannot read which ports are most frequent (/nonexistent/a: no such file; " +
        `${path}: Cannot read port frequencies: no tcp port is in the file): ` +
        "install nmap with its nmap-services, or write the ports as a list",
    });
  } finally {
    await Deno.remove(path);
  }
});
