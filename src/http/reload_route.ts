import type { Context } from "@hono/hono";
import { isLocalRequest } from "./connection.ts";
import type { AuthEnv } from "./guards.ts";
import { jsonError } from "./json_error.ts";

/** What came of reading the configuration again. */
export type ReloadResult =
  | { readonly ok: true }
  /** The old configuration stays; `problems` are all there are, one line each. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** What the route needs. */
export interface ReloadRouteOptions {
  readonly reload: () => Promise<ReloadResult>;
}

/** `/-/reload`: reads the configuration again; without a user, only this machine may ask for it. */
export function reloadRoute({ reload }: ReloadRouteOptions) {
  return async function reloadConfig(c: Context<AuthEnv>): Promise<Response> {
    // Not "is auth configured now": it may have been since this request was let in.
    if (c.get("authenticated") !== true && !isLocalRequest(c)) {
      return jsonError(c, 403, {
        message:
          "Cannot reload for another machine without auth: ask from this one, without a proxy, or configure auth",
      });
    }
    const result = await reload();
    if (result.ok) return c.json({ status: "success", message: "Reloaded the configuration" });
    return jsonError(c, 500, {
      message: "Cannot reload the configuration: the old one stays (details.problems says why)",
      problems: result.problems,
    });
  };
}
