import { App } from "../app.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { dialsOut, netProblems } from "../discovery/dials_out.ts";
import { formatListenAddress, isLoopback, type ListenAddress } from "../http/listen_address.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { openStateStorage } from "../storage/state_storage.ts";
import { errorText, stackText } from "../text/error_text.ts";
import { Protection } from "../web/protection.ts";
import type { Command } from "./args.ts";
import { buildInfo } from "./build_info.ts";
import { startWarnings } from "./check.ts";
import { distinctSignals } from "./distinct_signals.ts";
import { EXIT } from "./exit_codes.ts";
import { type Listener, startProtectedListener } from "./listener.ts";
import { loadProtection } from "./load_protection.ts";
import { LogOutput } from "./log_output.ts";
import { heldPermissions } from "./permissions.ts";
import { readContent, Reloader } from "./reloader.ts";

/** Milliseconds that open HTTP requests may take to finish at the end. */
const HTTP_GRACE_MS = 2000;
/** Milliseconds that the reader of the log has for the last lines. */
const LOG_GRACE_MS = 500;

/** What a start is warned of when nobody is asked who he is. */
const EXPOSED =
  "Anyone who reaches the listener can read the metrics and start scans: configure auth, or listen on loopback";

type ServeCommand = Extract<Command, { name: "serve" }>;

/**
 * Serves until a signal ends the program; resolves with the exit code.
 *
 * @throws {ConfigError} when the configuration is wrong, {StoreError} when the state file cannot be used.
 */
export async function serve(command: ServeCommand): Promise<number> {
  const output = new LogOutput({
    write: (bytes) => Deno.stderr.write(bytes),
    onLost: (lines) => log.warn("Lines of the log were lost: nobody read them", { lines }),
  });
  const log = createLogger({
    level: command.logLevel,
    format: command.logFormat,
    write: (line) => output.write(line),
    date: () => new Date(),
  });
  try {
    return await serveWith(command, log);
  } finally {
    await output.flush(LOG_GRACE_MS);
  }
}

async function serveWith(command: ServeCommand, log: Logger): Promise<number> {
  // Read before it is loaded: what changes from here on is noticed.
  const content = command.autoReload ? await readContent(command.configFile) : undefined;
  const { config, warnings } = await loadConfig(command.configFile);
  const loadedWeb = await loadProtection(command.webConfigFile, { config, ...command });
  const address = command.listen ?? listenAddressOf(config);
  const build = buildInfo();
  log.info("Starting openport-exporter", { ...build, config_file: command.configFile });
  const protection = new Protection({
    file: command.webConfigFile,
    loaded: loadedWeb,
    auth: config.auth,
    log,
    wallClock: Date.now,
  });
  const exposed = () => protection.isPublic && !isLoopback(address) ? [EXPOSED] : [];
  const all = [
    ...warnings,
    ...(loadedWeb?.warnings ?? []),
    ...startWarnings(config),
    ...exposed(),
  ];
  for (const warning of all) log.warn(warning);

  // Without a listener the signal would end the program, and to open a large file takes a while.
  const reloadable = Promise.withResolvers<Reloader>();
  Deno.addSignalListener("SIGHUP", () => {
    void reloadable.promise.then((ready) => ready.reload());
  });
  // Deno opens its debugger on it, to everybody on this machine and whatever is permitted; it cannot be
  // told not to, and a program that has ended has none.
  const debugged = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR1", () => debugged.resolve());
  // It comes where a limit of the size of files is reached, and would end the program: it cannot write.
  Deno.addSignalListener("SIGXFSZ", () => {});
  const dials = dialsOut(config);
  const storage = openStateStorage(config.state, { log, wallClock: Date.now });
  // The file is open, and SQLite needs no new ones: nothing else is ever written.
  await Deno.permissions.revoke({ name: "write" });
  const reloader = new Reloader({
    configFile: command.configFile,
    log,
    wallClock: Date.now,
    apply: async (next, how) => {
      const web = await protection.prepare(next.auth, how);
      const refused = [
        ...listenerProblems(config, next, command),
        ...app.restartNeeded(next),
        ...(dials ? [] : netProblems(next)),
      ].map((problem) => `${command.configFile}: ${problem}`);
      const problems = [...refused, ...web.problems];
      if (problems.length > 0) return problems;
      web.commit();
      app.reload(next);
      for (const warning of exposed()) log.warn(warning);
      return [];
    },
  });
  const app: App = new App({
    config,
    log,
    workingDirectory: Deno.cwd(),
    build,
    telemetryPath: command.telemetryPath,
    path: Deno.env.get("PATH"),
    store: storage.store,
    troubles: () => [...storage.troubles(), ...protection.troubles()],
    access: () => protection.access,
    requestReload: () => reloader.reload(),
    lastReload: () => {
      const { successful, succeededAt } = reloader.last;
      return { successful: successful && protection.isCurrent, succeededAt };
    },
  });
  protection.onAccess = () => app.accessChanged();
  const listener = await listen(address, { app, log, protection });
  if (listener === undefined) {
    storage.store.close();
    return EXIT.failed;
  }
  // Where nothing opens a connection from here on: what is not held cannot be misused.
  if (!dials) await Deno.permissions.revoke({ name: "net" });
  log.info("Listening", {
    address: formatListenAddress(listener.address),
    tls: protection.web.tls === undefined ? undefined : true,
  });
  protection.watch();
  log.info("Permissions held", await heldPermissions());
  if (command.autoReload) reloader.watch(content);
  reloadable.resolve(reloader);
  return await untilSignal({
    app,
    listener,
    reloader,
    protection,
    log,
    debugged: debugged.promise,
  });
}

/** Why the listener of a new configuration cannot be used; one given as a flag stays as it is. */
function listenerProblems(before: Config, after: Config, { listen }: ServeCommand): string[] {
  if (listen !== undefined) return [];
  return (["address", "port"] as const)
    .filter((key) => before.server[key] !== after.server[key])
    .map((key) => `server.${key}: Cannot change while the program runs: restart it`);
}

function listenAddressOf({ server }: Config): ListenAddress {
  return { hostname: server.address, port: server.port };
}

async function listen(
  address: ListenAddress,
  { app, log, protection }: { app: App; log: Logger; protection: Protection },
): Promise<Listener | undefined> {
  try {
    return await startProtectedListener(address, { fetch: app.fetch, log, protection });
  } catch (error) {
    log.error("Cannot listen: choose another address with --web.listen-address or server.port", {
      address: formatListenAddress(address),
      error: errorText(error),
    });
    return undefined;
  }
}

/** Serves until SIGTERM or SIGINT, then ends within 10 s; a second signal, or `debugged`, ends at once. */
async function untilSignal(
  { app, listener, reloader, protection, log, debugged }: {
    app: App;
    listener: Listener;
    reloader: Reloader;
    protection: Protection;
    log: Logger;
    /** Settles when the debugger of the runtime was asked for. */
    debugged: Promise<void>;
  },
): Promise<number> {
  const over = Promise.withResolvers<number>();
  let ending = false;
  const endAtOnce = (signal: string) => {
    log.warn("Ending at once", { signal });
    app.killAll();
    over.resolve(EXIT.failed);
  };
  const end = async (signal: string) => {
    if (ending) return endAtOnce(signal);
    ending = true;
    log.info("Stopping", { signal });
    reloader.stop();
    await app.stop();
    await listener.close(HTTP_GRACE_MS);
    protection.close();
    log.info("Stopped");
    over.resolve(EXIT.done);
  };
  const fail = (error: unknown) => {
    log.error("Unexpected error", { error: stackText(error) });
    app.killAll();
    over.resolve(EXIT.failed);
  };
  const isAnother = distinctSignals();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => void (isAnother() && end(signal).catch(fail)));
  }
  void debugged.then(() => endAtOnce("SIGUSR1"));
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  app.start().catch(fail);
  return await over.promise;
}
