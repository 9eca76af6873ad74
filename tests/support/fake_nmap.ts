import { join } from "node:path";
import { PRIVILEGE_PROBE } from "../../src/nmap/capability.ts";

/** What the fake says about one address. */
export interface FakeHost {
  /** Open ports, reported where they were asked for. */
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
  /** State of the other ports; default `closed`. `unreachable` is `filtered` with reason `net-unreach`. */
  readonly rest?: "closed" | "filtered" | "unreachable";
  /** Default `up`; `down` is left out of the document and counted as down. */
  readonly state?: "up" | "down" | "timedout";
  /** Reason of the status; default `user-set`. */
  readonly reason?: string;
}

/** What can go wrong, instead of or after the report of the hosts. */
export type FakeFault =
  /** Bytes that are no XML, exit 0. */
  | "garbage"
  /** Nothing at all, exit 0. */
  | "empty"
  /** The document without its last 40 bytes, exit 0. */
  | "truncated"
  /** The head and the first host, then killed by SIGKILL. */
  | "dies"
  /** The head, then silence without end. */
  | "silent"
  /** 200 MB on stderr, then the report. */
  | "floods_stderr"
  /** Hosts nobody asked for, `hugeBytes` of them, then the report. */
  | "huge"
  /** The report, with a child left behind that holds the pipes open for 60 s. */
  | "holds_pipes";

/** How the fake behaves; read again at every call. */
export interface FakeScenario {
  /** By canonical address. */
  readonly hosts?: Readonly<Record<string, FakeHost>>;
  /** What it says about addresses that are not in `hosts`; default all ports closed. */
  readonly otherwise?: FakeHost;
  /** Default `7.93`. */
  readonly version?: string;
  /** Whether it may open raw sockets; default true. Without, `-sS` and `-sU` end as nmap does. */
  readonly raw?: boolean;
  /** Milliseconds before a scan begins to answer. */
  readonly delayMs?: number;
  /** Percent that it says it has done, a second before the next and before the report. */
  readonly progress?: readonly number[];
  readonly fault?: FakeFault;
  /** Default 300 MB. */
  readonly hugeBytes?: number;
  /** SIGTERM is not obeyed. */
  readonly ignoresSigterm?: boolean;
  /** Text on stderr, at once. */
  readonly stderr?: string;
  /** Ends with this code, without a document unless it is 0. */
  readonly exitCode?: number;
  /** Writes this file instead of a report of its own, in pieces. */
  readonly replay?: { readonly file: string; readonly chunk?: number; readonly pauseMs?: number };
}

/** An executable named `nmap` in a directory of its own. */
export interface FakeNmap extends AsyncDisposable {
  /** To be put first in PATH. */
  readonly dir: string;
  /** The executable. */
  readonly path: string;
  /** Changes the behaviour from the next call on. */
  set(scenario: FakeScenario): Promise<void>;
  /** Arguments of every call so far, oldest first. */
  calls(): Promise<string[][]>;
  /** Those of them that were scans: neither `--version` nor the privilege probe. */
  scans(): Promise<string[][]>;
}

/** Makes a fake nmap that reports every port of every address closed until told otherwise. */
export async function makeFakeNmap(
  dir?: string,
  { scenario = {} }: { scenario?: FakeScenario } = {},
): Promise<FakeNmap> {
  const own = dir === undefined;
  const home = dir ?? await Deno.makeTempDir({ prefix: "fake-nmap-" });
  const path = join(home, "nmap");
  const set = async (next: FakeScenario) => {
    // Renamed into place, so that no call reads half of it.
    await Deno.writeTextFile(join(home, "scenario.json.new"), JSON.stringify(next));
    await Deno.rename(join(home, "scenario.json.new"), join(home, "scenario.json"));
  };
  const calls = async () => {
    const text = await Deno.readTextFile(join(home, "calls.jsonl")).catch(() => "");
    return text.split("\n").filter((line) => line !== "").map((line) =>
      JSON.parse(line) as string[]
    );
  };
  await set(scenario);
  await Deno.writeTextFile(path, SCRIPT);
  await Deno.chmod(path, 0o755);
  return {
    dir: home,
    path,
    set,
    calls,
    scans: async () =>
      (await calls()).filter((args) =>
        args[0] !== "--version" &&
        args.join(" ") !== PRIVILEGE_PROBE.join(" ")
      ),
    async [Symbol.asyncDispose]() {
      if (own) await Deno.remove(home, { recursive: true });
    },
  };
}

const SCRIPT = String.raw`#!/usr/bin/env node
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const home = path.dirname(fs.realpathSync(process.argv[1]));
const args = process.argv.slice(2);
const scenario = JSON.parse(fs.readFileSync(path.join(home, "scenario.json"), "utf8"));
fs.appendFileSync(path.join(home, "calls.jsonl"), JSON.stringify(args) + "\n");
const version = scenario.version ?? "7.93";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const write = (fd, text) => {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(fd, bytes));
    } catch (error) {
      if (error.code === "EPIPE") return;
      if (error.code !== "EAGAIN") throw error;
    }
  }
};
const quit = (code, text) => {
  if (text) write(2, text + "\nQUITTING!\n");
  process.exit(code);
};

const split = args.indexOf("--");
const options = split < 0 ? args : args.slice(0, split);
const addresses = split < 0 ? [] : args.slice(split + 1);
const protocol = options.includes("-sU") ? "udp" : "tcp";
const type = protocol === "udp" ? "udp" : options.includes("-sT") ? "connect" : "syn";
const services = options[options.indexOf("-p") + 1] ?? "";
const ranges = services.split(",").filter(Boolean).map((item) => item.split("-").map(Number))
  .map(([first, last = first]) => [first, last]);
const count = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
const asked = (port) => ranges.some(([first, last]) => first <= port && port <= last);
const start = Math.floor(Date.now() / 1000);

const head = () =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n' +
  '<nmaprun scanner="nmap" args="nmap" start="' + start + '" version="' + version +
  '" xmloutputversion="1.05">\n<scaninfo type="' + type + '" protocol="' + protocol +
  '" numservices="' + count + '" services="' + services + '"/>\n';

const foldedPorts = (open) => {
  const out = [];
  for (const [first, last] of ranges) {
    let next = first;
    for (const port of open) {
      if (port < first || port > last) continue;
      if (port > next) out.push([next, port - 1]);
      next = port + 1;
    }
    if (next <= last) out.push([next, last]);
  }
  return out.map(([a, b]) => a === b ? a : a + "-" + b).join(",");
};

const host = (address) => {
  const said = scenario.hosts?.[address] ?? scenario.otherwise ?? {};
  if (said.state === "down") return "";
  const timedOut = said.state === "timedout";
  let text = '<host starttime="' + start + '" endtime="' + Math.floor(Date.now() / 1000) + '"' +
    (timedOut ? ' timedout="true"' : "") + '><status state="up" reason="' +
    (said.reason ?? "user-set") + '" reason_ttl="0"/>\n<address addr="' + address +
    '" addrtype="' + (address.includes(":") ? "ipv6" : "ipv4") + '"/>\n<hostnames>\n</hostnames>\n';
  if (timedOut) return text + "</host>\n";
  const open = [...new Set(said[protocol] ?? [])].filter(asked).sort((a, b) => a - b);
  const rest = said.rest ?? "closed";
  const reason = rest === "unreachable" ? "net-unreach" : rest === "filtered" ? "no-response"
    : protocol === "udp" ? "port-unreach" : type === "connect" ? "conn-refused" : "reset";
  text += "<ports>";
  if (count > open.length) {
    const state = rest === "closed" ? "closed" : "filtered";
    text += '<extraports state="' + state + '" count="' + (count - open.length) +
      '">\n<extrareasons reason="' + reason + '" count="' + (count - open.length) + '" proto="' +
      protocol + '" ports="' + foldedPorts(open) + '"/>\n</extraports>\n';
  }
  for (const port of open) {
    text += '<port protocol="' + protocol + '" portid="' + port +
      '"><state state="open" reason="syn-ack" reason_ttl="64"/></port>\n';
  }
  return text + "</ports>\n</host>\n";
};

const foot = (exit, errormsg) => {
  const down = addresses.filter((address) =>
    (scenario.hosts?.[address] ?? scenario.otherwise ?? {}).state === "down").length;
  const total = exit === "success" ? addresses.length : 0;
  const up = exit === "success" ? total - down : 0;
  return '<runstats><finished time="' + Math.floor(Date.now() / 1000) + '" exit="' + exit + '"' +
    (errormsg ? ' errormsg="' + errormsg + '"' : "") + '/><hosts up="' + up + '" down="' +
    (total - up) + '" total="' + total + '"/>\n</runstats>\n</nmaprun>\n';
};

const strangers = (bytes) => {
  const one = '<host starttime="1"><status state="up" reason="user-set" reason_ttl="0"/>\n' +
    '<address addr="192.0.2.1" addrtype="ipv4"/>\n<ports><port protocol="tcp" portid="80">' +
    '<state state="open" reason="syn-ack" reason_ttl="64"/></port></ports>\n</host>\n';
  const block = one.repeat(Math.ceil(1e6 / one.length));
  for (let sent = 0; sent < bytes; sent += block.length) write(1, block);
};

const main = async () => {
  if (args[0] === "--version") {
    write(1, "Nmap version " + version + " ( https://nmap.org )\n");
    return;
  }
  if (scenario.raw === false && type !== "connect") {
    const message = "dnet: Failed to open device lo";
    write(1, head() + foot("error", message));
    quit(1, message);
  }
  if (args.join(" ") === "${PRIVILEGE_PROBE.join(" ")}") {
    write(1, head() + host("127.0.0.1") + foot("success"));
    return;
  }
  if (scenario.ignoresSigterm) process.on("SIGTERM", () => {});
  if (scenario.stderr) write(2, scenario.stderr);
  if (scenario.delayMs) await sleep(scenario.delayMs);
  if (scenario.exitCode) process.exit(scenario.exitCode);
  if (scenario.replay) {
    const bytes = fs.readFileSync(scenario.replay.file);
    const chunk = scenario.replay.chunk ?? 4096;
    for (let at = 0; at < bytes.length; at += chunk) {
      write(1, bytes.subarray(at, at + chunk));
      if (scenario.replay.pauseMs) await sleep(scenario.replay.pauseMs);
    }
    return;
  }
  const report = () => addresses.map(host).join("") + foot("success");
  switch (scenario.fault) {
    case "garbage":
      return write(1, "\x7fELF not what was expected <<<>>> \xff\xfe");
    case "empty":
      return;
    case "truncated":
      return write(1, (head() + report()).slice(0, -40));
    case "dies":
      write(1, head() + host(addresses[0]));
      process.kill(process.pid, "SIGKILL");
      return sleep(60000);
    case "silent":
      write(1, head());
      return new Promise(() => setInterval(() => {}, 60000));
    case "floods_stderr": {
      const block = "Warning: this line says nothing at all and says it again\n".repeat(18000);
      for (let sent = 0; sent < 200e6; sent += block.length) write(2, block);
      break;
    }
    case "huge":
      write(1, head());
      strangers(scenario.hugeBytes ?? 300e6);
      return write(1, report());
    case "holds_pipes":
      require("node:child_process").spawn("sleep", ["60"], { stdio: "inherit", detached: true }).unref();
      break;
  }
  write(1, head());
  for (const percent of scenario.progress ?? []) {
    write(1, '<taskprogress task="SYN Stealth Scan" time="' + start + '" percent="' + percent + '"/>\n');
    await sleep(1000);
  }
  write(1, report());
};

main().then(() => scenario.fault === "holds_pipes" && process.exit(0));
`;
