import type { Context } from "@hono/hono";
import type { Asset } from "../pages/assets.ts";
import { jsonError } from "./json_error.ts";

/** How long an address that changes with its content may be kept, and any other. */
const FOR_GOOD = "private, max-age=31536000, immutable";
const ASK_AGAIN = "private, no-cache";

/** `/assets/{name}`: the files that pages refer to; `v` in the address is the hash of the content. */
export function assetRoute(assets: ReadonlyMap<string, Asset>) {
  return function sendAsset(c: Context): Response {
    const asset = assets.get(c.req.param("name") ?? "");
    if (asset === undefined) return jsonError(c, 404, { message: "There is nothing at this path" });
    const etag = `"${asset.hash}"`;
    c.header("ETag", etag);
    c.header("Cache-Control", c.req.query("v") === asset.hash ? FOR_GOOD : ASK_AGAIN);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Cross-Origin-Resource-Policy", "same-origin");
    if (isKnown(c.req.header("If-None-Match"), etag)) return c.body(null, 304);
    c.header("Content-Type", asset.contentType);
    return c.body(asset.text);
  };
}

/** A proxy that compresses makes a tag a weak one (RFC 9110, section 8.8.3). */
function isKnown(tags: string | undefined, etag: string): boolean {
  return tags?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag) ?? false;
}
