import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { networkContains, parseNetwork } from "../../src/domain/network.ts";
import { Exporter } from "../support/exporter.ts";
import { type FakeNmap, makeFakeNmap } from "../support/fake_nmap.ts";
import { samplesOf } from "../support/samples_of.ts";

interface Answer {
  readonly status: number;
  readonly body: {
    readonly status: string;
    readonly message: string;
    readonly details?: { readonly queued: number; readonly excluded_addresses?: number };
  };
}

/** Asks for a scan, from an address of loopback and with a header if they are given. */
async function query(
  exporter: Exporter,
  parameters: string,
  { from = "127.0.0.1", forwarded }: { from?: string; forwarded?: string } = {},
): Promise<Answer> {
  const { stdout } = await new Deno.Command("curl", {
    args: [
      ...["-s", "-m", "10", "--interface", from, "-w", "\n%{http_code}"],
      ...(forwarded === undefined ? [] : ["-H", `X-Forwarded-For: ${forwarded}`]),
      `${exporter.url}/query?${parameters}`,
    ],
  }).output();
  const [body, status] = new TextDecoder().decode(stdout).split(/\n(?=\d+$)/);
  return { status: Number(status), body: JSON.parse(body!) };
}

/** Every address that nmap was given. */
async function given(fake: FakeNmap): Promise<string[]> {
  const scans = await fake.scans();
  return [...new Set(scans.flatMap((args) => args.slice(args.indexOf("--") + 1)))];
}

/** The addresses 127.0.80.FIRST to 127.0.80.LAST that are not left out, as sorted text. */
function addresses(first: number, last: number, { without = [] }: { without?: number[] } = {}) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .filter((host) => !without.includes(host)).map((host) => `127.0.80.${host}`).sort();
}

async function isIdle(exporter: Exporter): Promise<void> {
  await exporter.until(
    (now) => now.get("task_queue_size") === 0 && now.get('openport_workers{state="busy"}') === 0,
    { seconds: 20, what: "all scans are done" },
  );
}

Deno.test("an excluded network is never given to nmap, whoever asks", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { otherwise: { tcp: [22] } } });
  const directory = await Deno.makeTempDir({ prefix: "openport-excludes-" });
  try {
    await Deno.writeTextFile(`${directory}/list.json`, '[{"targets": ["127.0.81.0/29"]}]');
    await using exporter = await Exporter.start({
      directory,
      pathPrefix: fake.dir,
      config: `scanning:
  interval: 1
  port_range: "20-25"
  exclude: [127.0.80.8/29, 127.0.80.20, 127.0.81.4/30, "::1"]
targets:
  - 127.0.80.0/27
  - { target: [127.0.80.9, 127.0.80.30, "::1"], port_range: "22,80", sweeps: [{ port_range: known, interval: 1s }] }
targets_files: [list.json]
`,
    });
    const samples = await exporter.until(
      (now) => {
        const scans = samplesOf(now, "scans_successful_total", "target", "port_range");
        const done = Object.values(scans);
        return done.length > 5 && done.every((n) => n >= 2);
      },
      { seconds: 20, what: "everything is scanned twice" },
    );
    const excluded = ["127.0.80.8/29", "127.0.80.20", "127.0.81.4/30", "::1"].map((text) =>
      parseNetwork(text).network
    );
    const left = [
      ...addresses(0, 31, { without: [8, 9, 10, 11, 12, 13, 14, 15, 20] }),
      ...["127.0.81.0", "127.0.81.1", "127.0.81.2", "127.0.81.3"],
    ];
    assert.deepEqual((await given(fake)).sort(), left);
    assert.deepEqual(Object.keys(samplesOf(samples, "open_ports_total", "ip")).sort(), left);

    // part of it excluded: the rest is scanned, and the answer says how many were left out
    const partly = [["127.0.80.16/28", 1], ["127.0.80.9/28", 8], ["127.0.80.0/26", 9]] as const;
    for (const [ip, count] of partly) {
      const some = await query(exporter, `ip=${ip}&ports=80`);
      assert.equal(some.status, 200, some.body.message);
      assert.equal(some.body.details?.excluded_addresses, count);
      assert.match(some.body.message, new RegExp(`without ${count} excluded`));
    }
    // all of it excluded
    for (const ip of ["127.0.80.8/29", "127.0.80.12/31", "127.0.80.20", "::1"]) {
      const all = await query(exporter, `ip=${ip}&ports=80`);
      assert.equal(all.status, 403, ip);
      assert.match(all.body.message, /all of it is excluded \(scanning\.exclude\)/);
    }
    // the same address written as IPv6, and as what libc would take for it
    for (const ip of ["::ffff:127.0.80.20", "::ffff:7f00:5014", "[::1]", "2130726932", "127.1"]) {
      const written = await query(exporter, `ip=${encodeURIComponent(ip)}&ports=80`);
      assert.equal(written.status, 400, `${ip}: ${written.body.message}`);
    }
    const scans = (await fake.scans()).length;
    while ((await fake.scans()).length < scans + 5) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await exporter.until(
      (now) => samplesOf(now, "open_ports_total", "ip")["127.0.80.63"] === 0,
      { seconds: 20, what: "what was asked for is scanned" },
    );
    for (const address of await given(fake)) {
      const { family, value } = parseAddress(address);
      assert.ok(!excluded.some((network) => networkContains(network, { family, value })), address);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("requests may name what policy.allowed_networks has, and no more probes than policy.max_probes", async () => {
  await using fake = await makeFakeNmap();
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config: `scanning: { rate_limit: 0, exclude: [127.0.80.3] }
policy:
  allowed_networks: [127.0.80.0/29, 127.0.80.16/28, "::1"]
  max_probes: 100
`,
  });
  const cases: [parameters: string, status: number, message: RegExp][] = [
    ["ip=127.0.80.1&ports=1-100", 200, /Queued 1/],
    ["ip=127.0.80.1&ports=1-101", 400, /101 probes.*policy\.max_probes allows 100/],
    // 7 of the 8 addresses
    ["ip=127.0.80.0/29&ports=1-14", 200, /without 1 excluded/],
    ["ip=127.0.80.0/29&ports=1-15", 400, /105 probes/],
    ["ip=127.0.80.16/28&ports=80", 200, /Queued 1/],
    ["ip=127.0.80.8&ports=80", 403, /it lies outside policy\.allowed_networks/],
    ["ip=127.0.80.0/28&ports=1", 403, /a part of it lies outside/],
    ["ip=127.0.0.0/8&ports=1", 403, /a part of it lies outside/],
    ["ip=127.0.80.3&ports=80", 403, /excluded/],
    ["ip=::1&ports=80", 200, /Queued 1/],
    ["ip=::2&ports=80", 403, /outside/],
    ["ip=::ffff:127.0.80.1&ports=80", 400, /Cannot read an IP address/],
  ];
  for (const [parameters, status, message] of cases) {
    const answer = await query(exporter, parameters);
    assert.equal(answer.status, status, `${parameters}: ${answer.body.message}`);
    assert.match(answer.body.message, message);
  }
  await isIdle(exporter);
  const expected = [...addresses(0, 7, { without: [3] }), ...addresses(16, 31), "::1"];
  assert.deepEqual((await given(fake)).sort(), expected.sort());
});

Deno.test("who may ask is told by the connection, and by X-Forwarded-For only from a trusted proxy", async () => {
  await using fake = await makeFakeNmap();
  const start = (policy: string) =>
    Exporter.start({
      pathPrefix: fake.dir,
      config: `scanning: { rate_limit: 0 }\npolicy: { ${policy} }\n`,
    });
  type Case = [from: string, forwarded: string | undefined, status: number];
  const ask = async (exporter: Exporter, cases: readonly Case[]) => {
    let ports = 0;
    for (const [from, forwarded, status] of cases) {
      ports++;
      const options = { from, ...(forwarded === undefined ? {} : { forwarded }) };
      const answer = await query(exporter, `ip=127.0.80.1&ports=${ports}`, options);
      const what = `${from} ${forwarded}: ${answer.body.message}`;
      assert.equal(answer.status, status, what);
      if (status === 403) assert.match(answer.body.message, /policy\.client_networks/);
    }
    return cases.filter(([, , status]) => status === 200).length;
  };
  let allowed: number;
  {
    await using exporter = await start("client_networks: [127.0.82.0/24, 192.0.2.0/24]");
    allowed = await ask(exporter, [
      ["127.0.82.5", undefined, 200],
      ["127.0.0.1", undefined, 403],
      ["127.0.0.1", "127.0.82.5", 403],
      ["127.0.0.1", "192.0.2.1", 403],
      ["127.0.82.5", "203.0.113.9", 200],
    ]);
    // what is refused here is the asking for scans, not the page
    assert.ok((await exporter.metrics()).size > 0);
    await isIdle(exporter);
  }
  await using exporter = await start(
    "client_networks: [192.0.2.0/24], trusted_proxies: [127.0.83.0/24, 198.51.100.7]",
  );
  allowed += await ask(exporter, [
    ["127.0.83.1", "192.0.2.1", 200],
    ["127.0.83.1", "::ffff:192.0.2.1", 200],
    ["127.0.83.1", "192.0.2.1, 198.51.100.7", 200],
    // the client wrote the first one itself, the proxy what it saw
    ["127.0.83.1", "192.0.2.1, 203.0.113.9", 403],
    ["127.0.83.1", "192.0.2.1, 203.0.113.9, 198.51.100.7", 403],
    ["127.0.83.1", "192.0.2.1, nonsense", 403],
    ["127.0.83.1", undefined, 403],
    // no proxy at all
    ["127.0.0.1", "192.0.2.1", 403],
    ["127.0.0.1", "192.0.2.1, 127.0.83.1", 403],
  ]);
  await isIdle(exporter);
  assert.equal((await fake.scans()).length, allowed);
});
