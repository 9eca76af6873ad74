import type { Protocol } from "../domain/scan.ts";
import type { OpenHost } from "../policy/learn.ts";
import { openStore } from "../storage/open_store.ts";
import { StoreError } from "../storage/store_error.ts";

/**
 * The addresses with open ports that a state file holds.
 *
 * @throws {StoreError} when there is no such file, a running exporter uses it, or it cannot be read; it is
 * as it was then.
 */
export function openHostsOfFile(path: string): OpenHost[] {
  // Opened, a file that is missing would be made.
  if (!exists(path)) throw new StoreError("unusable", `Cannot use ${path}: it is not there`);
  const { store } = openStore(path, { wallClock: Date.now, keepDamaged: true });
  try {
    const byAddress = new Map<string, { readonly port: number; readonly protocol: Protocol }[]>();
    for (const { address, protocol, open } of store.load().hosts) {
      const ports = byAddress.get(address) ?? [];
      byAddress.set(address, ports);
      for (const [port] of open) ports.push({ port, protocol });
    }
    return Array.from(byAddress, ([ip, ports]) => ({ ip, ports }));
  } finally {
    store.close();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // Whatever else is wrong with it is told when it is opened.
    return !(error instanceof Deno.errors.NotFound);
  }
}
