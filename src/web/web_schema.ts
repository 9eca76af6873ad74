import type * as z from "zod";
import { secretPath } from "../config/auth.ts";
import { oneOf, parsedText, text, truth, wholeNumber } from "../config/scalars.ts";
import { list, mapping, section } from "../config/section.ts";
import type { KnownKeys } from "../config/suggest.ts";
import { CIPHER_SUITES } from "./cipher_suites.ts";
import { usersMapping } from "./web_users.ts";
import { parseGoDuration } from "./go_duration.ts";
import { CLIENT_AUTH_TYPES } from "./web_config.ts";

const VERSIONS = ["TLS10", "TLS11", "TLS12", "TLS13"] as const;
/** Older name of one of them, which the exporter toolkit still takes. */
const CLIENT_AUTH = [...CLIENT_AUTH_TYPES, "RequireClientCert"] as const;

/** Most requests at once that a rate limit may allow. */
const MOST_BURST = 1_000_000_000;

/** What HTTP can carry as the value of a header field. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

const headerValue = parsedText((value) => {
  // Long policies are written over several lines.
  const line = value.replaceAll(/[ \t\r\n]+/g, " ").trim();
  if (!HEADER_VALUE.test(line)) {
    throw new SyntaxError("has a character that is not allowed (allowed: printable ASCII)");
  }
  return line;
});

function oneHeaderOf(values: readonly string[]) {
  return parsedText((value) => {
    if (value !== "" && !values.includes(value)) {
      throw new SyntaxError(`must be ${values.join(" or ")}`);
    }
    return value;
  });
}

const interval = parsedText((value) => {
  const milliseconds = parseGoDuration(value);
  if (milliseconds === undefined) {
    throw new SyntaxError(
      "must be a duration with its unit, such as 1s or 200ms, or 0 for no limit",
    );
  }
  return milliseconds;
}, "must be a duration such as 1s or 200ms, or 0 for no limit");

const texts = (example: string) =>
  list(text(), `each on a line of its own, such as "- ${example}"`);

const tls = mapping({
  cert_file: secretPath,
  key_file: secretPath,
  cert: text("must be PEM, as text"),
  key: text("must be PEM, as text"),
  client_auth_type: oneOf(CLIENT_AUTH),
  client_ca_file: secretPath,
  client_ca: text("must be PEM, as text"),
  client_allowed_sans: texts("prometheus.example.org"),
  min_version: oneOf(VERSIONS),
  max_version: oneOf(VERSIONS),
  cipher_suites: list(
    oneOf(CIPHER_SUITES),
    `each on a line of its own, such as "- ${CIPHER_SUITES[0]}"`,
  ),
  prefer_server_cipher_suites: truth(),
  curve_preferences: texts("X25519"),
}, { secret: true });

const headers = mapping({
  "Content-Security-Policy": headerValue,
  "X-Frame-Options": oneHeaderOf(["deny", "sameorigin"]),
  "X-Content-Type-Options": oneHeaderOf(["nosniff"]),
  "X-XSS-Protection": headerValue,
  "Strict-Transport-Security": headerValue,
});

const http = mapping({ http2: truth(), headers: section(headers) });

const rateLimit = mapping({ interval, burst: wholeNumber(0, MOST_BURST) });

const file = mapping({
  tls_server_config: section(tls),
  http_server_config: section(http),
  basic_auth_users: section(usersMapping),
  rate_limit: section(rateLimit),
});

/** The web configuration file: every key, with its type. */
export const webSchema = section(file);

/** A file whose every key is valid by itself. */
export type WrittenWeb = z.output<typeof webSchema>;

/** What may be written where, for suggestions. */
export const WEB_KEYS: KnownKeys = new Map<string, readonly string[]>([
  ["", Object.keys(file.shape)],
  ["tls_server_config", Object.keys(tls.shape)],
  ["http_server_config", Object.keys(http.shape)],
  ["http_server_config.headers", Object.keys(headers.shape)],
  ["rate_limit", Object.keys(rateLimit.shape)],
]);
