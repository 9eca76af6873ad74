import { ConfigError } from "../config/config_error.ts";
import type { Config } from "../config/config.ts";
import { conflictOf } from "../web/protection.ts";
import { type LoadedWeb, loadWebConfig } from "../web/web_file.ts";

/**
 * Reads the web configuration file, where there is one, and looks at it beside the configuration.
 *
 * @throws {ConfigError} when it is wrong, or the two contradict each other.
 */
export async function loadProtection(
  file: string | undefined,
  { config, configFile }: { readonly config: Config; readonly configFile: string },
): Promise<LoadedWeb | undefined> {
  if (file === undefined) return undefined;
  const loaded = await loadWebConfig(file, { wallClock: Date.now });
  const message = conflictOf(config.auth, loaded.config, file);
  if (message === undefined) return loaded;
  throw new ConfigError(configFile, [{ line: 0, column: 0, path: "auth", message }]);
}
