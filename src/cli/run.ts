import { ConfigError } from "../config/config_error.ts";
import { StoreError } from "../storage/store_error.ts";
import { stackText } from "../text/error_text.ts";
import { HELP, parseCommand } from "./args.ts";
import { buildInfo } from "./build_info.ts";
import { checkConfig } from "./check.ts";
import { EXIT } from "./exit_codes.ts";
import { learn, LearnError } from "./learn.ts";
import { dashboardOf, rulesOf } from "./monitoring_command.ts";
import { print } from "./print.ts";
import { scanCommand } from "./scan_command.ts";
import { serve } from "./serve_command.ts";
import { UsageError } from "./usage_error.ts";

/** Runs the program and returns its exit code; never throws for what a person did wrong. */
export async function run(args: readonly string[]): Promise<number> {
  // The YAML library prints what it reads, passwords included, when it finds one of these.
  for (const name of ["LOG_STREAM", "LOG_TOKENS"]) Deno.env.delete(name);
  try {
    const command = parseCommand(args);
    switch (command.name) {
      case "help":
        return await printed(HELP);
      case "version":
        return await printed(versionText());
      case "check":
        return await printed(await checkConfig(command, { workingDirectory: Deno.cwd() }));
      case "learn":
        return await printed(
          await learn(command, { note: (text) => complain(`openport-exporter: ${text}\n`) }),
        );
      case "scan":
        return await scanCommand(command, { path: Deno.env.get("PATH"), complain });
      case "rules":
        return await printed(await rulesOf(command.configFile));
      case "dashboard":
        return await printed(await dashboardOf(command.configFile));
      case "serve":
        return await serve(command);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`openport-exporter: ${error.message}\nTry: openport-exporter --help\n`);
      return EXIT.usage;
    }
    if (error instanceof ConfigError) {
      complain(`${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof StoreError) {
      complain(`openport-exporter: ${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof LearnError) {
      complain(`openport-exporter: ${error.message}\n`);
      return EXIT.failed;
    }
    complain(`openport-exporter: unexpected error: ${stackText(error)}\n`);
    return EXIT.failed;
  }
}

function versionText(): string {
  const { version, revision, runtime } = buildInfo();
  const { os, arch } = Deno.build;
  return `openport-exporter, version ${version} (revision: ${revision})\n` +
    `  runtime: ${runtime}\n  platform: ${os}/${arch}\n`;
}

async function printed(text: string): Promise<number> {
  return await print(text, complain) ? EXIT.done : EXIT.failed;
}

/** A reader that went away is no reason to stop scanning. */
function complain(text: string): void {
  let bytes: Uint8Array = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody is left to be told.
  }
}
