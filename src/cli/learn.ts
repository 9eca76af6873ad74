import type { Config, TargetConfig } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { formatListenAddress, type ListenAddress } from "../http/listen_address.ts";
import { type LearnTarget, learnYaml, type OpenHost } from "../policy/learn.ts";
import { StoreError } from "../storage/store_error.ts";
import { errorText } from "../text/error_text.ts";
import type { LearnCommand } from "./args.ts";
import { isNobodyThere, openHostsOfExporter } from "./open_hosts_of_exporter.ts";
import { openHostsOfFile } from "./open_hosts_of_file.ts";

/** What is open could not be found out; the message says why and what to do. */
export class LearnError extends Error {
  override readonly name = "LearnError";
}

/** Whom `learn` tells what is not in the YAML. */
export interface LearnOutput {
  /** Takes one line for people. */
  readonly note: (text: string) => void;
}

/**
 * What is open now, as YAML to be reviewed and pasted: asks the exporter that listens where the command
 * or the configuration says, or reads its state file when nothing listens there. Resolves no names.
 *
 * @throws {ConfigError} when the configuration is wrong, {LearnError} when neither can be read.
 */
export async function learn(
  { configFile, listen }: Omit<LearnCommand, "name">,
  { note }: LearnOutput,
): Promise<string> {
  const { config } = await loadConfig(configFile);
  if (config.targetsFiles.length + config.targetsHttp.length > 0) {
    note(
      "Targets of targets_files and targets_http are left out: their lists say what is expected",
    );
  }
  const hosts = await openHosts(config, { address: dialled(listen ?? listenerOf(config)), note });
  return learnYaml({
    targets: config.targets.map(learnTarget),
    hosts,
    portsPerHost: config.scanning.maxOpenPortsPerHost,
  });
}

async function openHosts(
  { auth, state }: Config,
  { address, note }: LearnOutput & { readonly address: ListenAddress },
): Promise<readonly OpenHost[]> {
  const place = formatListenAddress(address);
  // A listener that picks its port is found by nobody.
  if (address.port === 0) return openHostsInState(state.path, "server.port is 0");
  try {
    return await openHostsOfExporter(address, { auth });
  } catch (error) {
    if (!isNobodyThere(error)) {
      const reason = errorText(error);
      throw new LearnError(`Cannot ask the exporter at ${place}: ${reason}`, { cause: error });
    }
  }
  const hosts = openHostsInState(state.path, `nothing listens on ${place}`);
  note(`Nothing listens on ${place}: read ${state.path}`);
  return hosts;
}

function openHostsInState(path: string, why: string): OpenHost[] {
  const say = "say where it listens with --web.listen-address";
  if (path === "") {
    throw new LearnError(
      `Cannot learn what is open: ${why}, and state is kept in memory only (start the exporter, or ${say})`,
    );
  }
  try {
    return openHostsOfFile(path);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const reason = error.code === "locked"
      ? `${path} is in use by a running exporter (${say})`
      : `${error.message.replace(/^Cannot use (.*?): /s, "$1 cannot be used: ")} ` +
        `(start the exporter, or ${say})`;
    throw new LearnError(`Cannot learn what is open: ${why}, and ${reason}`, {
      cause: error,
    });
  }
}

function listenerOf({ server }: Config): ListenAddress {
  return { hostname: server.address, port: server.port };
}

/** Where a listener is reached: one on every interface is on loopback too. */
function dialled({ hostname, port }: ListenAddress): ListenAddress {
  if (hostname === "0.0.0.0") return { hostname: "127.0.0.1", port };
  return hostname === "::" ? { hostname: "::1", port } : { hostname, port };
}

/** A target with what it stands for; of a host name that is not known, as nothing is resolved. */
function learnTarget({ name, texts, networks }: TargetConfig): LearnTarget {
  const byText = new Map(networks.map(({ text, network }) => [text, network]));
  return {
    name,
    parts: texts.map((text) => {
      const network = byText.get(text);
      return { text, networks: network === undefined ? [] : [network] };
    }),
  };
}
