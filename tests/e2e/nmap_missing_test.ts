import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";

const KEY = '{target="127.0.0.1/32",port_range="1-100",protocol="tcp"}';

/** Runs what follows where there is no nmap but what appears in `directory`, mounted as /usr/local/bin. */
const withoutNmap = (directory: string) => [
  "unshare",
  "--mount",
  "sh",
  "-c",
  'mount --bind /dev/null /usr/bin/nmap && mount --bind "$0" /usr/local/bin && exec "$@"',
  directory,
];

Deno.test("without nmap the program stays up, says so, and recovers by itself when it appears", async () => {
  const directory = await Deno.makeTempDir({ prefix: "no-nmap-" });
  await using exporter = await Exporter.start({
    through: withoutNmap(directory),
    config: `scanning: { interval: 86400, port_range: "1-100" }
targets: ["127.0.0.1"]
`,
  });
  await exporter.until(
    (samples) =>
      samples.get(`scans_failed_total${KEY.slice(0, -1)},error_type="nmap_missing"}`) === 1,
    { seconds: 20, what: "the scan fails" },
  );
  const health = JSON.parse(await exporter.get("/healthz"));
  assert.equal(health.status, "degraded");
  assert.match(health.reasons[0], /Cannot start nmap.*apt-get install nmap/);
  assert.match(await exporter.get("/-/ready"), /not ready/);
  const errors = () => exporter.log.filter((line) => line.includes("Cannot run nmap"));
  await new Promise((resolve) => setTimeout(resolve, 6000));
  assert.equal(errors().length, 1, "it is said once");

  await using _fake = await makeFakeNmap(directory, {
    scenario: { hosts: { "127.0.0.1": { tcp: [22] } } },
  });
  const samples = await exporter.until((now) => now.get('open_ports_total{ip="127.0.0.1"}') === 1, {
    seconds: 20,
    what: "the scan is made up for",
  });
  assert.equal(samples.get(`scans_successful_total${KEY}`), 1);
  assert.equal(JSON.parse(await exporter.get("/healthz")).status, "ok");
  assert.match(await exporter.get("/-/ready"), /is ready/);
  await Deno.remove(directory, { recursive: true });
});
