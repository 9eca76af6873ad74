import { errorText } from "../text/error_text.ts";
import { isSamplePassword, passwordProblem, tokenProblem } from "./auth.ts";
import type { AuthConfig, BasicConfig, SecretConfig } from "./config.ts";
import type { Path } from "./dropped.ts";
import { inDirectory } from "./in_directory.ts";
import type { Report } from "./report.ts";
import type { WrittenConfig } from "./schema.ts";
import type { ReadSecret } from "./secret_file.ts";
import { show } from "./show.ts";

/** What an empty `auth.basic` means. */
const DEFAULT_USER = { username: "admin", password: "secret" };

/** What secrets are resolved with. */
interface Context {
  readonly report: Report;
  /** Directory of the configuration file, empty for the working directory. */
  readonly directory: string;
  readonly readSecret: ReadSecret;
}

/** Reads the files of secrets, and warns of secrets that anybody would try. */
export function resolveAuth(
  written: WrittenConfig["auth"],
  context: Context,
): AuthConfig | undefined {
  if (written === undefined) return undefined;
  const { bearer_token: token, bearer_token_file: file } = written;
  return {
    basic: written.basic === undefined ? undefined : resolveBasic(written.basic, context),
    bearerToken: resolveSecret(
      { value: token, file, path: ["auth", "bearer_token"], problem: tokenProblem },
      context,
    ),
  };
}

type WrittenBasic = NonNullable<NonNullable<WrittenConfig["auth"]>["basic"]>;

function resolveBasic(written: WrittenBasic, context: Context): BasicConfig {
  const { password_file: file } = written;
  const path = ["auth", "basic", "password"];
  const password = resolveSecret(
    { value: written.password, file, path, problem: passwordProblem },
    context,
  ) ?? { value: DEFAULT_USER.password, file: undefined };
  if (written.password === undefined && file === undefined) {
    warnOfSample(DEFAULT_USER.password, path, context);
  }
  return { username: written.username ?? DEFAULT_USER.username, password };
}

/** A secret as written: by itself, or the path of its file. */
interface WrittenSecret {
  readonly value: string | undefined;
  readonly file: string | undefined;
  /** Of the secret by itself; that of the file ends in `_file`. */
  readonly path: readonly string[];
  readonly problem: (text: string) => string | undefined;
}

function resolveSecret(
  { value, file, path, problem }: WrittenSecret,
  context: Context,
): SecretConfig | undefined {
  if (value !== undefined) {
    warnOfSample(value, path, context);
    return { value, file: undefined };
  }
  if (file === undefined) return undefined;
  const filePath = [...path.slice(0, -1), `${path.at(-1)}_file`];
  const where = { text: file, path: inDirectory(context.directory, file) };
  try {
    const content = context.readSecret(where.path);
    const found = problem(content);
    if (found !== undefined) throw new SyntaxError(`it ${found}`);
    warnOfSample(content, filePath, context);
    return { value: content, file: where };
  } catch (error) {
    const reason = errorText(error);
    context.report.fail(filePath, `Cannot read ${show(where.path)}: ${reason}`);
    return undefined;
  }
}

function warnOfSample(secret: string, path: Path, { report }: Context): void {
  if (!isSamplePassword(secret)) return;
  report.warn(path, "is a default or sample that anybody would try (choose one of your own)");
}
