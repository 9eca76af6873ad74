import { inDirectory } from "../config/in_directory.ts";
import { parseDocument } from "../config/parse_document.ts";
import type { Report } from "../config/report.ts";
import { resolveTls } from "./resolve_tls.ts";
import { bcryptCost, SLOW_COST } from "./bcrypt_hash.ts";
import type { RateLimitConfig, WebConfig } from "./web_config.ts";
import type { ReadPem, WebContext } from "./web_context.ts";
import { WEB_KEYS, webSchema, type WrittenWeb } from "./web_schema.ts";

/**
 * Reads the text of a web configuration file, in the format of the Prometheus exporter toolkit; `file`
 * is its name in messages, and relative paths in it start from its directory. An empty text is valid.
 *
 * @throws {ConfigError} with every problem of the text and of the files that it names.
 */
export function parseWebConfig(
  text: string,
  file: string,
  options: Omit<WebContext, "report">,
): { readonly config: WebConfig; readonly warnings: readonly string[] } {
  const { value: config, warnings } = parseDocument(text, file, {
    schema: webSchema,
    knownKeys: WEB_KEYS,
    resolve: (written, { report, directory }) => {
      const readPem: ReadPem = (path) => options.readPem(inDirectory(directory, path));
      return resolveWeb(written, { ...options, readPem, report });
    },
  });
  return { config, warnings };
}

function resolveWeb(written: WrittenWeb, context: WebContext): WebConfig {
  const { report } = context;
  const http = written.http_server_config ?? {};
  if (http.http2 === true) {
    report.fail(
      ["http_server_config", "http2"],
      "Cannot serve HTTP/2: this program has HTTP/1.1 alone (write false, or leave the key out)",
    );
  }
  const users = Object.entries(written.basic_auth_users ?? {});
  for (const [name, hash] of users) {
    const cost = bcryptCost(hash) ?? 0;
    if (cost > SLOW_COST) {
      report.warn(
        ["basic_auth_users", name],
        `has a cost of ${cost}: the first request with each password takes long (10 is usual)`,
      );
    }
  }
  return {
    tls: resolveTls(written.tls_server_config ?? {}, context),
    headers: Object.entries(http.headers ?? {}).flatMap(([name, value = ""]) =>
      value === "" ? [] : [[name, value]]
    ),
    users: new Map(users),
    rateLimit: resolveRateLimit(written.rate_limit ?? {}, report),
  };
}

function resolveRateLimit(
  { interval: intervalMs = 0, burst }: NonNullable<WrittenWeb["rate_limit"]>,
  report: Report,
): RateLimitConfig | undefined {
  if (intervalMs === 0 || report.refused(["rate_limit", "burst"])) return undefined;
  if (burst === undefined || burst === 0) {
    report.fail(
      ["rate_limit", burst === undefined ? "interval" : "burst"],
      "Cannot limit requests with a burst of 0, which refuses all of them (write burst, at least 1)",
    );
    return undefined;
  }
  return { intervalMs, burst };
}
