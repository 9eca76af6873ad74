import { show } from "./show.ts";

const PLAIN_KEY = /^[A-Za-z_<][\w.<-]{0,59}$/;
/** Keys beneath `auth` that are shown: a password that lost its key would stand in a key's place. */
const HARMLESS_KEY = /^[a-z]+(?:_[a-z]+)*$/;

/** Path of a key in a mapping, as messages show it; unusual keys are quoted and cut. */
export function joinPath(parent: string, key: string): string {
  const underAuth = parent === "auth" || parent.startsWith("auth.");
  const shown = underAuth
    ? HARMLESS_KEY.test(key) ? key : "<hidden>"
    : PLAIN_KEY.test(key)
    ? key
    : show(key);
  return parent === "" ? shown : `${parent}.${shown}`;
}
