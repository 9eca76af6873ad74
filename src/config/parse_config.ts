import type { LoadedConfig } from "./config.ts";
import { parseDocument } from "./parse_document.ts";
import { resolveConfig } from "./resolve.ts";
import type { ReadServices } from "./resolve_schedules.ts";
import { configSchema, KNOWN_KEYS } from "./schema.ts";
import { type ReadSecret, readSecretFile } from "./secret_file.ts";
import { readServiceFrequencies } from "./top_ports.ts";

/** How a configuration reads the files that it names. */
export interface ReadOptions {
  readonly readServices?: ReadServices;
  readonly readSecret?: ReadSecret;
}

/**
 * Reads the text of a configuration file; `file` is its name in messages, and its directory is the
 * one that relative paths in it start from.
 *
 * @throws {ConfigError} with every problem of the text.
 */
export function parseConfig(
  text: string,
  file: string,
  { readServices = readServiceFrequencies, readSecret = readSecretFile }: ReadOptions = {},
): LoadedConfig {
  const { value: config, warnings } = parseDocument(text, file, {
    schema: configSchema,
    knownKeys: KNOWN_KEYS,
    resolve: (written, context) => resolveConfig(written, { ...context, readServices, readSecret }),
  });
  return { config, warnings };
}
