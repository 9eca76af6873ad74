import { join } from "node:path";
import { createLogger } from "../../src/log/logger.ts";
import type { TlsConfig } from "../../src/web/web_config.ts";
import { Authority, type Pair } from "../support/certificates.ts";

/** bcrypt hash of `sesame`, at the lowest cost. */
export const SESAME_HASH = "$2b$04$QpGKSPOf4VmcDWOCEx1GNOCMPFt4XzUGo/c9TUPWGWnaplqEZSGZy";

/** A logger and its lines without their time. */
export function makeLog() {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    format: "logfmt",
    write: (line) => lines.push(line.replace(/^time=\S+ /, "").trimEnd()),
    date: () => new Date(0),
  });
  return { log, lines };
}

/** Runs a test in a directory that is removed again. */
export async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-web-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An authority in a directory of its own beneath `directory`. */
export async function makeAuthority(directory: string): Promise<Authority> {
  const path = join(directory, "authority");
  await Deno.mkdir(path);
  return await Authority.make(path);
}

/** TLS with a certificate, of which a test sets what it is about. */
export function tlsOf({ cert, key }: Pair, overrides: Partial<TlsConfig> = {}): TlsConfig {
  return {
    cert,
    key,
    clientAuth: "NoClientCert",
    clientCa: undefined,
    allowedSans: undefined,
    expiresAt: Infinity,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ...overrides,
  };
}

/** Waits until `check` holds; fails after ten seconds. */
export async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!await check()) {
    if (performance.now() > deadline) throw new Error(`Not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
