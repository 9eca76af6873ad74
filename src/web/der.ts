/** One element of DER (X.690). */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** Tag of the version of a certificate, which version 1 leaves out (RFC 5280, section 4.1). */
const VERSION = 0xa0;

/** What is signed of a certificate: serial number, algorithm, issuer, validity, subject, key, extensions. */
export function signedPart(certificate: Uint8Array): Element[] {
  const [whole] = elements(certificate);
  const [signed] = elements(whole?.content);
  const parts = elements(signed?.content);
  return parts[0]?.tag === VERSION ? parts.slice(1) : parts;
}

/** The public key of a certificate, as DER (SubjectPublicKeyInfo). */
export function publicKeyOf(certificate: Uint8Array): Uint8Array | undefined {
  return signedPart(certificate)[5]?.whole;
}

/** The elements that stand one after the other in `bytes`; those from the first damaged one on are left out. */
export function elements(bytes: Uint8Array = new Uint8Array()): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const start = at;
    const tag = bytes[at]!;
    let length = bytes[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 3 || at + size > bytes.length) break;
      length = 0;
      for (const end = at + size; at < end; at++) length = length * 256 + bytes[at]!;
    }
    if (at + length > bytes.length) break;
    found.push({
      tag,
      content: bytes.subarray(at, at + length),
      whole: bytes.subarray(start, at + length),
    });
    at += length;
  }
  return found;
}
