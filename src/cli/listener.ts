import type { ListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../log/logger.ts";

/** A running HTTP listener. */
export interface Listener {
  /** Where it really listens; the port is never 0. */
  readonly address: ListenAddress;
  /**
   * Takes no more requests and lets open ones finish, but waits no longer than `graceMs` milliseconds;
   * those still open then are cut off by the end of the process.
   */
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
    fetch: (
      request: Request,
      info: Deno.ServeHandlerInfo<Deno.NetAddr>,
    ) => Response | Promise<Response>;
    log: Logger;
  },
): Listener {
  const server = Deno.serve({
    ...address,
    onListen: () => {},
    onError: (error) => {
      log.error("Request failed", { error: String(error) });
      return Response.json({ status: "error", message: "The request failed" }, { status: 500 });
    },
  }, (request, info) => fetch(request, info));
  return {
    address: { hostname: server.addr.hostname, port: server.addr.port },
    async close(graceMs) {
      // Not by the abort signal of Deno.serve: once a shutdown has begun, it throws in a place nobody catches.
      const over = Promise.withResolvers<void>();
      const timer = setTimeout(over.resolve, graceMs);
      await Promise.race([server.shutdown(), over.promise]);
      clearTimeout(timer);
    },
  };
}
