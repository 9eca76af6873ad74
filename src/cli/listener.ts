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

/** Milliseconds before it is tried again to listen. */
const AGAIN_MS = 500;

/**
 * Starts to listen on the runtime's own server, which is faster than Node's but never changes the
 * certificate that it begins with. That server accepts no more once it could not accept a connection, for
 * instance because too many files are open: then all are ended, and it begins again as far as it may listen.
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
  let broken = new AbortController();
  const serve = (where: ListenAddress) =>
    Deno.serve({
      ...where,
      signal: broken.signal,
      ...(tls !== undefined && { cert: tls.cert, key: tls.key }),
      onListen: () => {},
      onError: (error) => {
        log.error("Request failed", { error: String(error) });
        return Response.json({ status: "error", message: "The request failed" }, { status: 500 });
      },
    }, (request, info) => fetch(request, info));
  let server = serve(address);
  const bound = { hostname: server.addr.hostname, port: server.addr.port };
  let isClosing = false;
  const serveAgain = (isFirst: boolean) => {
    if (isClosing) return;
    try {
      server = serve(bound);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new Error("Cannot listen again: net was given up, so that a restart is needed", {
          cause: error,
        });
      }
      if (isFirst) log.error("Cannot listen again", { error: String(error) });
      setTimeout(serveAgain, AGAIN_MS, false);
      return;
    }
    server.finished.catch(onBroken);
  };
  const onBroken = (error: unknown) => {
    if (isClosing) return;
    log.error(
      "Cannot accept connections: close some, or raise the limit of open files (systemd: LimitNOFILE)",
      { error: String(error) },
    );
    // It accepts no more, and what it accepted stays open.
    broken.abort();
    broken = new AbortController();
    serveAgain(true);
  };
  server.finished.catch(onBroken);
  return {
    address: bound,
    async close(graceMs) {
      isClosing = true;
      // Not by the abort signal: once a shutdown has begun, it throws in a place nobody catches.
      const over = Promise.withResolvers<void>();
      const timer = setTimeout(over.resolve, graceMs);
      // One that is broken has nothing to shut down.
      await Promise.race([server.shutdown().catch(() => {}), over.promise]);
      clearTimeout(timer);
    },
  };
}
