import { resolve } from "node:path";
import { parsePorts } from "../../src/domain/ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { ROOT } from "./root.ts";

/** The program that builds a network of namespaces; it stands in the shared folder beside the checkout. */
export const LAB = resolve(ROOT, "../shared/lab/lab");

/** Calls the lab; throws with its words when it fails. */
export async function lab(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(LAB, { args, stdin: "null" }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`lab ${args.join(" ")}: ${decode(stdout)}${decode(stderr)}`);
  return decode(stdout);
}

/**
 * What is open in the lab among these ports and protocols, as sorted lines `ip protocol port`; the host
 * `10.77.0.6` answers under its IPv6 addresses `six` as well.
 */
export async function labTruth(
  ports: string,
  protocols: readonly Protocol[],
  six: readonly string[],
): Promise<string[]> {
  const asked = parsePorts(ports);
  const lines = (await lab("truth")).trim().split("\n").map((line) => line.split(" "));
  const shown = lines.filter(([, protocol, port]) =>
    protocols.includes(protocol as Protocol) && asked.has(Number(port))
  );
  const more = shown.filter(([ip]) => ip === "10.77.0.6").flatMap(([, ...rest]) =>
    six.map((ip) => [ip, ...rest])
  );
  return [...shown, ...more].map((words) => words.join(" ")).sort();
}
