import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../log/logger.ts";
import { clientProblem, unverified } from "./client_certificate.ts";
import { Connections, underOf } from "./connections.ts";
import { HandshakeLog } from "./handshake_log.ts";
import { exchange } from "./node_exchange.ts";
import type { Fetch } from "./shield.ts";
import { Turns } from "./turns.ts";
import type { TlsConfig } from "./web_config.ts";

/** Milliseconds for a handshake, for the head of a request, and for all of a request. */
const TIMEOUTS = { handshake: 10_000, head: 15_000, request: 30_000, check: 2_000 };
/** Milliseconds that a connection may wait for its next request: longer than most scrape intervals. */
const KEEP_ALIVE_MS = 300_000;
/** Bytes of a request's head that Node reads; the program refuses less, in its own words. */
const MAX_HEAD_BYTES = 80 * 1024;

/** A running HTTPS listener. */
export interface TlsListener {
  /** Where it really listens; the port is never 0. */
  readonly address: ListenAddress;
  /** Serves another certificate, under other rules, to connections from now on; those that are open go on. */
  replace(tls: TlsConfig): void;
  /**
   * Takes no more requests and lets open ones finish, but waits no longer than `graceMs` milliseconds;
   * those still open then are cut off by the end of the process.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts to listen with TLS, HTTP/1.1.
 *
 * @throws when the address cannot be used; its `code` is that of the system, such as `EADDRINUSE`.
 */
export async function startTlsListener(
  { hostname, port }: ListenAddress,
  { tls, fetch, log }: { readonly tls: TlsConfig; readonly fetch: Fetch; readonly log: Logger },
): Promise<TlsListener> {
  let current = tls;
  const handshakes = new HandshakeLog(log);
  const connections = new Connections();
  const turns = new Turns();
  const admitted = new WeakSet<Socket>();
  const addresses = new WeakMap<Socket, string | undefined>();
  const onError = (error: unknown) => log.error("Request failed", { error: String(error) });

  const server = createServer({
    ...contextOf(tls),
    ...clientRules(tls),
    // Who names a protocol and finds it not taken is not let in.
    ALPNProtocols: ["http/1.1", "http/1.0"],
    handshakeTimeout: TIMEOUTS.handshake,
    headersTimeout: TIMEOUTS.head,
    requestTimeout: TIMEOUTS.request,
    connectionsCheckingInterval: TIMEOUTS.check,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
  }, (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // No request is taken from who was not let in, whatever order events come in.
    if (!admitted.has(incoming.socket)) return void incoming.socket.destroy();
    turns.take(incoming.socket, () => {
      connections.began(incoming.socket, outgoing);
      return exchange(incoming, outgoing, { fetch, onError });
    });
  });
  server.on("connection", (socket: Socket) => {
    // Nobody knows it any more once the connection has failed.
    addresses.set(socket, socket.remoteAddress);
    connections.accepted(socket);
  });
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    connections.secured(socket);
    const problem = clientProblem(socket, current);
    if (problem === undefined) admitted.add(socket);
    else {
      handshakes.failed(problem, socket.remoteAddress);
      socket.destroy();
    }
  });
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    // Who was turned away for the certificate is said to have hung up.
    const reason = socket.authorizationError ? unverified(socket) : error.message;
    handshakes.failed(reason, addresses.get(underOf(socket) ?? socket));
  });
  server.on("clientError", answerMalformed);

  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen({ host: hostname, port }, () => listening.resolve());
  await listening.promise;
  server.off("error", listening.reject);
  server.on("error", onError);
  const bound = server.address() as AddressInfo;
  return {
    address: { hostname: bound.address, port: bound.port },
    replace(next) {
      current = next;
      server.setSecureContext(contextOf(next));
      // Read for each connection, though Node's types know them as options alone.
      Object.assign(server, clientRules(next));
    },
    close: (graceMs) => closeServer(server, connections, graceMs),
  };
}

function contextOf({ cert, key, clientCa, minVersion, maxVersion }: TlsConfig) {
  return { cert, key, minVersion, maxVersion, ...(clientCa !== undefined && { ca: clientCa }) };
}

function clientRules({ clientAuth }: TlsConfig) {
  return {
    requestCert: clientAuth !== "NoClientCert",
    // The other kinds let clients in whom this would turn away: they are looked at after the handshake.
    rejectUnauthorized: clientAuth === "RequireAndVerifyClientCert",
  };
}

/** Answers what is no HTTP, and ends the connection; without an answer where the handshake is not over. */
function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  // Something to be sent would wait for a handshake that is never over, and the connection with it.
  if (!/^(HPE|ERR_HTTP)_/.test(error.code ?? "")) return void socket.destroy();
  // What is still sent would be an error each, with one more listener each, of which Node warns on stderr.
  socket.removeAllListeners("data").resume();
  const status = error.code === "HPE_HEADER_OVERFLOW"
    ? "431 Request Header Fields Too Large"
    : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? "408 Request Timeout"
    : "400 Bad Request";
  if (socket.writable) {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  socket.destroySoon();
}

async function closeServer(
  server: Server,
  connections: Connections,
  graceMs: number,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, graceMs);
  server.close(() => over.resolve());
  connections.close();
  await over.promise;
  clearTimeout(timer);
}
