import type { Address } from "../domain/address.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import { readObservedAddress } from "../domain/observed_address.ts";
import type { ConnectionInfo } from "./connection.ts";

/**
 * The address that a request comes from: that of the connection, or, as long as that is a trusted
 * proxy, the one that the proxy says it was asked by, from right to left. What a client writes into
 * `X-Forwarded-For` itself stands left of what the first trusted proxy saw, and is never reached.
 * An entry that is no address ends the search at the proxy that passed it on. Undefined when the
 * connection has no IP address.
 */
export function clientAddress(
  info: ConnectionInfo | undefined,
  headers: Headers,
  { trustedProxies }: { trustedProxies: NetworkSet },
): Address | undefined {
  let client = readObservedAddress(info?.remoteAddr?.hostname ?? "");
  // Several lines of one field come joined by commas, in their order (RFC 9110, section 5.2).
  const hops = (headers.get("X-Forwarded-For") ?? "").split(",");
  while (client !== undefined && trustedProxies.has(client)) {
    const hop = hops.pop();
    if (hop === undefined) break;
    // Empty elements of a list say nothing (RFC 9110, section 5.6.1).
    if (hop.trim() === "") continue;
    const asker = readHop(hop.trim());
    if (asker === undefined) break;
    client = asker;
  }
  return client;
}

/** An address with or without a port: `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`. */
function readHop(text: string): Address | undefined {
  const match = /^(?:\[([^[\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/.exec(text);
  return readObservedAddress(match?.[1] ?? match?.[2] ?? text);
}
