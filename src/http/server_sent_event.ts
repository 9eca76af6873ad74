const encoder = new TextEncoder();

/** A server-sent event whose data is JSON (HTML Standard, section 9.2); JSON has no line ends. */
export function eventBytes(name: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Tells a client after how many milliseconds it may connect again. */
export function retryBytes(milliseconds: number): Uint8Array {
  return encoder.encode(`retry: ${milliseconds}\n\n`);
}

/** What means nothing, and keeps a connection from looking dead. */
export const HEARTBEAT = encoder.encode(": still here\n\n");
