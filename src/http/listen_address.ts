import { parseAddress } from "../domain/address.ts";

/** Where the listener binds. */
export interface ListenAddress {
  /** An IP address or `localhost`. */
  readonly hostname: string;
  /** 0 to 65535; 0 picks a free one. */
  readonly port: number;
}

/**
 * Parses `:9919`, `127.0.0.1:9919` or `[::1]:9919`; without an address all interfaces are meant.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? NaN);
  if (match === null || port > 65535) {
    throw new SyntaxError(
      "Cannot read the listen address: write :9919, 127.0.0.1:9919 or [::1]:9919",
    );
  }
  const hostname = match[1] ?? match[2] ?? "";
  if (hostname === "") return { hostname: "0.0.0.0", port };
  if (hostname !== "localhost") parseAddress(hostname);
  return { hostname, port };
}

/** Text of a listen address, IPv6 in brackets. */
export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether only this machine can reach a listener there. */
export function isLoopback({ hostname }: ListenAddress): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname.startsWith("127.");
}
