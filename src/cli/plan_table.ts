import type { Forecast, ScheduleForecast, TargetForecast } from "../forecast/forecast.ts";
import { escapeControls } from "../text/escape_controls.ts";

/** Most lines of the table; of a list of 100,000 targets the rest is counted. */
const MAX_LINES = 50;
/** Most characters of a name and of a list of ports. */
const MAX_NAME = 40;
const MAX_PORTS = 24;

const HEAD = ["TARGET", "ADDRESSES", "PORTS", "PROTOCOL", "EVERY", "PROBES", "TIME", "SHARE"];
/** Columns of numbers. */
const RIGHT: ReadonlySet<number> = new Set([1, 4, 5, 6, 7]);

/** The plan as a table with what it comes to, for people; empty when there are no targets. */
export function planTable(forecast: Forecast): string[] {
  const { targets } = forecast;
  if (targets.length === 0) return [];
  const rows: string[][] = [];
  let told = 0;
  for (const target of targets) {
    const lines = linesOf(target);
    if (told > 0 && rows.length + lines.length > MAX_LINES) break;
    rows.push(...lines);
    told++;
  }
  const rest = targetCount(targets.slice(told));
  return [
    ...aligned([HEAD, ...rows]),
    ...(rest > 0 ? [`and ${number(rest)} more targets`] : []),
    "",
    total(forecast),
    ...notes(targets),
    "",
  ];
}

function linesOf(target: TargetForecast): string[][] {
  return target.schedules.map((schedule, index) => [
    ...(index === 0 ? [nameOf(target), addressesOf(target)] : ["", ""]),
    ...scheduleCells(schedule),
  ]);
}

function scheduleCells({ portRange, protocol, interval, cost }: ScheduleForecast): string[] {
  const cells = [cut(portRange, MAX_PORTS), protocol, everyText(interval)];
  return cost === "known" ? [...cells, "?", "?", "?"] : [
    ...cells,
    number(cost.probes),
    durationText(cost.seconds),
    percentText(cost.seconds / interval),
  ];
}

function nameOf({ name, count }: TargetForecast): string {
  const shown = cut(escapeControls(name), MAX_NAME);
  return count === 1 ? shown : `${shown} and ${number(count - 1)} more`;
}

function addressesOf({ addresses, hostNames }: TargetForecast): string {
  const names = hostNames === 0 ? [] : [`${number(hostNames)} ${plural(hostNames, "name")}`];
  const numbers = addresses === 0n && hostNames > 0 ? [] : [number(addresses)];
  return [...numbers, ...names].join(" + ");
}

function total({ targets, addresses, publicAddresses, load, workers }: Forecast): string {
  const count = targetCount(targets);
  const shown = publicAddresses === 0n ? "" : `, ${number(publicAddresses)} of them public`;
  return `All together: ${number(count)} ${plural(count, "target")}, ` +
    `${number(addresses)} ${plural(Number(addresses), "address")}${shown}, ` +
    `${percentText(load)} of the time of ${workers} ${plural(workers, "worker")}.`;
}

function notes(targets: readonly TargetForecast[]): string[] {
  const known = targets.some(({ schedules }) => schedules.some(({ cost }) => cost === "known"));
  const named = targets.some(({ hostNames }) => hostNames > 0);
  return [
    "PROBES are addresses times ports. TIME and its SHARE of the interval are estimates for addresses",
    "that never answer, at the configured rates, if nothing else is scanned meanwhile.",
    ...(known
      ? ["What a sweep of known ports takes depends on what is open: it is not counted."]
      : []),
    ...(named
      ? ["Host names are resolved at each scan; here each is counted as one address."]
      : []),
  ];
}

function targetCount(targets: readonly TargetForecast[]): number {
  return targets.reduce((sum, { count }) => sum + count, 0);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => width(row[column]!))));
  return rows.map((row) =>
    row.map((cell, column) => {
      const blanks = " ".repeat(widths[column]! - width(cell));
      return RIGHT.has(column) ? blanks + cell : cell + blanks;
    }).join("  ").trimEnd()
  );
}

function width(text: string): number {
  return [...text].length;
}

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}

function plural(count: number, word: string): string {
  if (count === 1) return word;
  return word.endsWith("s") ? `${word}es` : `${word}s`;
}

function number(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

const UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;
const SPANS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]] as const;

/** As it would be written in a configuration: `90s`, `15m`. */
function everyText(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0)!;
  return `${seconds / size}${unit}`;
}

/** An estimate, to two digits or three: `45 s`, `2.3 h`. */
function durationText(seconds: number): string {
  const [unit, size] = SPANS.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  return `${digits(seconds / size)} ${unit}`;
}

function percentText(share: number): string {
  return share > 0 && share < 0.001 ? "<0.1 %" : `${digits(share * 100)} %`;
}

function digits(value: number): string {
  return value < 9.95 ? value.toFixed(1) : number(Math.round(value));
}
