import { Server } from "node:https";

/**
 * Whether this runtime has TLS with a certificate that can be replaced and clients that are asked for
 * theirs. Deno 2.9 does; before, its `node:https` was its own server, whose certificate stays.
 */
export const HAS_NODE_TLS = "setSecureContext" in Server.prototype;
