/** One side of `bench/scrape.ts`: prom-client with `node:http`, `prom_client.ts SERIES PORT`. */
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { changedHosts, HOST_PORTS, ipOf, say } from "./common.ts";

// Not in deno.json: what is there goes into the executable, and this is for the comparison alone.
const PROM_CLIENT = "npm:prom-client@15.1.3";
const { Gauge, Registry } = await import(PROM_CLIENT);

const [series = 10_000, port = 9102] = Deno.args.map(Number);
const hosts = series / HOST_PORTS.length;
const registry = new Registry();
const status = new Gauge({
  name: "open_port_status",
  help: "1 if the port is open, 0 if it was open and is closed.",
  labelNames: ["ip", "port", "protocol"],
  registers: [registry],
});
for (let host = 0; host < hosts; host++) {
  for (const port of HOST_PORTS) {
    status.set({ ip: ipOf(host), port: String(port), protocol: "tcp" }, 1);
  }
}
let open = 1;
createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/healthz") {
    response.end("ok");
  } else if (url.pathname === "/change") {
    open = 1 - open;
    for (const host of changedHosts(hosts, url.searchParams.get("how") ?? "all")) {
      status.set({ ip: ipOf(host), port: String(HOST_PORTS.at(-1)), protocol: "tcp" }, open);
    }
    response.end("ok");
  } else {
    void registry.metrics().then((page: string) => {
      const gzip = request.headers["accept-encoding"]?.includes("gzip");
      if (gzip) response.setHeader("Content-Encoding", "gzip");
      response.end(gzip ? gzipSync(page) : page);
    });
  }
}).listen(port, "127.0.0.1", () => say("ready"));
