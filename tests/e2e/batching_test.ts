import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { LAB, lab, labTruth } from "../support/lab.ts";

/** What follows an option of a command line, as a number; NaN when it has no such option. */
function numberAfter(option: string, args: readonly string[]): number {
  const at = args.indexOf(option);
  return at < 0 ? NaN : Number(args[at + 1]);
}

function addressesOf(args: readonly string[]): readonly string[] {
  return args.slice(args.indexOf("--") + 1);
}

/** Command lines of the processes that run now and have `word` in theirs. */
async function running(word: string): Promise<string[][]> {
  const lines: string[][] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // It may end between the two.
    const text = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (text.includes(word)) lines.push(text.split("\0"));
  }
  return lines;
}

const rounds = (count: number) => (samples: Map<string, number>) =>
  [...samples].some(([name, n]) => name.startsWith("scans_successful_total{") && n >= count);

Deno.test("hosts that answered come first in the next round, and what is silent in larger batches", async () => {
  const hosts = { "10.9.0.40": { tcp: [80] }, "10.9.0.250": { tcp: [22] }, "10.9.0.3": {} };
  await using fake = await makeFakeNmap(undefined, {
    scenario: { hosts, otherwise: { rest: "filtered" } },
  });
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config: `scanning: { port_range: "1-200", interval: 1, worker_count: 4 }
targets: ["10.9.0.0/24"]
`,
  });
  await exporter.until(rounds(2), { seconds: 60, what: "two rounds" });
  const scans = (await fake.scans()).map(addressesOf);
  // 4 rounds of 64 take less than half a minute at 1000 packets per second
  assert.deepEqual(scans.slice(0, 4).map(({ length }) => length), [64, 64, 64, 64]);
  const second = scans.slice(4, 9);
  const live = second.find((addresses) => addresses.includes("10.9.0.40"));
  assert.deepEqual(live, ["10.9.0.3", "10.9.0.40", "10.9.0.250"]);
  assert.deepEqual(second.map(({ length }) => length).sort((a, b) => a - b), [3, 61, 64, 64, 64]);
});

Deno.test("the rates of the processes that run never sum up to more than max_total_rate", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { delayMs: 400 } });
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config:
      `scanning: { port_range: "80", interval: 1, worker_count: 4, max_total_rate: 1003, udp_scan: true }
targets: ["10.9.0.0/26", "10.9.1.1", "10.9.2.1", "10.9.3.1"]
`,
  });
  let most = 0;
  for (let sample = 0; sample < 60; sample++) {
    const scans = (await running(fake.dir)).filter((args) => args.includes("-p"))
      .filter((args) => numberAfter("-p", args) === 80);
    const sum = scans.reduce((rate, args) => rate + numberAfter("--max-rate", args), 0);
    assert.ok(sum <= 1003, `${sum}`);
    most = Math.max(most, sum);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(most, 4 * 250);
  for (const args of await fake.scans()) {
    assert.equal(numberAfter("--max-rate", args), 250);
    assert.equal(numberAfter("--min-rate", args), 250);
  }
  const page = await (await fetch(`${exporter.url}/config`)).text();
  assert.match(page, /^ {2}max_total_rate: 1003$/m);
});

Deno.test("a routed /24 of mostly silent addresses is scanned whole, twice, without a host timed out", async () => {
  assert.ok(
    await Deno.stat(LAB).then(() => true, () => false),
    `This test needs the lab of the shared folder beside the checkout: ${LAB}`,
  );
  await lab("up", "--delay", "25", "--loss", "0");
  try {
    await using exporter = await Exporter.start({
      through: ["ip", "netns", "exec", "cx-far"],
      config: `scanning: { port_range: "1-200", interval: 1 }
targets: ["10.77.0.0/24"]
`,
    });
    const samples = await exporter.until(rounds(2), { seconds: 150, what: "two rounds" });
    const open = [...samples].flatMap(([sample, value]) => {
      const found = /^open_port_status\{ip="(.+)",port="(\d+)",protocol="(\w+)"/.exec(sample);
      return found === null || value !== 1 ? [] : [`${found[1]} ${found[3]} ${found[2]}`];
    });
    assert.deepEqual(open.sort(), await labTruth("1-200", ["tcp"], []));
    const key = '{target="10.77.0.0/24",port_range="1-200",protocol="tcp"}';
    assert.equal(samples.get(`openport_hosts_timed_out${key}`), 0);
    assert.equal(samples.get(`openport_hosts_incomplete${key}`), 0);
    for (const [sample, value] of samples) {
      if (/^(port_state_changes_total|scans_failed_total)/.test(sample)) {
        assert.equal(value, 0, sample);
      }
    }
  } finally {
    await lab("down");
  }
});
