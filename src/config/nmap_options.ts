import type * as z from "zod";
import { lowerLimit } from "../domain/rate_share.ts";
import type { NmapOptions } from "../domain/scan.ts";
import { milliseconds, oneOf, seconds, truth, wholeNumber } from "./scalars.ts";
import { mapping } from "./section.ts";

/** Upper end of numbers that have no natural one: far above use, far below where nmap overflows. */
export const MANY = 1_000_000_000;
/** Milliseconds; nmap refuses a `--max-rtt-timeout` and an `--initial-rtt-timeout` below it. */
const LEAST_RTT = 5;

/** The keys that become options of nmap, in `scanning` and for a target of its own. */
export const nmapKeys = mapping({
  disable_dns_resolution: truth(),
  min_rate: wholeNumber(0, MANY),
  max_rate: wholeNumber(0, MANY),
  min_parallelism: wholeNumber(0, MANY),
  max_retries: wholeNumber(0, 50),
  host_timeout: seconds(0),
  scan_delay: milliseconds(),
  max_scan_delay: milliseconds(),
  initial_rtt_timeout: milliseconds(LEAST_RTT),
  max_rtt_timeout: milliseconds(LEAST_RTT),
  min_rtt_timeout: milliseconds(LEAST_RTT),
  disable_host_discovery: truth(),
  scan_technique: oneOf(["auto", "syn", "connect"]),
});

/** nmap options as they were written: what is not there was not. */
export type WrittenNmap = Readonly<z.output<typeof nmapKeys>>;

/** nmap options where nothing is written. */
export const DEFAULT_NMAP: NmapOptions = {
  technique: "auto",
  disableDnsResolution: true,
  disableHostDiscovery: true,
  minRate: 1000,
  maxRate: 0,
  minParallelism: 1000,
  maxRetries: 6,
  hostTimeout: 300,
  scanDelay: 0,
  maxScanDelay: 0,
  initialRttTimeout: 0,
  maxRttTimeout: 0,
  minRttTimeout: 0,
};

/** Of a mapping with other keys as well, those that are nmap options. */
export function pickNmap(written: WrittenNmap): WrittenNmap {
  const keys = Object.keys(nmapKeys.shape) as (keyof WrittenNmap)[];
  return Object.fromEntries(
    keys.filter((key) => written[key] !== undefined).map((key) => [key, written[key]]),
  );
}

/**
 * Applies defaults, and lets unwritten options give way to written ones. `share` is the packets per
 * second that one process may send, 0 for any number.
 */
export function resolveNmap(written: WrittenNmap, share: number): NmapOptions {
  const nmap = DEFAULT_NMAP;
  const scanDelay = written.scan_delay ?? nmap.scanDelay;
  const maxRate = lowerLimit(written.max_rate ?? nmap.maxRate, share);
  return {
    technique: written.scan_technique ?? nmap.technique,
    disableDnsResolution: written.disable_dns_resolution ?? nmap.disableDnsResolution,
    disableHostDiscovery: written.disable_host_discovery ?? nmap.disableHostDiscovery,
    minRate: written.min_rate ?? defaultMinRate(scanDelay, maxRate),
    maxRate,
    // nmap ignores it beside a delay.
    minParallelism: scanDelay > 0 ? 0 : written.min_parallelism ?? nmap.minParallelism,
    maxRetries: written.max_retries ?? nmap.maxRetries,
    hostTimeout: written.host_timeout ?? nmap.hostTimeout,
    scanDelay,
    maxScanDelay: written.max_scan_delay ?? nmap.maxScanDelay,
    initialRttTimeout: written.initial_rtt_timeout ?? nmap.initialRttTimeout,
    maxRttTimeout: written.max_rtt_timeout ?? nmap.maxRttTimeout,
    minRttTimeout: written.min_rtt_timeout ?? nmap.minRttTimeout,
  };
}

/** nmap refuses a minimum above the maximum, and would ignore the delay beside a minimum. */
function defaultMinRate(scanDelay: number, maxRate: number): number {
  if (scanDelay > 0) return 0;
  return maxRate > 0 ? Math.min(DEFAULT_NMAP.minRate, maxRate) : DEFAULT_NMAP.minRate;
}
