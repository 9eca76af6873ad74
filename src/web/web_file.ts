import { ConfigError } from "../config/config_error.ts";
import { isPipe, readConfigText } from "../config/load_config.ts";
import { readSmallFile } from "../config/secret_file.ts";
import { parseWebConfig } from "./parse_web_config.ts";
import type { WebConfig } from "./web_config.ts";

/** Bytes; all the authorities of a system fit. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

/** A web configuration as its file, and those that it names, say now. */
export interface LoadedWeb {
  readonly config: WebConfig;
  /** One line of text each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the web configuration at `path`, with its key and certificates; adds to `paths` every file that
 * it has to do with, also where it fails.
 *
 * @throws {ConfigError} when it cannot be read or is wrong.
 */
export async function loadWebConfig(
  path: string,
  { wallClock, paths = new Set() }: { wallClock: () => number; paths?: Set<string> },
): Promise<LoadedWeb> {
  paths.add(path);
  if (await isPipe(path)) {
    const message =
      "Cannot read the configuration: it is a pipe (name a file, which is read again)";
    throw new ConfigError(path, [{ line: 0, column: 0, path: "", message }]);
  }
  const text = await readConfigText(path, "--web.config.file");
  return parseWebConfig(text, path, {
    wallClock,
    readPem: (pem) => {
      paths.add(pem);
      return readSmallFile(pem, MAX_PEM_BYTES);
    },
  });
}
