/** How the listener is protected; what is not configured is off. */
export interface WebConfig {
  /** Undefined serves plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Header fields of every answer, in the place of those that the program sets itself. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Names to bcrypt hashes; empty for none. */
  readonly users: ReadonlyMap<string, string>;
  /** Undefined sets no limit. */
  readonly rateLimit: RateLimitConfig | undefined;
}

/** Which clients have to show a certificate, in the words of Go's crypto/tls. */
export const CLIENT_AUTH_TYPES = [
  "NoClientCert",
  "RequestClientCert",
  "RequireAnyClientCert",
  "VerifyClientCertIfGiven",
  "RequireAndVerifyClientCert",
] as const;

/** See `CLIENT_AUTH_TYPES`. */
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** Versions of TLS that the runtime has. */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** Key, certificate and what is asked of clients; all of it was read, and fits together. */
export interface TlsConfig {
  /** PEM: the server's certificate, then those up to its authority. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly clientAuth: ClientAuthType;
  /** PEM; undefined where clients are not verified. */
  readonly clientCa: string | undefined;
  /** Subject alternative names of which a client's certificate needs one; undefined asks for none. */
  readonly allowedSans: ReadonlySet<string> | undefined;
  /** Unix milliseconds at which the server's certificate expires. */
  readonly expiresAt: number;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

/** Token bucket of all requests together. */
export interface RateLimitConfig {
  /** Milliseconds after which one more request is allowed, above 0. */
  readonly intervalMs: number;
  /** Requests at once, at least 1. */
  readonly burst: number;
}

/** What an empty file means. */
export const NO_WEB_CONFIG: WebConfig = {
  tls: undefined,
  headers: [],
  users: new Map(),
  rateLimit: undefined,
};
