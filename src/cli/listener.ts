import type { ListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../log/logger.ts";
import type { Protection } from "../web/protection.ts";
import { HAS_NODE_TLS } from "../web/runtime_tls.ts";
import { type Fetch, shielded } from "../web/shield.ts";
import type { TlsConfig } from "../web/web_config.ts";
import { startTlsListener } from "../web/tls_listener.ts";

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
 * Starts to listen as `protection` says, with TLS or without, and follows it.
 *
 * @throws when the address cannot be used.
 */
export async function startProtectedListener(
  address: ListenAddress,
  { fetch, log, protection }: {
    readonly fetch: Fetch;
    readonly log: Logger;
    readonly protection: Protection;
  },
): Promise<Listener> {
  const answer = shielded(fetch, protection);
  const { tls } = protection.web;
  if (tls === undefined || !HAS_NODE_TLS) {
    return startListener(address, { fetch: answer, log, tls });
  }
  const listener = await startTlsListener(address, { tls, fetch: answer, log });
  protection.onTls = (next) => listener.replace(next);
  return listener;
}

/**
 * Starts to listen on the runtime's own server, which is faster than Node's but never changes the
 * certificate that it begins with.
 *
 * @throws when the address cannot be used, for instance `Deno.errors.AddrInUse`.
 */
export function startListener(
  address: ListenAddress,
  { fetch, log, tls }: {
    fetch: (
      request: Request,
      info: Deno.ServeHandlerInfo<Deno.NetAddr>,
    ) => Response | Promise<Response>;
    log: Logger;
    tls?: Pick<TlsConfig, "cert" | "key"> | undefined;
  },
): Listener {
  const server = Deno.serve({
    ...address,
    ...(tls !== undefined && { cert: tls.cert, key: tls.key }),
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
