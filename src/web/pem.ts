import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { publicKeyOf } from "./der.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?-----END \1PRIVATE KEY-----/;

/** Elliptic curves that the runtime signs with, by the names that versions of it have for them. */
const CURVES: ReadonlySet<string> = new Set([
  "prime256v1",
  "secp384r1",
  "secp521r1",
  "p256",
  "p384",
]);

/** The certificates of a text, as PEM without what stands between them. */
export interface Certificates {
  readonly pem: string;
  /** In the order of the text. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
}

/**
 * Reads the certificates of a PEM text.
 *
 * @throws {SyntaxError} with what is wrong, without a word of the text.
 */
export function readCertificates(text: string): Certificates {
  const blocks = text.match(CERTIFICATE) ?? [];
  const certificates = blocks.map((block, index) => {
    try {
      return new X509Certificate(Buffer.from(block));
    } catch (cause) {
      throw new SyntaxError(`certificate ${index + 1} in it is damaged`, { cause });
    }
  });
  const [first, ...rest] = certificates;
  if (first === undefined) {
    throw new SyntaxError("no certificate is in it (PEM is wanted: -----BEGIN CERTIFICATE-----)");
  }
  return { pem: `${blocks.join("\n")}\n`, certificates: [first, ...rest] };
}

/** A private key, as PEM without what stands around it. */
export interface PrivateKey {
  readonly pem: string;
  readonly key: KeyObject;
}

/**
 * Reads the private key of a PEM text.
 *
 * @throws {SyntaxError} with what is wrong, without a word of the text.
 */
export function readPrivateKey(text: string): PrivateKey {
  const match = PRIVATE_KEY.exec(text);
  if (match === null) {
    throw new SyntaxError("no private key is in it (PEM is wanted: -----BEGIN PRIVATE KEY-----)");
  }
  const [block, kind = ""] = match;
  if (kind.includes("ENCRYPTED") || /^Proc-Type:.*ENCRYPTED/m.test(block)) {
    throw new SyntaxError("the private key is encrypted (write one without a passphrase)");
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch (cause) {
    throw new SyntaxError("the private key is damaged", { cause });
  }
  if (!isSupported(key)) {
    throw new SyntaxError(
      "this kind of key cannot be used (allowed: RSA of at least 2048 bits, P-256, P-384, P-521, Ed25519)",
    );
  }
  return { pem: `${block}\n`, key };
}

/** Whether `key` is that of the first of `certificates`. */
export function isKeyOf({ key }: PrivateKey, { pem }: Certificates): boolean {
  const [first = ""] = pem.match(CERTIFICATE) ?? [];
  const der = Buffer.from(first.replace(/-----[^-]*-----/g, ""), "base64");
  const wanted = createPublicKey(key).export({ type: "spki", format: "der" });
  const found = publicKeyOf(der);
  return found !== undefined && Buffer.compare(wanted, found) === 0;
}

function isSupported({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  switch (asymmetricKeyType) {
    case "rsa":
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    case "ec":
      return CURVES.has(asymmetricKeyDetails?.namedCurve ?? "");
    default:
      return asymmetricKeyType === "ed25519";
  }
}
