import { permissionLine } from "./failure.ts";
import { oneLine } from "./one_line.ts";
import type { NmapProcesses, ProcessResult } from "./process.ts";

/** Milliseconds that nmap may take to answer either question. */
const PROBE_TIMEOUT_MS = 5000;
/** Arguments of a scan that needs a raw socket and next to nothing else. */
export const PRIVILEGE_PROBE = "--privileged -n -Pn -sS -p 1 -oX - -- 127.0.0.1".split(" ");
/** Most bytes read of what `nmap --version` prints. */
const MAX_VERSION_BYTES = 4096;

/** What the nmap of this machine can do. */
export type NmapCapability =
  | {
    readonly available: true;
    /** `7.93`, or `unknown`. */
    readonly version: string;
    /** Whether it may open raw sockets, for SYN and UDP scans. */
    readonly rawSockets: boolean;
    /** Why not; empty when it may. */
    readonly reason: string;
    /** Whether nmap gave no answer in time, so that it should be asked again. */
    readonly unanswered: boolean;
  }
  | { readonly available: false; readonly reason: string };

/** Asks nmap itself for its version and whether it may open raw sockets; takes at most about 10 s. */
export async function probeNmap(
  processes: NmapProcesses,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<NmapCapability> {
  let text = "";
  const decoder = new TextDecoder();
  const ask = (args: readonly string[], onOutput: (chunk: Uint8Array) => void) =>
    processes.run({ args, signal, timeoutMs: PROBE_TIMEOUT_MS, onOutput });
  const [asked, probed] = await Promise.all([
    ask(["--version"], (chunk) => {
      if (text.length < MAX_VERSION_BYTES) text += decoder.decode(chunk, { stream: true });
    }),
    ask(PRIVILEGE_PROBE, () => {}),
  ]);
  if (asked.kind !== "ended") return { available: false, reason: startFailure(asked) };
  if (probed.kind !== "ended") return { available: false, reason: startFailure(probed) };
  const version = /^Nmap version (\S{1,40})/m.exec(text)?.[1] ?? "unknown";
  const reason = refusal(probed);
  const unanswered = probed.endedBy === "timeout";
  return { available: true, version, rawSockets: reason === "", reason, unanswered };
}

function refusal({ code, signal, endedBy, stderr }: Extract<ProcessResult, { kind: "ended" }>) {
  const line = permissionLine(stderr);
  if (line !== undefined) return oneLine(line);
  if (endedBy === "timeout") return `nmap did not answer within ${PROBE_TIMEOUT_MS / 1000} s`;
  if (signal !== null) return `nmap was ended by ${signal}`;
  if (code === 0) return "";
  return oneLine(stderr.trim().split("\n")[0] || `nmap exited with code ${code}`);
}

function startFailure(result: Exclude<ProcessResult, { kind: "ended" }>): string {
  return result.kind === "stopped" ? "The probe was stopped" : result.message;
}
