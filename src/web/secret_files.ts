import type { AuthConfig, SecretConfig } from "../config/config.ts";
import { passwordProblem, tokenProblem } from "../config/auth.ts";
import { readSecretFile } from "../config/secret_file.ts";
import type { Logger } from "../log/logger.ts";
import { errorText } from "../text/error_text.ts";
import { RestedFiles } from "./rested_files.ts";

/** A secret that is in a file. */
interface Watched {
  readonly key: string;
  readonly path: string;
  readonly problem: (text: string) => string | undefined;
}

/** What the secrets of a configuration are now: those in files follow their files, and stay while these cannot be read. */
export class SecretFiles {
  readonly #log: Logger;
  #watched: readonly Watched[] = [];
  /** By path. */
  #values = new Map<string, string>();
  readonly #troubles = new Map<string, string>();
  #files = new RestedFiles();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Follows the files of another configuration, which was read right now. */
  follow(auth: AuthConfig | undefined): void {
    const secrets: [string, SecretConfig | undefined, Watched["problem"]][] = [
      ["auth.basic.password_file", auth?.basic?.password, passwordProblem],
      ["auth.bearer_token_file", auth?.bearerToken, tokenProblem],
    ];
    this.#troubles.clear();
    this.#values.clear();
    this.#files = new RestedFiles();
    this.#watched = secrets.flatMap(([key, secret, problem]) => {
      if (secret?.file === undefined) return [];
      this.#values.set(secret.file.path, secret.value);
      return [{ key, path: secret.file.path, problem }];
    });
  }

  /** What `secret`, of the configuration that is followed, is now. */
  valueOf({ value, file }: SecretConfig): string {
    return file === undefined ? value : this.#values.get(file.path) ?? value;
  }

  /** Why files cannot be used as they are now, for people. */
  troubles(): string[] {
    return [...this.#troubles.values()];
  }

  /** Reads the files if they have changed and come to rest. */
  async look(): Promise<void> {
    const watched = this.#watched;
    if (watched.length === 0) return;
    const changed = await this.#files.haveChanged(watched.map(({ path }) => path));
    // Another configuration may be followed by now.
    if (changed && watched === this.#watched) { for (const secret of watched) this.#read(secret); }
  }

  #read({ key, path, problem }: Watched): void {
    try {
      const value = readSecretFile(path);
      const found = problem(value);
      if (found !== undefined) throw new SyntaxError(`it ${found}`);
      this.#troubles.delete(key);
      if (value === this.#values.get(path)) return;
      this.#values.set(path, value);
      this.#log.info("A secret changed", { key, file: path });
    } catch (error) {
      const reason = errorText(error);
      const trouble = `${key}: Cannot read ${path}: ${reason} (the last secret stays)`;
      if (this.#troubles.get(key) === trouble) return;
      this.#troubles.set(key, trouble);
      this.#log.error("Cannot read a secret: the last one stays", { key, file: path, reason });
    }
  }
}
