/**
 * Measures reading nmap's XML: this program's reader against a strict library parser that does nothing
 * with what it reads, each in a process of its own, in alternating rounds. The document has the shape
 * of recorded runs, is made on the fly and never held; making it is not timed.
 *
 * deno run -A bench/read_nmap.ts [--megabytes 300] [--rounds 3]
 */
import process from "node:process";
import { SaxesParser } from "saxes";
import { parsePorts } from "../src/domain/ports.ts";
import { NmapOutputReader } from "../src/nmap/output.ts";

const MIB = 2 ** 20;
const CHUNK = 64 * 1024;
/** Bytes of a host, as below; 200,000 hosts are 300 MB and a little more. */
const HOST_BYTES = 1500;

/** A way to read a document, in chunks. */
interface Reader {
  readonly write: (chunk: Uint8Array) => void;
  /** Returns what was found, as a number. */
  readonly end: () => number;
}

const READERS: Readonly<Record<string, (hosts: number) => Reader>> = {
  "this reader, every host asked for": (hosts) => {
    const asked = new Set(Array.from({ length: hosts }, (_, index) => addressOf(index)));
    return ours(asked);
  },
  "this reader, nothing asked for": () => ours(new Set()),
  "saxes, handlers that do nothing": () => {
    const parser = new SaxesParser();
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let elements = 0;
    parser.on("opentag", () => elements++);
    parser.on("closetag", () => {});
    return {
      write: (chunk) => parser.write(decoder.decode(chunk, { stream: true })),
      end: () => {
        parser.close();
        return elements;
      },
    };
  },
};

function ours(asked: ReadonlySet<string>): Reader {
  let found = 0;
  const reader = new NmapOutputReader({
    asked,
    ports: parsePorts("1-1000"),
    onHost: ({ open }) => {
      found += open.tcp.length;
    },
  });
  return {
    write: (chunk) => reader.write(chunk),
    end: () => {
      const { total, strangers } = reader.end();
      return found + (total ?? 0) + strangers;
    },
  };
}

/** Addresses of 15 characters each, 100.100.100.100 and up, so that they can be written into a block that is there. */
function addressOf(index: number): string {
  const octet = (power: number) => 100 + Math.floor(index / 100 ** power) % 100;
  return `${octet(3)}.${octet(2)}.${octet(1)}.${octet(0)}`;
}

const SERVICES = ["ssh", "http", "https", "smtp", "domain", "http-proxy", "imap", "ms-wbt-server"];

function hostOf(index: number): string {
  const start = 1_795_361_276 + (index >> 6);
  const ports = Array.from({ length: 8 }, (_, i) => {
    const state = (index + i) % 5 === 0
      ? 'state="filtered" reason="no-response" reason_ttl="0"'
      : `state="open" reason="syn-ack" reason_ttl="${62 + i % 2}"`;
    return `<port protocol="tcp" portid="${20 + i * 111 + index % 31}"><state ${state}/>` +
      `<service name="${SERVICES[i]}" method="table" conf="3"/></port>`;
  });
  return `<host starttime="${start}" endtime="${start + 3}">` +
    `<status state="up" reason="user-set" reason_ttl="0"/>
<address addr="${addressOf(index)}" addrtype="ipv4"/>
<hostnames>
</hostnames>
<ports><extraports state="closed" count="992">
<extrareasons reason="reset" count="992" proto="tcp" ports="1-19,${
      21 + index % 31
    }-130,132-241,243-1000"/>
</extraports>
${ports.join("\n")}
</ports>
<times srtt="${5000 + index % 999}" rttvar="${2990 + index % 97}" to="100000"/>
</host>
`;
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<!-- Nmap 7.93 scan initiated Sun Nov 22 15:28:41 2026 as: nmap -oX - -sS -n -Pn -p 1-1000 100.0.0.0/8 -->
<nmaprun scanner="nmap" args="nmap -oX - -sS -n -Pn -p 1-1000 100.0.0.0/8" start="1795361276" version="7.93" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>
<verbose level="0"/>
<debugging level="0"/>
`;
/** Hosts that differ in more than their addresses. */
const BLOCK = 961;

/** A whole document of `hosts` hosts in chunks as a pipe gives them; each is overwritten by the next. */
function* documentOf(hosts: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const texts = Array.from({ length: BLOCK }, (_, index) => encoder.encode(hostOf(index)));
  const addresses = texts.map((_, index) => hostOf(index).indexOf(addressOf(index)));
  const chunk = new Uint8Array(CHUNK);
  let filled = 0;
  const pieces = function* (): Generator<Uint8Array> {
    yield encoder.encode(HEAD);
    for (let index = 0; index < hosts; index++) {
      const text = texts[index % BLOCK]!;
      encoder.encodeInto(addressOf(index), text.subarray(addresses[index % BLOCK]!));
      yield text;
    }
    yield encoder.encode(
      `<runstats><finished time="1795361999" elapsed="723.25" exit="success"/>` +
        `<hosts up="${hosts}" down="0" total="${hosts}"/>\n</runstats>\n</nmaprun>\n`,
    );
  };
  for (const piece of pieces()) {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + CHUNK - filled);
      chunk.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled === CHUNK) {
        yield chunk;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** A line of this process's `/proc` status, in bytes. */
function memory(name: "VmHWM" | "VmRSS"): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}

/** What one process found out. */
interface Result {
  readonly found: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Time that all threads of the process were computing, in milliseconds; what else the machine does matters less to it. */
  readonly computing: number;
  readonly longestWrite: number;
  readonly grown: number;
}

/** Reads a document; how long the longest write took shows what the event loop waits for. */
function measure(name: string, hosts: number): Result {
  const reader = READERS[name]!(hosts);
  let bytes = 0;
  let milliseconds = 0;
  let longestWrite = 0;
  const idle = memory("VmRSS");
  const before = process.cpuUsage();
  for (const chunk of documentOf(hosts)) {
    const began = performance.now();
    reader.write(chunk);
    const took = performance.now() - began;
    bytes += chunk.length;
    milliseconds += took;
    longestWrite = Math.max(longestWrite, took);
  }
  const began = performance.now();
  const found = reader.end();
  milliseconds += performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  const computing = (user + system) / 1000;
  return { found, bytes, milliseconds, computing, longestWrite, grown: memory("VmHWM") - idle };
}

const say = (text: string) => {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
};

function option(name: string, standard: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  const value = at < 0 ? standard : Number(Deno.args[at + 1]);
  if (value > 0) return value;
  throw new RangeError(`Cannot use --${name}: write a number above 0`);
}

async function inProcess(name: string, hosts: number): Promise<Result> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--frozen", "--allow-all", import.meta.filename!, "--child", name, `${hosts}`],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure ${name}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Median with the least and the most. */
function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, middle, high] = [0, sorted.length >> 1, sorted.length - 1]
    .map((at) => sorted[at]!.toFixed(digits));
  return `${middle} (${low}..${high})`;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

if (Deno.args[0] === "--child") {
  say(JSON.stringify(measure(Deno.args[1]!, Number(Deno.args[2]))));
} else {
  const hosts = Math.round(option("megabytes", 300) * 1e6 / HOST_BYTES);
  const rounds = option("rounds", 3);
  const names = Object.keys(READERS);
  const results = new Map<string, Result[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results.get(name)!.push(await inProcess(name, hosts));
  }
  const speed = ({ bytes, milliseconds }: Result) => bytes / 1e3 / milliseconds;
  const effort = ({ bytes, computing }: Result) => bytes / 1e3 / computing;
  const library = results.get(names.at(-1)!)!;
  const ratio = (all: readonly Result[], rate: (result: Result) => number) =>
    `${(median(all.map(rate)) / median(library.map(rate))).toFixed(2)} times saxes`;
  const { bytes } = results.get(names[0]!)![0]!;
  say(`${hosts} hosts, ${(bytes / 1e6).toFixed(1)} MB, ${rounds} rounds: median (least..most)`);
  for (const [name, all] of results) {
    say(
      `${name}: ${spread(all.map(speed), 1)} MB/s, ${ratio(all, speed)}; ` +
        `${spread(all.map(effort), 1)} MB per second of CPU, ${ratio(all, effort)}; ` +
        `peak ${spread(all.map(({ grown }) => grown / MIB), 1)} MiB above idle; longest write of ` +
        `64 KiB ${spread(all.map(({ longestWrite }) => longestWrite), 2)} ms`,
    );
  }
}
