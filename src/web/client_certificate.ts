import type { TLSSocket } from "node:tls";
import { subjectAltNames } from "./subject_alt_names.ts";
import type { TlsConfig } from "./web_config.ts";

/** Why a client is not let in by its certificate, or the want of one; undefined when it is. */
export function clientProblem(
  socket: Pick<TLSSocket, "authorized" | "authorizationError" | "getPeerCertificate">,
  { clientAuth, allowedSans }: Pick<TlsConfig, "clientAuth" | "allowedSans">,
): string | undefined {
  if (clientAuth === "NoClientCert" || clientAuth === "RequestClientCert") return undefined;
  const certificate = socket.getPeerCertificate()?.raw;
  if (certificate === undefined) {
    return clientAuth === "VerifyClientCertIfGiven" ? undefined : "the client sent no certificate";
  }
  if (clientAuth !== "RequireAnyClientCert" && !socket.authorized) return unverified(socket);
  if (allowedSans === undefined) return undefined;
  return subjectAltNames(certificate).some((name) => allowedSans.has(name))
    ? undefined
    : "the client's certificate has none of the names in client_allowed_sans";
}

/** Why the certificate of a client is not one of a known authority, for people. */
export function unverified({ authorizationError }: Pick<TLSSocket, "authorizationError">): string {
  return `the client's certificate cannot be verified (${authorizationError})`;
}
