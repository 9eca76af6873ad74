import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a request says of who asks. */
export type Credentials =
  | { readonly scheme: "basic"; readonly username: string; readonly password: string }
  | { readonly scheme: "bearer"; readonly token: string };

const BASIC = /^ *basic +([A-Za-z0-9+/]+=*) *$/i;
const BEARER = /^ *bearer +([\x21-\x7e]+) *$/i;

/** Reads the header `Authorization`; undefined when it says nothing that can be understood. */
export function readCredentials(authorization: string | undefined): Credentials | undefined {
  const token = BEARER.exec(authorization ?? "")?.[1];
  if (token !== undefined) return { scheme: "bearer", token };
  const encoded = BASIC.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const colon = text.indexOf(":");
    if (colon < 0) return undefined;
    return { scheme: "basic", username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    // Neither Base64 nor UTF-8.
    return undefined;
  }
}

const KEY = randomBytes(32);

/** Whether two texts are the same, in a time that tells nothing of either but how long they are. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(KEY).update(text).digest();
}
