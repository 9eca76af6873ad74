import { parseAddress } from "../domain/address.ts";
import { PortSet } from "../domain/ports.ts";
import type { NmapOptions, Protocol, ScanFailure, ScanJob, ScanOutcome } from "../domain/scan.ts";
import { type Look, looksOf } from "../state/look.ts";
import type { Doubt } from "../state/port_state.ts";

/** Most ports in one confirming process; silent ones cost about 0.2 s each (measured with nmap 7.93). */
const MAX_CHUNK = 250;
/** Seconds that a silent TCP port, and a closed UDP port of a host that limits its ICMP, cost when unhurried. */
const SECONDS_PER_PORT: Record<Protocol, number> = { tcp: 0.25, udp: 1.1 };

/** Ports that one confirming process can look at within half of `host_timeout` and of the process's time. */
export function confirmingChunk(
  protocol: Protocol,
  { nmap, timeout }: { nmap: NmapOptions; timeout: number },
): number {
  const perPort = Math.max(
    SECONDS_PER_PORT[protocol],
    nmap.maxRate > 0 ? 2 / nmap.maxRate : 0,
    (2 * nmap.scanDelay) / 1000,
  );
  const seconds = Math.min(nmap.hostTimeout > 0 ? nmap.hostTimeout : Infinity, timeout) / 2;
  return Math.max(1, Math.min(MAX_CHUNK, Math.floor(seconds / perPort)));
}

/** What a second look needs. */
export interface SecondLookOptions {
  readonly nmap: NmapOptions;
  /** Seconds that one process may take. */
  readonly timeout: number;
  readonly clockOffset: number;
  /** Runs one confirming job; undefined when there is no time left for it. */
  readonly run: (job: Omit<ScanJob, "timeoutMs">) => Promise<ScanOutcome | undefined>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What the second look at one doubt says. */
export interface SecondLook {
  /** Authoritative looks; ports of the doubt that they do not cover stay in doubt. */
  readonly looks: Look[];
  /** Ports that were found open. */
  readonly foundOpen: number;
  /** Why the rest could not be looked at. */
  readonly failure: ScanFailure | undefined;
}

/**
 * Looks again at ports in doubt, alone and unhurried, in chunks that can finish.
 *
 * When more ports vanished than fit into one chunk, the first chunk is a random sample: if none of it
 * is open, the host did close them and the rest is believed; if some are, the first look was lossy and
 * every port is looked at.
 */
export async function lookAgain(doubt: Doubt, options: SecondLookOptions): Promise<SecondLook> {
  const { address, protocol, takenAt } = doubt;
  const size = confirmingChunk(protocol, options);
  const ports = doubt.ports.length > size ? shuffled(doubt.ports, options.random) : doubt.ports;
  const looks: Look[] = [];
  let foundOpen = 0;
  for (let from = 0; from < ports.length; from += size) {
    const chunk = PortSet.of(ports.slice(from, from + size));
    const { look, failure } = await lookOnce(address, protocol, { ...options, ports: chunk });
    if (look === undefined) return { looks, foundOpen, failure };
    looks.push(look);
    foundOpen += look.open.length;
    const sampleIsEnough = from === 0 && doubt.reason === "vanished" && look.open.length === 0 &&
      chunk.equals(look.covered);
    if (sampleIsEnough && ports.length > size) {
      const covered = PortSet.of(ports.slice(size));
      looks.push({ address, protocol, covered, open: [], alive: look.alive, takenAt });
      break;
    }
  }
  return { looks, foundOpen, failure: undefined };
}

async function lookOnce(
  address: string,
  protocol: Protocol,
  options: SecondLookOptions & { readonly ports: PortSet },
): Promise<{ look: Look | undefined; failure: ScanFailure | undefined }> {
  const { ports, nmap, clockOffset } = options;
  const addresses = [address];
  const { family } = parseAddress(address);
  const job = { addresses, family, ports, protocol, nmap, confirming: true };
  const outcome = await options.run(job);
  if (outcome === undefined) {
    return { look: undefined, failure: { type: "timeout", message: "No time left in this scan" } };
  }
  const [look] = looksOf(outcome, { addresses, protocol, ports, clockOffset }).looks;
  const failure = outcome.failure ??
    { type: "no_answer", message: "The second look reached nothing" } as const;
  return { look, failure: look === undefined ? failure : undefined };
}

/** A random permutation (Fisher and Yates). */
function shuffled(values: readonly number[], random: () => number): number[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
