import { errorText } from "../text/error_text.ts";

/** Milliseconds to wait for a pipe that is full and must not be waited in. */
const FULL_MS = 10;

/**
 * Writes all of `text` to stdout; resolves with false when it could not be written for another reason
 * than that the reader has seen enough, and then says why by `complain`.
 */
export async function print(text: string, complain: (text: string) => void): Promise<boolean> {
  let bytes: Uint8Array = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(await Deno.stdout.write(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return true;
      if (error instanceof Deno.errors.WouldBlock) {
        await new Promise((resolve) => setTimeout(resolve, FULL_MS));
        continue;
      }
      const reason = errorText(error);
      complain(`openport-exporter: Cannot print the result: ${reason}\n`);
      return false;
    }
  }
  return true;
}
