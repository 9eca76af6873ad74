import * as z from "zod";
import { parsedText } from "../config/scalars.ts";
import { isMapping } from "../config/section.ts";
import { bcryptCost } from "./bcrypt_hash.ts";

/** What HTTP can carry as a user name: it splits at the first colon. */
const NAME = /^[^:\p{Cc}]*$/u;

const hash = parsedText((value) => {
  if (bcryptCost(value) === undefined) {
    throw new SyntaxError(
      "must be a bcrypt hash, such as htpasswd -nBC 10 prints behind the colon ($2y$10$…)",
    );
  }
  return value;
}, "must be a bcrypt hash, in quotes");

/** The one key that zod's records leave out in silence: it would be a user less, and maybe the only one. */
const LEFT_OUT = "__proto__";

/** Users with the bcrypt hashes of their passwords; what is written in the place of one is never repeated. */
export const usersMapping = z.preprocess(
  (value, context) => {
    if (isMapping(value) && Object.hasOwn(value as object, LEFT_OUT)) {
      const message = `is a name that no user can have (allowed: any but ${LEFT_OUT})`;
      context.addIssue({ code: "custom", path: [LEFT_OUT], message });
    }
    return value;
  },
  z.record(z.string().regex(NAME), hash, {
    error: ({ code }) =>
      code === "invalid_key"
        ? "has a name that cannot be sent (allowed: anything but colons and control characters)"
        : "must be a mapping of user names to bcrypt hashes",
  }),
);
