import * as z from "zod";
import { parsedText } from "../config/scalars.ts";
import { bcryptCost } from "./bcrypt_hash.ts";

/** What HTTP can carry as a user name: it splits at the first colon. */
const NAME = /^[^:\p{Cc}]+$/u;

const hash = parsedText((value) => {
  if (bcryptCost(value) === undefined) {
    throw new SyntaxError(
      "must be a bcrypt hash, such as htpasswd -nBC 10 prints behind the colon ($2y$10$…)",
    );
  }
  return value;
}, "must be a bcrypt hash, in quotes");

/** Users with the bcrypt hashes of their passwords; what is written in the place of one is never repeated. */
export const usersMapping = z.record(z.string().regex(NAME), hash, {
  error: ({ code }) =>
    code === "invalid_key"
      ? "has a name that cannot be sent (allowed: anything but colons and control characters)"
      : "must be a mapping of user names to bcrypt hashes",
});
