import { parsedText } from "./scalars.ts";
import { isMapping, mapping, section } from "./section.ts";

/** Passwords that defaults, samples and tutorials use. */
const SAMPLE_PASSWORDS: ReadonlySet<string> = new Set([
  "secret",
  "admin",
  "password",
  "passwd",
  "pass",
  "changeme",
  "change-me",
  "change_me",
  "change me",
  "default",
  "example",
  "sample",
  "test",
  "letmein",
  "prometheus",
  "1234",
  "12345",
  "123456",
  "12345678",
]);

/** Whether `password` is one that anybody would try first. */
export function isSamplePassword(password: string): boolean {
  return SAMPLE_PASSWORDS.has(password.toLowerCase());
}

/** What no user name can have: HTTP splits at the first colon, and carries no control characters. */
const NOT_IN_USERNAME = /[:\p{Cc}]/u;
const NOT_IN_PASSWORD = /\p{Cc}/u;
/** What clients can write after "Bearer ". */
const TOKEN = /^[\x21-\x7e]+$/;

/** Why `text` cannot be a password; undefined when it can. */
export function passwordProblem(text: string): string | undefined {
  return NOT_IN_PASSWORD.test(text)
    ? "has a character that is not allowed (allowed: anything but control characters)"
    : undefined;
}

/** Why `text` cannot be a bearer token; undefined when it can. */
export function tokenProblem(text: string): string | undefined {
  return TOKEN.test(text)
    ? undefined
    : "has a character that is not allowed (allowed: ASCII characters without blanks)";
}

/** Text of at least one character that `problem` finds nothing wrong with. */
function credential(problem: (text: string) => string | undefined) {
  return parsedText((value) => {
    if (value === "") throw new RangeError("is empty (write at least one character)");
    const found = problem(value);
    if (found !== undefined) throw new SyntaxError(found);
    return value;
  });
}

/** Path of a file with a secret in it. */
export const secretPath = parsedText((value) => {
  if (value === "") throw new RangeError("is empty (write the path of a file)");
  if (/\p{Cc}|\p{Cs}/u.test(value)) {
    throw new SyntaxError(
      "has a character that is not allowed (allowed: anything but control characters)",
    );
  }
  return value;
}, "must be the path of a file, as text");

const basic = mapping({
  username: credential((value) =>
    NOT_IN_USERNAME.test(value)
      ? "has a character that is not allowed (allowed: anything but colons and control characters)"
      : undefined
  ),
  password: credential(passwordProblem),
  password_file: secretPath,
}, { secret: true }).superRefine((basic, context) => {
  if (context.issues.length > 0) return;
  const refuse = (key: keyof typeof basic, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  const { username, password, password_file } = basic;
  if (password !== undefined && password_file !== undefined) {
    refuse("password_file", "is written beside auth.basic.password (write one of the two)");
  }
  const secret = password === undefined ? "password_file" : "password";
  if (username === undefined && basic[secret] !== undefined) {
    refuse(
      secret,
      "is written without auth.basic.username (write both, or neither for the defaults)",
    );
  }
  if (username !== undefined && basic[secret] === undefined) {
    refuse(
      "username",
      "is written without auth.basic.password (write both, or neither for the defaults)",
    );
  }
});

const auth = mapping({
  basic: section(basic),
  bearer_token: credential(tokenProblem),
  bearer_token_file: secretPath,
}, { secret: true });

/** The section `auth`: when it is there it says how. */
export const authSection = section(
  auth.superRefine((auth, context) => {
    // An unknown key has been reported, and may be a misspelt "basic".
    if (Object.keys(auth).length === 0 && context.issues.length === 0) {
      context.addIssue("is empty (write auth.basic or auth.bearer_token, or remove auth)");
    }
    if (auth.bearer_token !== undefined && auth.bearer_token_file !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["bearer_token_file"],
        message: "is written beside auth.bearer_token (write one of the two)",
      });
    }
  }, { when: ({ value }) => isMapping(value) }),
);

/** What may be written in `auth`, for suggestions. */
export const AUTH_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ["auth", Object.keys(auth.shape)],
  ["auth.basic", Object.keys(basic.shape)],
];
