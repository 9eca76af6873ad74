import type { ListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../log/logger.ts";

/** A running HTTP listener. */
export interface Listener {
  /** Where it really listens; the port is never 0. */
  readonly address: ListenAddress;
  /** Lets open requests finish, but cuts them off after `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws when the address cannot be used, for instance `Deno.errors.AddrInUse`.
 */
export function startListener(
  address: ListenAddress,
  { fetch, log }: {
    fetch: (request: Request) => Response | Promise<Response>;
    log: Logger;
  },
): Listener {
  const cut = new AbortController();
  const server = Deno.serve({
    ...address,
    signal: cut.signal,
    onListen: () => {},
    onError: (error) => {
      log.error("Request failed", { error: String(error) });
      return Response.json({ status: "error", message: "The request failed" }, { status: 500 });
    },
  }, (request) => fetch(request));
  return {
    address: { hostname: server.addr.hostname, port: server.addr.port },
    async close(graceMs) {
      const timer = setTimeout(() => cut.abort(), graceMs);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
}
