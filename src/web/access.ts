import type { AuthConfig, SecretConfig } from "../config/config.ts";
import type { Access, AccessScheme } from "../http/access.ts";
import { isSameSecret, readCredentials } from "./credentials.ts";
import type { UserPasswords } from "./user_passwords.ts";

const PASSWORD = "A valid user name and password are";
const TOKEN = "A valid bearer token is";
const EITHER = "A valid user name and password, or a valid bearer token, are";

/** Access by what the configuration says, compared in constant time; `valueOf` is what a secret is now. */
export function configAccess(
  { basic, bearerToken }: AuthConfig,
  valueOf: (secret: SecretConfig) => string,
): Access {
  const schemes: AccessScheme[] = [
    ...(basic === undefined ? [] : ["basic" as const]),
    ...(bearerToken === undefined ? [] : ["bearer" as const]),
  ];
  return {
    schemes,
    wanted: schemes.length === 2 ? EITHER : basic === undefined ? TOKEN : PASSWORD,
    check(authorization) {
      const given = readCredentials(authorization);
      if (given?.scheme === "bearer" && bearerToken !== undefined) {
        return isSameSecret(given.token, valueOf(bearerToken)) ? "granted" : "refused";
      }
      if (given?.scheme !== "basic" || basic === undefined) return "refused";
      // Both are compared, so that time does not tell who is a user.
      const rightUser = isSameSecret(given.username, basic.username);
      const rightPassword = isSameSecret(given.password, valueOf(basic.password));
      return rightUser && rightPassword ? "granted" : "refused";
    },
  };
}

/** Access by the users of the web configuration. */
export function userAccess(passwords: UserPasswords): Access {
  return {
    schemes: ["basic"],
    wanted: PASSWORD,
    check(authorization, client) {
      const given = readCredentials(authorization);
      if (given?.scheme !== "basic") return "refused";
      const { username, password } = given;
      return passwords.check({ username, password, client });
    },
  };
}
