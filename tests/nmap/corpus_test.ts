import assert from "node:assert/strict";
import fc from "fast-check";
import type { FailureType, HostReport } from "../../src/domain/scan.ts";
import { classify } from "../../src/nmap/failure.ts";
import { NmapOutputReader } from "../../src/nmap/output.ts";

/** Recorded runs of nmap 7.93: addresses asked for, and the failure by the contract's idea of a complete process. */
const CASES: Readonly<Record<string, readonly [asked: number, failure: FailureType | undefined]>> =
  {
    "all-down": [2, undefined],
    "badport-text": [1, "other"],
    "big-1200-open": [1, undefined],
    "closedpipe": [2, "bad_output"],
    "connect-one": [1, undefined],
    "exclude": [6, undefined],
    "host-timeout-drop": [1, undefined],
    "host-timeout-open": [1, undefined],
    "host-timeout-partial": [2, undefined],
    "hostname-ok": [1, undefined],
    "max-rate": [1, undefined],
    "no-route": [1, "no_route"],
    "no-route-mixed": [2, "no_route"],
    "nobody-ambient-privileged": [1, undefined],
    "nobody-privileged-nocap": [1, "permission"],
    "nobody-sS": [1, "permission"],
    "nobody-sU": [1, "permission"],
    "open-only": [4, undefined],
    "opt-hto0": [1, undefined],
    "opt-rtt-min-gt-max": [1, undefined],
    "opt-unknown": [1, "other"],
    "port-dup": [1, undefined],
    "root-nocap": [1, "permission"],
    "sA-unfiltered": [2, undefined],
    "sigterm-after-hosts": [3, "killed"],
    "sigterm-mid": [2, "killed"],
    "slash28-nopn-routed": [16, undefined],
    "slash28-pn-routed": [16, undefined],
    "sn": [8, undefined],
    "stats-every": [2, undefined],
    "syn-one": [1, undefined],
    // Four addresses, of which one was named three times: nmap accounts for six.
    "target-dup": [4, "bad_output"],
    "target-invalid-octet": [1, "unresolved"],
    "target-range": [4, undefined],
    "tcp-udp-one": [1, undefined],
    "tcp-udp-prefix": [1, undefined],
    "udp-minrate": [1, undefined],
    "unresolvable": [1, "unresolved"],
    "v4-with-6": [1, "unresolved"],
    "v6-one": [1, undefined],
    "v6-routed": [2, undefined],
    "wide-v6-64": [16, "killed"],
  };

interface Meta {
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly xml_well_formed: boolean;
  readonly reader_must_conclude: {
    readonly hosts: readonly {
      readonly addrs: readonly string[];
      readonly complete: boolean;
      readonly timedout: boolean;
      readonly open: Partial<Record<"tcp" | "udp", number[]>>;
    }[];
    readonly summary: { readonly timed_out: readonly string[] };
  };
}

const FOLDER = new URL("../testdata/nmap/", import.meta.url);
const load = async (name: string) => ({
  xml: await Deno.readFile(new URL(`${name}.xml`, FOLDER)),
  meta: JSON.parse(await Deno.readTextFile(new URL(`${name}.meta.json`, FOLDER))) as Meta,
});

/** Addresses with what was open, of the hosts an independent reader found whole. */
function expectedHosts({ reader_must_conclude: { hosts } }: Meta) {
  const byAddress: Record<string, { timedOut: boolean; tcp: number[]; udp: number[] }> = {};
  for (const { addrs, timedout, open, complete } of hosts) {
    if (!complete) continue;
    const address = addrs.find((text) => /^ipv[46]:/.test(text))!.slice(5);
    byAddress[address] = { timedOut: timedout, tcp: open.tcp ?? [], udp: open.udp ?? [] };
  }
  return byAddress;
}

function foundHosts(hosts: readonly HostReport[]) {
  return Object.fromEntries(
    hosts.map(({ address, timedOut, open }) => [address, { timedOut, ...open }]),
  );
}

/** What a reader says that gets `xml` cut at `cuts`. */
function readCut(xml: Uint8Array, asked: ReadonlySet<string>, cuts: readonly number[]) {
  const reader = new NmapOutputReader({ asked });
  let malformed: string | undefined;
  try {
    let at = 0;
    for (const cut of [...cuts, xml.length]) {
      reader.write(xml.subarray(at, cut));
      at = cut;
    }
    reader.end();
  } catch (error) {
    malformed = (error as Error).message;
  }
  return { malformed, document: reader.document, hosts: reader.hosts };
}

Deno.test("the corpus is what the table names", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (name.endsWith(".meta.json")) names.push(name.replace(".meta.json", ""));
  }
  assert.deepEqual(names.sort(), Object.keys(CASES).sort());
});

for (const [name, [count, failure]] of Object.entries(CASES)) {
  Deno.test(`recorded run ${name} is concluded right, however it is cut`, async () => {
    const { xml, meta } = await load(name);
    const expected = expectedHosts(meta);
    const asked = new Set(Object.keys(expected));
    const whole = readCut(xml, asked, []);
    assert.equal(whole.malformed === undefined, meta.xml_well_formed);
    assert.deepEqual(foundHosts(whole.hosts), expected);
    assert.deepEqual(
      whole.hosts.filter(({ timedOut }) => timedOut).map(({ address }) => address),
      meta.reader_must_conclude.summary.timed_out,
    );
    assert.equal(whole.document.strangers, 0);
    const concluded = classify({
      code: meta.exit_code ?? 128,
      signal: meta.signal,
      endedByUs: false,
      stderr: meta.stderr,
      document: whole.document,
      malformed: whole.malformed,
      asked: count,
    });
    assert.equal(concluded?.type, failure, concluded?.message);

    assert.deepEqual(readCut(xml, asked, [...xml.keys()]), whole);
    const cuts = fc.uniqueArray(fc.nat(Math.max(xml.length - 1, 0)), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (at) => {
        assert.deepEqual(readCut(xml, asked, at.sort((a, b) => a - b)), whole);
      }),
      { numRuns: xml.length > 100_000 ? 3 : 20 },
    );
  });
}

Deno.test("recorded runs that are cut short are rejected at every byte", async () => {
  for (const name of ["syn-one", "badport-text", "host-timeout-partial", "v6-one"]) {
    const { xml } = await load(name);
    const end = new TextDecoder().decode(xml).trimEnd().length;
    for (let length = 0; length < end; length++) {
      assert.ok(readCut(xml.subarray(0, length), new Set(), []).malformed, `${name} at ${length}`);
    }
  }
});

Deno.test("recorded runs show life where something answered", async () => {
  const aliveOf = async (name: string) => {
    const { xml, meta } = await load(name);
    return readCut(xml, new Set(Object.keys(expectedHosts(meta))), []).hosts
      .filter(({ alive }) => alive).map(({ address }) => address.split(/[.:]/).at(-1));
  };
  assert.deepEqual(await aliveOf("slash28-pn-routed"), ["2", "3", "5", "6", "7"]);
  assert.deepEqual(await aliveOf("host-timeout-partial"), ["2"]);
  assert.deepEqual(await aliveOf("v6-routed"), ["6"]);
  assert.deepEqual(await aliveOf("sA-unfiltered"), ["2", "5"]);
});

Deno.test("recorded runs cover the ports of their scaninfo", async () => {
  const coveredBy = async (name: string) => {
    const { document } = readCut((await load(name)).xml, new Set(), []);
    return [String(document.covered.tcp), String(document.covered.udp)];
  };
  assert.deepEqual(await coveredBy("syn-one"), ["1-10000", ""]);
  assert.deepEqual(await coveredBy("tcp-udp-prefix"), ["22,53,80", "7,53,9999"]);
  assert.deepEqual(await coveredBy("udp-minrate"), ["", "1-200"]);
  assert.deepEqual(await coveredBy("sigterm-mid"), ["1-3000", ""]);
  assert.deepEqual(await coveredBy("sn"), ["", ""]);
});
