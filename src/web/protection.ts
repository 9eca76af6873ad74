import type { AuthConfig } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import type { Access } from "../http/access.ts";
import type { Logger } from "../log/logger.ts";
import { configAccess, userAccess } from "./access.ts";
import { Bcrypt } from "./bcrypt.ts";
import { RequestLimit } from "./request_limit.ts";
import { RestedFiles } from "./rested_files.ts";
import { HAS_NODE_TLS } from "./runtime_tls.ts";
import { SecretFiles } from "./secret_files.ts";
import { UserPasswords } from "./user_passwords.ts";
import { NO_WEB_CONFIG, type TlsConfig, type WebConfig } from "./web_config.ts";
import { type LoadedWeb, loadWebConfig } from "./web_file.ts";

/** Milliseconds between two looks at the files; a change is taken when the second look sees it at rest. */
const LOOK_MS = 1000;

/** What protects the listener. */
export interface ProtectionOptions {
  /** The web configuration file; undefined for none. */
  readonly file: string | undefined;
  /** What the file says, when it was loaded at start. */
  readonly loaded: LoadedWeb | undefined;
  /** Of the configuration; there is no `conflictOf` the two. */
  readonly auth: AuthConfig | undefined;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly wallClock: () => number;
}

/** Why `auth` of a configuration cannot be beside the web configuration in `file`; undefined when it can. */
export function conflictOf(
  auth: AuthConfig | undefined,
  { users }: Pick<WebConfig, "users">,
  file: string,
): string | undefined {
  return auth === undefined || users.size === 0
    ? undefined
    : `Cannot stand beside basic_auth_users of ${file}: remove one of the two`;
}

/** A web configuration, and what goes with it, that can be put in place. */
export interface Prepared {
  /** Why it cannot be, one line each. */
  readonly problems: readonly string[];
  /** Puts it in place; with problems, nothing changes. */
  commit(): void;
}

/**
 * How the listener is protected now: certificates, users, secrets, header fields and rate limit. Follows
 * the web configuration file and the files of secrets; what cannot be used changes nothing.
 */
export class Protection {
  readonly #file: string | undefined;
  readonly #log: Logger;
  readonly #wallClock: () => number;
  readonly #bcrypt = new Bcrypt();
  readonly #passwords = new UserPasswords((...question) => this.#bcrypt.compare(...question));
  readonly #secrets: SecretFiles;
  #auth: AuthConfig | undefined;
  #configAccess: Access | undefined;
  readonly #userAccess = userAccess(this.#passwords);
  #web: WebConfig;
  #limit: RequestLimit | undefined;
  /** What the web configuration has to do with, itself included. */
  #paths = new Set<string>();
  #rested = new RestedFiles();
  #problems: readonly string[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  #onTls: (tls: TlsConfig) => void = () => {};
  #onAccess: () => void = () => {};

  constructor({ file, loaded, auth, log, wallClock }: ProtectionOptions) {
    this.#file = file;
    this.#log = log;
    this.#wallClock = wallClock;
    this.#secrets = new SecretFiles(log);
    this.#web = NO_WEB_CONFIG;
    this.#useWeb(loaded?.config ?? NO_WEB_CONFIG);
    this.#useAuth(auth);
    if (file !== undefined) this.#paths.add(file);
  }

  /** What the web configuration in use says. */
  get web(): WebConfig {
    return this.#web;
  }

  /** Who may ask, now; undefined makes everything public. */
  get access(): Access | undefined {
    return this.#web.users.size > 0 ? this.#userAccess : this.#configAccess;
  }

  /** Whether anybody who reaches the listener may ask for anything. */
  get isPublic(): boolean {
    return isOpen(this.#auth, this.#web);
  }

  /** Is told of certificates and what goes with them when they change. */
  set onTls(changed: (tls: TlsConfig) => void) {
    this.#onTls = changed;
  }

  /** Is told when somebody else may ask than before. */
  set onAccess(changed: () => void) {
    this.#onAccess = changed;
  }

  /** Milliseconds that one more request has to wait for the rate limit; 0 takes its token. */
  takeRequest(): number {
    return this.#limit?.take() ?? 0;
  }

  /** What is wrong now, for people. */
  troubles(): string[] {
    const { tls } = this.#web;
    const expired = tls !== undefined && tls.expiresAt < this.#wallClock();
    return [
      ...this.#problems.map((problem) => `${problem} (the last web configuration stays)`),
      ...(expired ? ["The certificate of the listener has expired"] : []),
      ...this.#secrets.troubles(),
    ];
  }

  /** Whether what the files say now is in use. */
  get isCurrent(): boolean {
    return this.#problems.length === 0 && this.#secrets.troubles().length === 0;
  }

  /** Looks at the files every second from now on. */
  watch(): void {
    let busy = false;
    this.#timer = setInterval(async () => {
      // A look that takes longer takes the place of those after it.
      if (busy) return;
      busy = true;
      await this.#inTurn(() => this.#look());
      busy = false;
    }, LOOK_MS);
  }

  /**
   * Reads the web configuration, changed or not, to be put in place together with `auth` of another
   * configuration: whole, so that there is no moment at which everybody may come in. What nobody asked
   * for does not let everybody in: a disk that was full leaves an empty file.
   */
  prepare(auth: AuthConfig | undefined, { asked = true } = {}): Promise<Prepared> {
    return this.#inTurn(async () => {
      const { problems, loaded } = await this.#load(auth, { asked });
      return {
        problems,
        commit: () => {
          if (problems.length > 0) return;
          const isOther = JSON.stringify(auth) !== JSON.stringify(this.#auth);
          this.#useAuth(auth);
          if (isOther) this.#onAccess();
          if (loaded !== undefined) this.#take(loaded);
        },
      };
    });
  }

  /** Looks no more, and ends what was begun. */
  close(): void {
    clearInterval(this.#timer);
    this.#bcrypt.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#running.then(work);
    this.#running = result.catch(() => {});
    return result;
  }

  async #look(): Promise<void> {
    await this.#secrets.look();
    if (this.#file === undefined || !await this.#rested.haveChanged(this.#paths)) return;
    const { loaded } = await this.#load(this.#auth, { asked: false });
    if (loaded !== undefined) this.#take(loaded);
  }

  /** Reads the web configuration; `loaded` is undefined where there is none or it cannot be used. */
  async #load(
    auth: AuthConfig | undefined,
    { asked }: { asked: boolean },
  ): Promise<{ problems: readonly string[]; loaded?: LoadedWeb }> {
    const file = this.#file;
    if (file === undefined) return { problems: this.#opening(auth, this.#web, asked) };
    const paths = new Set<string>();
    let loaded: LoadedWeb | undefined;
    let problems: string[];
    try {
      loaded = await loadWebConfig(file, { wallClock: this.#wallClock, paths });
      problems = this.#refused(loaded.config, { auth, file, asked });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems = error.message.split("\n");
    }
    this.#paths = paths;
    this.#setProblems(problems);
    return loaded === undefined || problems.length > 0 ? { problems } : { problems, loaded };
  }

  #take({ config, warnings }: LoadedWeb): void {
    const before = this.#web;
    if (JSON.stringify(plain(config)) === JSON.stringify(plain(before))) return;
    const wasPublic = this.isPublic;
    this.#useWeb(config);
    if (JSON.stringify([...config.users]) !== JSON.stringify([...before.users])) this.#onAccess();
    if (config.tls !== undefined && !isSameTls(config.tls, before.tls)) this.#onTls(config.tls);
    this.#log.info("The web configuration changed", {
      file: this.#file ?? "",
      ...summaryOf(config),
    });
    for (const warning of warnings) this.#log.warn(warning);
    if (this.isPublic && !wasPublic) {
      this.#log.warn("Anyone who reaches the listener can read the metrics and start scans now");
    }
  }

  #refused(
    config: WebConfig,
    { auth, file, asked }: { auth: AuthConfig | undefined; file: string; asked: boolean },
  ): string[] {
    const hadTls = this.#web.tls !== undefined;
    const isSwitched = hadTls !== (config.tls !== undefined);
    const wrong = (key: string, message: string) => `${file}: ${key}: ${message}`;
    return [
      ...(isSwitched
        ? [wrong(
          "tls_server_config",
          `Cannot ${hadTls ? "leave" : "begin"} TLS while the program runs: restart it`,
        )]
        : []),
      ...(HAS_NODE_TLS || isSwitched || isSameTls(config.tls, this.#web.tls) ? [] : [wrong(
        "tls_server_config",
        "Cannot change while the program runs, as the runtime is too old: restart it",
      )]),
      ...(conflictOf(auth, config, file) === undefined ? [] : [wrong(
        "basic_auth_users",
        "Cannot stand beside auth of the configuration: remove one of the two",
      )]),
      ...this.#opening(auth, config, asked),
    ];
  }

  /** Why these are not put in place where nobody asked for it: they would let everybody in. */
  #opening(auth: AuthConfig | undefined, web: WebConfig, asked: boolean): string[] {
    if (asked || this.isPublic || !isOpen(auth, web)) return [];
    const place = this.#auth === undefined ? this.#file : "auth";
    return [
      `${place}: Cannot let everybody in because a file changed: reload (SIGHUP or POST /-/reload), or restart`,
    ];
  }

  /** Remembers what is wrong; the log has each problem once, for as long as it lasts. */
  #setProblems(problems: readonly string[]): void {
    for (const problem of problems) {
      if (this.#problems.includes(problem)) continue;
      this.#log.error("Cannot use the web configuration: the last one stays", { problem });
    }
    if (this.#problems.length > 0 && problems.length === 0) {
      this.#log.info("The web configuration can be used again", { file: this.#file ?? "" });
    }
    this.#problems = problems;
  }

  #useAuth(auth: AuthConfig | undefined): void {
    this.#auth = auth;
    this.#secrets.follow(auth);
    this.#configAccess = auth === undefined
      ? undefined
      : configAccess(auth, (secret) => this.#secrets.valueOf(secret));
  }

  #useWeb(web: WebConfig): void {
    const before = this.#web.rateLimit;
    const { rateLimit } = web;
    if (rateLimit?.burst !== before?.burst || rateLimit?.intervalMs !== before?.intervalMs) {
      this.#limit = rateLimit === undefined
        ? undefined
        : new RequestLimit(rateLimit, () => performance.now());
    }
    this.#web = web;
    this.#passwords.users = web.users;
  }
}

/** Whether the two let everybody in. */
function isOpen(auth: AuthConfig | undefined, { users, tls }: WebConfig): boolean {
  return auth === undefined && users.size === 0 &&
    tls?.clientAuth !== "RequireAndVerifyClientCert";
}

/** What of a web configuration belongs into a log. */
function summaryOf({ tls, users }: WebConfig): Record<string, string | number | boolean> {
  return {
    tls: tls !== undefined,
    ...(tls !== undefined && {
      certificate_expires: new Date(tls.expiresAt).toISOString(),
      client_auth: tls.clientAuth,
    }),
    users: users.size,
  };
}

/** With sets and maps as lists, to be compared. */
function plain({ tls, users, ...rest }: WebConfig) {
  return { ...rest, users: [...users], tls: tls && plainTls(tls) };
}

function plainTls(tls: TlsConfig) {
  return { ...tls, allowedSans: tls.allowedSans && [...tls.allowedSans] };
}

function isSameTls(a: TlsConfig | undefined, b: TlsConfig | undefined): boolean {
  return JSON.stringify(a && plainTls(a)) === JSON.stringify(b && plainTls(b));
}
