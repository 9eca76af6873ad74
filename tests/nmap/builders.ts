import { DEFAULTS as CONFIG_DEFAULTS } from "../../src/config/resolve.ts";
import { parsePorts, type PortSet } from "../../src/domain/ports.ts";
import type { NmapOptions, ScanJob } from "../../src/domain/scan.ts";
import { NmapOutputReader } from "../../src/nmap/output.ts";

/** nmap options as the configuration's defaults give them. */
export const DEFAULTS: NmapOptions = CONFIG_DEFAULTS.scanning.nmap;

/** A job on 127.0.0.1, ports 1 to 100. */
export function makeJob(
  { nmap = {}, ports = "1-100", ...rest }:
    & { nmap?: Partial<NmapOptions>; ports?: string }
    & Partial<Omit<ScanJob, "nmap" | "ports">> = {},
): ScanJob {
  return {
    addresses: ["127.0.0.1"],
    family: 4,
    ports: parsePorts(ports),
    protocol: "tcp",
    timeoutMs: 60_000,
    confirming: false,
    nmap: { ...DEFAULTS, ...nmap },
    ...rest,
  };
}

/** UTF-8 bytes of a text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A whole document around `hosts`. */
export function documentOf(
  hosts: string,
  { type = "syn", protocol = "tcp", services = "1-100", total = 1 } = {},
): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun version="7.93"><scaninfo type="${type}" protocol="${protocol}" services="${services}"/>
${hosts}
<runstats><finished exit="success"/><hosts up="1" down="0" total="${total}"/></runstats>
</nmaprun>
`;
}

/** A `<host>` element. */
export function hostOf(
  inside: string,
  { address = "127.0.0.1", attributes = "", status = 'state="up" reason="user-set"' } = {},
): string {
  return `<host ${attributes}><status ${status}/><address addr="${address}" addrtype="${
    address.includes(":") ? "ipv6" : "ipv4"
  }"/>${inside}</host>`;
}

/** A reader that was given the whole text. */
export function read(
  text: string,
  { asked = ["127.0.0.1"], ports }: { asked?: readonly string[]; ports?: PortSet } = {},
): NmapOutputReader {
  const reader = new NmapOutputReader({
    asked: new Set(asked),
    ...(ports === undefined ? {} : { ports }),
  });
  reader.write(bytes(text));
  reader.end();
  return reader;
}
