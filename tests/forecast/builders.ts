import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";

/** The configuration that a text says. */
export function read(text: string): Config {
  return parseConfig(text, "config.yaml").config;
}
