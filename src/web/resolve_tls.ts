import { show } from "../config/show.ts";
import { errorText } from "../text/error_text.ts";
import { RUNTIME_CIPHERS } from "./cipher_suites.ts";
import { canonicalSan } from "./subject_alt_names.ts";
import {
  type Certificates,
  isKeyOf,
  type PrivateKey,
  readCertificates,
  readPrivateKey,
} from "./pem.ts";
import { HAS_NODE_TLS } from "./runtime_tls.ts";
import type { ClientAuthType, TlsConfig, TlsVersion } from "./web_config.ts";
import type { WebContext } from "./web_context.ts";
import type { WrittenWeb } from "./web_schema.ts";

type WrittenTls = NonNullable<WrittenWeb["tls_server_config"]>;
type TlsKey = keyof WrittenTls;

/** Keys that turn TLS on, as in the exporter toolkit; the others are only about how. */
const SWITCHES = [
  "cert_file",
  "cert",
  "key_file",
  "key",
  "client_ca_file",
  "client_ca",
  "client_auth_type",
] as const;

const VERSIONS: Readonly<Record<string, TlsVersion>> = { TLS12: "TLSv1.2", TLS13: "TLSv1.3" };

/** Milliseconds of a day. */
const DAY_MS = 86_400_000;

/** Reads key and certificates and checks that they fit together; undefined serves plain HTTP. */
export function resolveTls(written: WrittenTls, context: WebContext): TlsConfig | undefined {
  const { report } = context;
  const refuse = (key: TlsKey, message: string) => {
    report.fail(["tls_server_config", key], message);
  };
  const refused: Refused = (key) => report.refused(["tls_server_config", key]);
  // An empty text is no value at all, as in Go.
  const value = (key: TlsKey) => written[key] === "" ? undefined : written[key];
  if (SWITCHES.every((key) => value(key) === undefined)) {
    const [idle] = Object.keys(written) as TlsKey[];
    if (idle !== undefined) {
      refuse(idle, "is written without a certificate (write cert_file and key_file)");
    }
    return undefined;
  }
  refuseWhatRuntimeCannot(written, refuse);
  const read = <T>(name: "cert" | "key" | "client_ca", parse: (text: string) => T) =>
    readPem({ name, written, parse, refuse, context });
  const cert = read("cert", readCertificates);
  const key = read("key", readPrivateKey);
  const ca = read("client_ca", readCertificates);
  for (const name of ["cert", "key"] as const) {
    const keys = [name, `${name}_file`] as const;
    if (keys.every((key) => value(key) === undefined && !refused(key))) {
      report.fail(["tls_server_config"], `has no ${name}_file (write it, or ${name})`);
    }
  }
  if (cert !== undefined && key !== undefined) checkPair(cert, key, { written, context, refuse });
  const clientAuth = resolveClientAuth(written, { refuse, refused });
  const minVersion = VERSIONS[written.min_version ?? "TLS12"] ?? "TLSv1.2";
  const maxVersion = VERSIONS[written.max_version ?? "TLS13"] ?? "TLSv1.3";
  if (minVersion > maxVersion) {
    refuse("min_version", "is above tls_server_config.max_version (write one that is not)");
  }
  if (cert === undefined || key === undefined) return undefined;
  const sans = written.client_allowed_sans?.filter((san) => san !== undefined);
  return {
    cert: cert.pem,
    key: key.pem,
    clientAuth,
    clientCa: ca?.pem,
    allowedSans: sans === undefined ? undefined : new Set(sans.map(canonicalSan)),
    expiresAt: Date.parse(cert.certificates[0].validTo),
    minVersion,
    maxVersion,
  };
}

type Refuse = (key: TlsKey, message: string) => void;
/** Whether what is written there was refused before, so that nothing follows from its absence. */
type Refused = (key: TlsKey) => boolean;

function refuseWhatRuntimeCannot(written: WrittenTls, refuse: Refuse): void {
  if (!HAS_NODE_TLS) {
    const usual = { client_auth_type: "NoClientCert", min_version: "TLS12", max_version: "TLS13" };
    for (const [name, value] of Object.entries(usual)) {
      const key = name as keyof typeof usual;
      if (written[key] !== undefined && written[key] !== value) {
        refuse(
          key,
          `Cannot use ${written[key]}: the runtime is too old (Deno 2.9 or later has it)`,
        );
      }
    }
  }
  for (const key of ["min_version", "max_version"] as const) {
    if (written[key] === "TLS10" || written[key] === "TLS11") {
      refuse(
        key,
        `Cannot use ${written[key]}: the runtime has TLS 1.2 and 1.3 (write TLS12 or TLS13)`,
      );
    }
  }
  const ciphers = written.cipher_suites ?? [];
  const areRead = !ciphers.includes(undefined);
  // They are about TLS 1.2 alone; naming all that there is restricts nothing.
  if (
    areRead && ciphers.length > 0 && written.min_version !== "TLS13" &&
    !RUNTIME_CIPHERS.every((name) => ciphers.includes(name))
  ) {
    refuse(
      "cipher_suites",
      "Cannot choose among the cipher suites of TLS 1.2: the runtime uses all six that it has " +
        "(leave the key out, or write min_version: TLS13)",
    );
  }
  if ((written.curve_preferences ?? []).length > 0) {
    refuse(
      "curve_preferences",
      "Cannot choose curves: the runtime uses those that it has (leave the key out)",
    );
  }
  if (written.prefer_server_cipher_suites === true) {
    refuse(
      "prefer_server_cipher_suites",
      "Cannot prefer the order of the server: the runtime takes what the client likes best " +
        "(write false, or leave the key out)",
    );
  }
}

/** Reads PEM from where it is written; reports what is wrong with it. */
function readPem<T>({ name, written, parse, refuse, context }: {
  readonly name: "cert" | "key" | "client_ca";
  readonly written: WrittenTls;
  readonly parse: (text: string) => T;
  readonly refuse: Refuse;
  readonly context: WebContext;
}): T | undefined {
  const fileKey = `${name}_file` as const;
  const { [name]: inline = "", [fileKey]: path = "" } = written;
  if (inline !== "" && path !== "") {
    refuse(fileKey, `is written beside tls_server_config.${name} (write one of the two)`);
    return undefined;
  }
  if (inline === "" && path === "") return undefined;
  if (inline !== "") {
    try {
      return parse(inline);
    } catch (error) {
      refuse(name, `Cannot use it: ${errorText(error)}`);
      return undefined;
    }
  }
  try {
    return parse(context.readPem(path));
  } catch (error) {
    refuse(fileKey, `Cannot read ${show(path)}: ${errorText(error)}`);
    return undefined;
  }
}

/** Whether the key is that of the certificate, and when the certificate is valid. */
function checkPair(
  cert: Certificates,
  key: PrivateKey,
  { written, context, refuse }: {
    readonly written: WrittenTls;
    readonly context: WebContext;
    readonly refuse: Refuse;
  },
): void {
  const place = (name: "cert" | "key"): TlsKey => written[name] ? name : `${name}_file`;
  const shown = (name: "cert" | "key") => show(written[`${name}_file`] ?? "");
  const certName = written.cert ? "the certificate" : shown("cert");
  const [certificate] = cert.certificates;
  if (!isKeyOf(key, cert)) {
    const keyName = written.key ? "this key" : shown("key");
    refuse(
      place("key"),
      `Cannot use ${keyName}: it is not the key of ${certName} (the server's certificate comes first)`,
    );
  }
  const warn = (message: string) =>
    context.report.warn(["tls_server_config", place("cert")], message);
  const now = context.wallClock();
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (now > to) warn(`${certName} has expired on ${isoDay(to)}: clients will refuse it`);
  else if (now < from) warn(`${certName} is not valid before ${isoDay(from)}`);
  else if (to - now < DAY_MS) {
    warn(`${certName} expires within a day, at ${new Date(to).toISOString()}`);
  }
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function resolveClientAuth(
  written: WrittenTls,
  { refuse, refused }: { readonly refuse: Refuse; readonly refused: Refused },
): ClientAuthType {
  const { client_auth_type: type = "NoClientCert" } = written;
  const clientAuth = type === "RequireClientCert" ? "RequireAnyClientCert" : type;
  if (refused("client_auth_type")) return clientAuth;
  const caKey = written.client_ca ? "client_ca" : "client_ca_file";
  const verifies = clientAuth === "RequireAndVerifyClientCert" ||
    clientAuth === "VerifyClientCertIfGiven";
  if (written[caKey] && clientAuth === "NoClientCert") {
    refuse(
      caKey,
      "is written while no client is asked for a certificate (write client_auth_type: RequireAndVerifyClientCert)",
    );
  }
  if (!written[caKey] && verifies && !refused("client_ca") && !refused("client_ca_file")) {
    refuse(
      "client_auth_type",
      "Cannot verify clients without their authority (write client_ca_file)",
    );
  }
  const isRequired = clientAuth === "RequireAndVerifyClientCert" ||
    clientAuth === "RequireAnyClientCert";
  if (written.client_allowed_sans !== undefined && !isRequired) {
    refuse(
      "client_allowed_sans",
      "needs client_auth_type to be RequireAnyClientCert or RequireAndVerifyClientCert",
    );
  }
  return clientAuth;
}
