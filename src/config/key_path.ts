import { show } from "./show.ts";

const PLAIN_KEY = /^[A-Za-z_<][\w.<-]{0,59}$/;
/** Mappings with secrets in them: a password that lost its key would stand in a key's place. */
const SECRET_PARENT = /^(?:auth|tls_server_config|basic_auth_users)(?:\.|$)/;
/** Keys of those that are shown. */
const HARMLESS_KEY = /^[a-z]+(?:_[a-z]+)*$/;

/** Path of a key in a mapping, as messages show it; unusual keys are quoted and cut. */
export function joinPath(parent: string, key: string): string {
  const shown = SECRET_PARENT.test(parent)
    ? HARMLESS_KEY.test(key) ? key : "<hidden>"
    : PLAIN_KEY.test(key)
    ? key
    : show(key);
  return parent === "" ? shown : `${parent}.${shown}`;
}
