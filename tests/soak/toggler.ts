/**
 * Opens and closes TCP listeners as told on stdin, one JSON line `{open, hostname, port}` each, and answers
 * `ok` for each; run in the network namespace whose ports are to change.
 */
const listeners = new Map<string, Deno.Listener>();

async function accept(listener: Deno.Listener): Promise<void> {
  try {
    for await (const connection of listener) connection.close();
  } catch {
    // The listener was closed while a connection came in.
  }
}

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream() as never)) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const { open, hostname, port } = JSON.parse(line);
    const key = `${hostname} ${port}`;
    if (open) {
      const listener = Deno.listen({ hostname, port });
      listeners.set(key, listener);
      void accept(listener);
    } else {
      listeners.get(key)!.close();
      listeners.delete(key);
    }
    await Deno.stdout.write(new TextEncoder().encode("ok\n"));
  }
}
