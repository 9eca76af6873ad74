import { escapeControls } from "../text/escape_controls.ts";
import type { JudgedPort } from "./policy_check.ts";
import { type Incomplete, isGood, type ResultPorts, type ScanResult } from "./scan_result.ts";

/** Most lines of one list of what is wrong, where the rest is counted: the JSON has all of them. */
const MAX_LINES = 50;
/** Most characters of a list of ports. */
const MAX_PORTS = 60;

const HEAD = ["HOST", "PORT", "PROTOCOL", "STATE"] as const;
/** Column of numbers. */
const RIGHT = 1;

/** A result for people: a table of open ports, what is not known, how it complies, and a summary as the last line. */
export function textReport(result: ScanResult): string {
  const { incomplete, failure, policy } = result;
  const lines = [
    ...table(result),
    ...list("Not known, which is not closed:", incomplete.map(incompleteLine)),
    // Said of no address, such as that nothing was begun, or of which targets are not known.
    ...(failure !== null && incomplete.length === 0 ? [failure.message, ""] : []),
    ...(policy === null ? [] : [
      ...list("Open and not expected:", policy.unexpected.map(portLine)),
      ...list("Expected and not open:", policy.missing.map(portLine)),
      ...list("Expected and not known:", policy.unknown.map(unknownLine)),
      ...list("Expected and not checked:", policy.not_checked.map(portsLine)),
      ...list("Without a policy:", policy.without_policy),
    ]),
    summaryLine(result),
  ];
  return lines.map((line) => `${escapeControls(line)}\n`).join("");
}

function table({ hosts }: ScanResult): string[] {
  const rows = hosts.flatMap(({ address, names, open }) => {
    const host = names.length === 0 ? address : `${address} (${names.join(", ")})`;
    return open.map(({ port, protocol }) => [host, String(port), protocol, "open"]);
  });
  if (rows.length === 0) return [];
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) =>
    all.reduce((most, row) => Math.max(most, row[column]!.length), 0)
  );
  const lines = all.map((row) =>
    row.map((cell, column) =>
      column === RIGHT ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
  return [...lines, ""];
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MAX_LINES;
  return [
    title,
    ...lines.slice(0, MAX_LINES).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${number(more)} more`] : []),
    "",
  ];
}

function incompleteLine(item: Incomplete): string {
  const { target, first, last, addresses, protocol, ports, message } = item;
  const place = target ??
    (addresses === 1 ? first! : `${first}-${last} (${count(addresses, "address")})`);
  return `${place}, ${protocol} ${cut(ports)}: ${message}`;
}

function portLine({ name, address, port, protocol }: JudgedPort): string {
  return `${address} ${port}/${protocol}${targetOf(name, address)}`;
}

function portsLine({ name, place, protocol, ports }: ResultPorts): string {
  return `${place} ${cut(ports)}/${protocol}${targetOf(name, place)}`;
}

function unknownLine(item: ResultPorts): string {
  // Of an address, the reason stands with what is not known; a network is there because it is silent.
  return portsLine(item) + (item.place.includes("/") ? ": nothing answers there" : "");
}

/** The target where its name says more than the address that it is said of. */
function targetOf(name: string, place: string): string {
  return name === place ? "" : ` (${name})`;
}

function summaryLine(result: ScanResult): string {
  const { summary, seconds, status, failure, policy } = result;
  const { addresses, up, down, timed_out, unknown, answered, open_ports } = summary;
  const all = `${count(addresses, "address")}: ${number(up)} up, ${number(down)} down, ` +
    `${number(timed_out)} timed out, ${number(unknown)} unknown; ${number(answered)} answered; ` +
    `${count(open_ports, "open port")}; ${seconds.toFixed(1)} s; `;
  const deviations = policy === null ? 0 : policy.unexpected.length + policy.missing.length;
  const verdicts = [
    failure === null ? "complete" : status === "failed" ? "failed" : "incomplete",
    ...(deviations > 0 ? [count(deviations, "policy violation")] : []),
    ...(policy !== null && deviations === 0 && isGood(result)
      ? [
        policy.not_checked.length + policy.without_policy.length === 0
          ? "as expected"
          : "as expected where it was checked",
      ]
      : []),
    ...(policy !== null && deviations === 0 && failure === null && !policy.ok
      ? ["not known to be as expected"]
      : []),
  ];
  return all + verdicts.join(", ");
}

function cut(ports: string): string {
  return ports.length > MAX_PORTS ? `${ports.slice(0, MAX_PORTS)}…` : ports;
}

function count(value: number, word: string): string {
  const plural = word.endsWith("s") ? `${word}es` : `${word}s`;
  return `${number(value)} ${value === 1 ? word : plural}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
