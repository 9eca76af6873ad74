/**
 * Reads a whole stream as UTF-8.
 *
 * @throws {RangeError} when it is longer than `limit` bytes, or is not UTF-8; with a text that goes
 * on after "Cannot read it: ".
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let size = 0;
  let text = "";
  // Leaving the loop cancels the stream, so that what is still to come is not read.
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`it is larger than ${limit} bytes`);
    text += decode(decoder, chunk);
  }
  return text + decode(decoder, undefined);
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new RangeError("it is not UTF-8");
  }
}
