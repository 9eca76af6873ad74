import { ServiceFrequencies } from "../domain/service_frequencies.ts";
import { errorText } from "../text/error_text.ts";

/** Where nmap's packages put its own list of ports and how often they are open. */
export const SERVICES_FILES = [
  "/usr/share/nmap/nmap-services",
  "/usr/local/share/nmap/nmap-services",
] as const;

let cached: { stamp: string; frequencies: ServiceFrequencies } | undefined;

/**
 * Reads the first of nmap's `nmap-services` files that is there, again only when it changed.
 *
 * @throws {RangeError} that says where it was looked for and what to write instead of `top:N`.
 */
export function readServiceFrequencies(
  files: readonly string[] = SERVICES_FILES,
): ServiceFrequencies {
  const reasons: string[] = [];
  for (const file of files) {
    try {
      const { mtime, size } = Deno.statSync(file);
      const stamp = `${file} ${mtime?.getTime()} ${size}`;
      if (cached?.stamp !== stamp) {
        // Latin-1, as comments may hold bytes that are not UTF-8.
        const text = new TextDecoder("latin1").decode(Deno.readFileSync(file));
        cached = { stamp, frequencies: ServiceFrequencies.parse(text) };
      }
      return cached.frequencies;
    } catch (error) {
      reasons.push(`${file}: ${explain(error)}`);
    }
  }
  throw new RangeError(
    `Cannot read which ports are most frequent (${reasons.join("; ")}): install nmap with its ` +
      "nmap-services, or write the ports as a list",
  );
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied";
  }
  return errorText(error);
}
