import type { MiddlewareHandler } from "@hono/hono";
import type { Config } from "../config/config.ts";
import { formatNetwork, type Network, networkSize } from "../domain/network.ts";
import { NetworkSet, neverScanned } from "../domain/network_set.ts";
import type { PortSet } from "../domain/ports.ts";
import { clientAddress } from "./client_address.ts";
import type { ConnectionEnv } from "./connection.ts";
import { jsonError } from "./json_error.ts";

/** What requests may ask for, and who may ask; a reload may change all of it. */
export interface RequestPolicy {
  /** Networks that a request may name; empty allows any. */
  readonly allowedNetworks: NetworkSet;
  /** Who may ask; empty allows anyone. */
  readonly clientNetworks: NetworkSet;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: NetworkSet;
  /** Addresses that nobody scans; wins over everything that is allowed. */
  readonly exclude: NetworkSet;
  /** Most probes, addresses × ports, of one request. */
  readonly maxProbes: number;
}

/** What a configuration allows requests. */
export function requestPolicy(
  { policy, scanning }: Pick<Config, "policy" | "scanning">,
): RequestPolicy {
  return {
    allowedNetworks: NetworkSet.of(policy.allowedNetworks),
    clientNetworks: NetworkSet.of(policy.clientNetworks),
    trustedProxies: NetworkSet.of(policy.trustedProxies),
    exclude: neverScanned(scanning.exclude),
    maxProbes: policy.maxProbes,
  };
}

/** What the policy says of a request. */
export type Verdict =
  /** `excluded` addresses of the network are to be skipped, 0 to its size - 1. */
  | { readonly allowed: true; readonly excluded: number }
  | {
    readonly allowed: false;
    readonly status: 400 | 403;
    /** The request parameter at fault. */
    readonly parameter: AskedParameter;
    readonly message: string;
  };

/** Parameters that name what is to be scanned. */
type AskedParameter = "ip" | "targets" | "ports";

/** What a request wants scanned: `ports` on every address of networks that do not overlap. */
export interface AskedScans {
  readonly networks: readonly Network[];
  readonly ports: PortSet;
  /** Number of protocols with which the ports are scanned. */
  readonly protocols: number;
  /** The request parameter that names the networks. */
  readonly parameter: "ip" | "targets";
}

/** Whether a scan of `ports` on every address of `network` may be asked for. */
export function judgeRequest(
  { network, ports }: { readonly network: Network; readonly ports: PortSet },
  policy: RequestPolicy,
): Verdict {
  return judgeScans({ networks: [network], ports, protocols: 1, parameter: "ip" }, policy);
}

/** Whether all of what a request wants scanned may be asked for. */
export function judgeScans(
  { networks, ports, protocols, parameter }: AskedScans,
  { allowedNetworks, exclude, maxProbes }: RequestPolicy,
): Verdict {
  const refuse = (status: 400 | 403, parameter: AskedParameter, message: string): Verdict => ({
    allowed: false,
    status,
    parameter,
    message: `${parameter}: ${message}`,
  });
  let size = 0n;
  let excluded = 0n;
  for (const network of networks) {
    if (!allowedNetworks.isEmpty && !allowedNetworks.covers(network)) {
      const what = allowedNetworks.overlaps(network) ? "a part of it" : "it";
      const text = formatNetwork(network);
      return refuse(
        403,
        parameter,
        `Cannot scan ${text}: ${what} lies outside policy.allowed_networks`,
      );
    }
    size += networkSize(network);
    excluded += exclude.countIn(network);
  }
  const addresses = size - excluded;
  if (addresses === 0n) {
    const text = networks.length === 1 ? formatNetwork(networks[0]!) : "these targets";
    return refuse(
      403,
      parameter,
      `Cannot scan ${text}: all of it is excluded (scanning.exclude), or no host's address`,
    );
  }
  const probes = addresses * BigInt(ports.size * protocols);
  if (probes > BigInt(maxProbes)) {
    const factors = protocols === 1 ? "addresses × ports" : "addresses × ports × protocols";
    const asked = `${probes} probes (${factors}): policy.max_probes allows ${maxProbes}`;
    const less = parameter === "ip" ? "a narrower network" : "fewer targets";
    return addresses === 1n
      ? refuse(400, "ports", `Cannot send ${asked}; ask for fewer ports`)
      : refuse(400, parameter, `Cannot send ${asked}; ask for ${less} or fewer ports`);
  }
  return { allowed: true, excluded: Number(excluded) };
}

/** Refuses requests from outside `policy.client_networks`; a client whose address is not known is outside. */
export function clientNetworks(policy: () => RequestPolicy): MiddlewareHandler<ConnectionEnv> {
  return async function clientNetworks(c, next) {
    const { clientNetworks, trustedProxies } = policy();
    if (clientNetworks.isEmpty) return await next();
    const client = clientAddress(c.env, c.req.raw.headers, { trustedProxies });
    if (client !== undefined && clientNetworks.has(client)) return await next();
    return jsonError(c, 403, {
      message: `Cannot take this request from ${
        client?.text ?? "an unknown address"
      }: policy.client_networks does not have it`,
    });
  };
}
