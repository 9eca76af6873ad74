import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { LAB, lab, labTruth } from "../support/lab.ts";

const PORTS = "1,21-23,53,80,443,1234,3306,5000,5432,8080,8443,9100,12345,20000,40000,65535";
const has = (samples: Map<string, number>, start: string, count: number) =>
  [...samples].filter(([sample, n]) => sample.startsWith(start) && n >= 1).length >= count;
const openPorts = (samples: Map<string, number>) =>
  [...samples].filter(([sample, value]) => sample.startsWith("open_port_status{") && value === 1)
    .map(([sample]) => {
      const [, ip, port, protocol] = /ip="(.+)",port="(\d+)",protocol="(\w+)"/.exec(sample)!;
      return `${ip} ${protocol} ${port}`;
    }).sort();
const changes = (samples: Map<string, number>) =>
  [...samples].filter(([sample]) => sample.startsWith("port_state_changes_total"))
    .reduce((sum, [, value]) => sum + value, 0);

Deno.test("in a network of namespaces", async (t) => {
  assert.ok(
    await Deno.stat(LAB).then(() => true, () => false),
    `This test needs the lab of the shared folder beside the checkout: ${LAB}`,
  );
  await lab("up", "--delay", "25", "--loss", "0");
  try {
    await t.step(
      "routed: open, closed, dropping, rejecting, rate-limited and absent hosts are told apart",
      async () => {
        await using exporter = await Exporter.start({
          through: ["ip", "netns", "exec", "cx-far"],
          config: `scanning: { port_range: "${PORTS}", host_timeout: 60 }
targets: ["10.77.0.0/28", "fd77::6", "fd77::99"]
`,
        });
        const samples = await exporter.until((now) => has(now, "scans_successful_total{", 3), {
          seconds: 120,
          what: "all targets are scanned",
        });
        assert.deepEqual(openPorts(samples), await labTruth(PORTS, ["tcp"], ["fd77::6"]));
        assert.equal(changes(samples), 0);
        // With -Pn a routed address that is absent is up for nmap, and shows no life for us.
        assert.equal(samples.get('nmap_host_up_count{target="10.77.0.0/28"}'), 16);
        assert.equal(samples.has('open_ports_total{ip="10.77.0.4"}'), false);
        assert.equal(samples.has('open_ports_total{ip="10.77.0.14"}'), false);
      },
    );

    await t.step(
      "on the own segment absent addresses are down, and UDP stands beside TCP",
      async () => {
        await using exporter = await Exporter.start({
          through: ["ip", "netns", "exec", "cx-scan"],
          config:
            `scanning: { port_range: "7,53,80", udp_scan: true, min_rate: 0, min_parallelism: 0 }
targets: ["10.77.0.0/29"]
`,
        });
        const samples = await exporter.until((now) => has(now, "scans_successful_total{", 2), {
          seconds: 120,
          what: "both protocols are scanned",
        });
        assert.deepEqual(openPorts(samples), await labTruth("7,53,80", ["tcp", "udp"], []));
        // .0 is absent; .1 is the scanner itself, .2 to .7 are the hosts.
        assert.equal(samples.get('nmap_host_up_count{target="10.77.0.0/29"}'), 7);
        assert.equal(samples.get('nmap_host_down_count{target="10.77.0.0/29"}'), 1);
      },
    );

    await t.step("with 2 % loss nothing is missed and nothing changes by itself", async () => {
      await lab("conditions", "25", "2");
      await using exporter = await Exporter.start({
        through: ["ip", "netns", "exec", "cx-far"],
        config: `scanning: { port_range: "${PORTS}", interval: 1 }
targets: ["10.77.0.2", "10.77.0.7"]
`,
      });
      const truth = (await labTruth(PORTS, ["tcp"], [])).filter((line) => /\.[27] /.test(line));
      // Of both probes that a silent port gets, both may be lost: then the next round finds it.
      const found = await exporter.until(
        (now) => openPorts(now).join() === truth.join(),
        { seconds: 60, what: "all open ports are found" },
      );
      const rounds = (now: Map<string, number>) =>
        [...now].filter(([name]) => name.startsWith("scans_successful_total")).map(([, n]) => n);
      const samples = await exporter.until(
        (now) => rounds(now).every((n, index) => n >= rounds(found)[index]! + 4),
        { seconds: 120, what: "four more rounds" },
      );
      assert.deepEqual(openPorts(samples), truth);
      assert.equal(changes(samples), changes(found));
      await lab("conditions", "25", "0");
    });

    await t.step(
      "a scanner that loses its own network closes nothing, and goes on when it is back",
      async () => {
        await using exporter = await Exporter.start({
          through: ["ip", "netns", "exec", "cx-far"],
          config: `scanning: { port_range: "22,80,443,8080", interval: 2, worker_count: 2 }
targets: ["10.77.0.2", "10.77.0.6", "10.77.0.7"]
`,
        });
        const before = await exporter.until((now) => has(now, "scans_successful_total{", 3), {
          seconds: 60,
          what: "all targets are scanned",
        });
        await lab("conditions", "25", "100");
        const dark = await exporter.until(
          (now) =>
            ["2", "6", "7"].every((n) =>
              (now.get(
                `scans_failed_total{target="10.77.0.${n}/32",port_range="22,80,443,8080",protocol="tcp",error_type="no_answer"}`,
              ) ?? 0) >= 2
            ),
          { seconds: 120, what: "every target fails with no_answer twice" },
        );
        assert.deepEqual(openPorts(dark), openPorts(before));
        await lab("conditions", "25", "0");
        const scans = dark.get(
          'scans_successful_total{target="10.77.0.2/32",port_range="22,80,443,8080",protocol="tcp"}',
        )!;
        const after = await exporter.until(
          (now) =>
            now.get(
              'scans_successful_total{target="10.77.0.2/32",port_range="22,80,443,8080",protocol="tcp"}',
            )! > scans,
          { seconds: 60, what: "scans succeed again" },
        );
        assert.deepEqual(openPorts(after), openPorts(before));
        assert.equal(changes(after), 0);
      },
    );

    await t.step(
      "one host that falls silent beside others that answer is closed after a second look",
      async () => {
        await using exporter = await Exporter.start({
          through: ["ip", "netns", "exec", "cx-far"],
          config: `scanning: { port_range: "22,80,443,8080", interval: 2 }
targets: ["10.77.0.2", "10.77.0.6"]
`,
        });
        await exporter.until((now) => has(now, "open_ports_total{", 2), {
          seconds: 60,
          what: "both are open",
        });
        const drop = ["ip", "netns", "exec", "cx-h6", "nft"];
        await run([
          ...drop,
          "add table ip gone { chain in { type filter hook input priority 0; policy drop; }; }",
        ]);
        const closed = await exporter.until(
          (now) => now.get('open_ports_total{ip="10.77.0.6"}') === 0,
          {
            seconds: 60,
            what: "the silent host is closed",
          },
        );
        assert.equal(
          closed.get(
            'port_state_changes_total{target="10.77.0.6/32",change_type="open_to_closed"}',
          ),
          2,
        );
        assert.equal(closed.get('open_ports_total{ip="10.77.0.2"}'), 3);
        await run([...drop, "delete table ip gone"]);
        await exporter.until((now) => now.get('open_ports_total{ip="10.77.0.6"}') === 2, {
          seconds: 60,
          what: "it is open again",
        });
      },
    );

    await t.step("an address without a route fails as no_route", async () => {
      await using exporter = await Exporter.start({
        through: ["ip", "netns", "exec", "cx-far"],
        config: `scanning: { port_range: "80" }
targets: ["10.77.9.9"]
`,
      });
      await exporter.until(
        (now) =>
          now.get(
            'scans_failed_total{target="10.77.9.9/32",port_range="80",protocol="tcp",error_type="no_route"}',
          ) === 1,
        { seconds: 30, what: "the scan fails" },
      );
    });
  } finally {
    await lab("down");
  }
});

async function run([command, ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command!, { args: [...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
