import { parseAddress } from "../domain/address.ts";
import { type Element, elements, signedPart } from "./der.ts";

/** DER of the object identifier 2.5.29.17 (RFC 5280, section 4.2.1.6). */
const SUBJECT_ALT_NAME = "85,29,17";

/** DER tags (X.690) and those of general names (RFC 5280, section 4.2.1.6). */
const TAG = { octets: 0x04, oid: 0x06, extensions: 0xa3 } as const;
const NAME = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;

/**
 * The names, addresses and URIs that a certificate, as DER, is for. Read from the bytes, because texts
 * that libraries make of them let a name pass for two.
 */
export function subjectAltNames(certificate: Uint8Array): string[] {
  const list = signedPart(certificate).find(({ tag }) => tag === TAG.extensions);
  const extensions = elements(elements(list?.content)[0]?.content)
    .map(({ content }) => elements(content));
  const own = extensions.find(([id]) =>
    id?.tag === TAG.oid && id.content.join() === SUBJECT_ALT_NAME
  );
  const octets = own?.findLast(({ tag }) => tag === TAG.octets);
  return elements(elements(octets?.content)[0]?.content).flatMap(nameOf);
}

/** A name as it is compared: addresses in their canonical form, everything else as it is. */
export function canonicalSan(text: string): string {
  try {
    return parseAddress(text).text;
  } catch {
    return text;
  }
}

function nameOf({ tag, content }: Element): string[] {
  switch (tag) {
    case NAME.email:
    case NAME.dns:
    case NAME.uri:
      return [String.fromCharCode(...content)];
    case NAME.ip:
      return addressOf(content);
    default:
      return [];
  }
}

function addressOf(bytes: Uint8Array): string[] {
  if (bytes.length === 4) return [bytes.join(".")];
  if (bytes.length !== 16) return [];
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16),
  );
  return [canonicalSan(groups.join(":"))];
}
