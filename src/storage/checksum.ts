import { crc32 } from "node:zlib";

/** CRC-32 of a row: of its key, then of its body. */
export function rowSum(key: string, body: string | Uint8Array): number {
  return crc32(body, crc32(key));
}
