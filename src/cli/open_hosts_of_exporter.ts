import * as z from "zod";
import type { AuthConfig } from "../config/config.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import { formatListenAddress, type ListenAddress } from "../http/listen_address.ts";
import type { OpenHost } from "../policy/learn.ts";

/** Most hosts of one answer of `/v1/hosts`. */
const PAGE = 10_000;
/** Requests at once: the exporter has something else to do. */
const AT_ONCE = 8;
/** Milliseconds that one request may take, its body included. */
const REQUEST_TIMEOUT_MS = 30_000;

const hostList = z.object({
  hosts: z.array(z.object({ ip: z.union([z.ipv4(), z.ipv6()]) })),
  next: z.string().optional(),
});
const hostDetail = z.object({
  host: z.object({
    ports: z.array(z.object({
      port: z.int(),
      protocol: z.enum(PROTOCOLS),
      state: z.enum(["open", "closed"]),
    })),
  }),
});

/** Whether an error of `openHostsOfExporter` means that nothing listens there. */
export function isNobodyThere(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused;
}

/**
 * Asks a running exporter for the addresses with open ports.
 *
 * @throws `Deno.errors.ConnectionRefused` when nothing listens at `address`; otherwise an error whose
 * text goes on after "Cannot ask the exporter: ".
 */
export async function openHostsOfExporter(
  address: ListenAddress,
  { auth }: { readonly auth: AuthConfig | undefined },
): Promise<OpenHost[]> {
  // What fetch throws does not say which of many things went wrong.
  (await Deno.connect({ ...address, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })).close();
  const failed = new AbortController();
  const ask = <T>(path: string, shape: z.ZodType<T>) =>
    get(new URL(path, `http://${formatListenAddress(address)}`), {
      auth,
      shape,
      signal: failed.signal,
    });
  const addresses = await openAddresses(ask);
  const hosts: OpenHost[] = [];
  const rest = addresses.values();
  const askRest = async () => {
    for (const ip of rest) {
      // One that was forgotten meanwhile has nothing open any more.
      const ports = (await ask(`/v1/hosts/${ip}`, hostDetail))?.host.ports ?? [];
      hosts.push({ ip, ports: ports.filter(({ state }) => state === "open") });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, askRest));
  } finally {
    failed.abort();
  }
  return hosts;
}

async function openAddresses(
  ask: <T>(path: string, shape: z.ZodType<T>) => Promise<T | undefined>,
): Promise<string[]> {
  const addresses: string[] = [];
  let after: string | undefined;
  do {
    const query = new URLSearchParams({ open: "true", limit: `${PAGE}` });
    if (after !== undefined) query.set("after", after);
    const page = await ask(`/v1/hosts?${query}`, hostList);
    if (page === undefined) throw new Error("it knows no /v1/hosts (something else listens there)");
    for (const { ip } of page.hosts) addresses.push(ip);
    after = page.next;
  } while (after !== undefined);
  return addresses;
}

/** What a request is made with. */
interface GetOptions<T> {
  readonly auth: AuthConfig | undefined;
  readonly shape: z.ZodType<T>;
  readonly signal: AbortSignal;
}

/** Undefined where there is no such thing. */
async function get<T>(url: URL, { auth, shape, signal }: GetOptions<T>): Promise<T | undefined> {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      headers: {
        Accept: "application/json",
        ...(auth !== undefined && { Authorization: authorization(auth) }),
      },
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
    return await read(response, { auth, shape });
  } catch (error) {
    if (!timeout.aborted) throw error instanceof TypeError ? noHttp(error) : error;
    throw new Error(`it did not answer within ${REQUEST_TIMEOUT_MS / 1000} s`, { cause: error });
  }
}

async function read<T>(
  response: Response,
  { auth, shape }: Omit<GetOptions<T>, "signal">,
): Promise<T | undefined> {
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    if (status === 404) return undefined;
    throw new Error(statusReason(status, auth));
  }
  const answer = shape.safeParse(parseJson(await response.text()));
  if (answer.success) return answer.data;
  throw new Error("it answered something else than expected (another program may listen there)");
}

function noHttp(cause: TypeError): Error {
  const message =
    "it gave no answer in HTTP (one that listens with TLS cannot be asked: stop it, to " +
    "have its state file read)";
  return new Error(message, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statusReason(status: number, auth: AuthConfig | undefined): string {
  if (status !== 401) return `it answered with status ${status} (200 is wanted)`;
  return auth === undefined
    ? "it wants a user and password (name the configuration that it runs with, --config.file; of " +
      "basic_auth_users no password is known here: stop the exporter, to have its state file read)"
    : `it does not take ${
      auth.bearerToken === undefined ? "the user and password of auth.basic" : "auth.bearer_token"
    } (was it started with another configuration?)`;
}

/** The header field `Authorization` by which a configuration lets in. */
function authorization({ basic, bearerToken }: AuthConfig): string {
  if (bearerToken !== undefined) return `Bearer ${bearerToken.value}`;
  const bytes = new TextEncoder().encode(`${basic?.username}:${basic?.password.value}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
