import { parsedText } from "./scalars.ts";
import { mapping, section } from "./section.ts";

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

/** Text of at least one character without control characters, which HTTP cannot carry. */
function credential(forbidden: RegExp, allowed: string) {
  return parsedText((value) => {
    if (value === "") throw new RangeError("is empty (write at least one character)");
    if (forbidden.test(value)) {
      throw new SyntaxError(`has a character that is not allowed (${allowed})`);
    }
    return value;
  });
}

const basic = mapping({
  username: credential(/[:\p{Cc}]/u, "allowed: anything but colons and control characters"),
  password: credential(/\p{Cc}/u, "allowed: anything but control characters"),
}, { secret: true }).superRefine((basic, context) => {
  if (context.issues.length > 0) return;
  for (const [key, other] of [["username", "password"], ["password", "username"]] as const) {
    if (basic[key] !== undefined && basic[other] === undefined) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: `is written without auth.basic.${other} (write both, or neither for the defaults)`,
      });
    }
  }
});

/** The section `auth`: when it is there it says how. */
export const authSection = section(
  mapping({ basic: section(basic) }, { secret: true }).superRefine((auth, context) => {
    // An unknown key has been reported, and may be a misspelt "basic".
    if (!("basic" in auth) && context.issues.length === 0) {
      context.addIssue("is empty (write auth.basic, or remove auth)");
    }
  }),
);
