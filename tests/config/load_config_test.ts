import assert from "node:assert/strict";
import { ROOT } from "../support/root.ts";
import { ConfigError } from "../../src/config/config_error.ts";
import { DEFAULTS } from "../../src/config/resolve.ts";
import { loadConfig } from "../../src/config/load_config.ts";

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof ConfigError, `${error}`);
  return error.message;
}

/** A file with these bytes, removed when the scope ends. */
async function temporaryFile(bytes: Uint8Array): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeFile(path, bytes);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("loadConfig() reads the example in the repository, which warns of nothing", async () => {
  const path = `${ROOT}config.yaml`;
  const { config, warnings } = await loadConfig(path);
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.server, { address: "127.0.0.1", port: 9919 });
  assert.deepEqual(config.targets.flatMap(({ texts }) => texts), ["127.0.0.1"]);
  assert.equal(config.auth, undefined);
  assert.deepEqual(config.state, DEFAULTS.state);
});

Deno.test("loadConfig() says what to do about a file it cannot read", async () => {
  assert.equal(
    await messageOf(loadConfig("/nonexistent/config.yaml")),
    "/nonexistent/config.yaml: Cannot read the configuration: there is no such file (create it, or name another with --config.file)",
  );
  assert.equal(
    await messageOf(loadConfig("/")),
    "/: Cannot read the configuration: it is a directory (name the file in it with --config.file)",
  );
  assert.match(await messageOf(loadConfig("/dev/zero")), /: it is above 33554432 bytes/);
});

Deno.test("loadConfig() says where a file is not UTF-8", async () => {
  const cases: readonly (readonly [bytes: number[], expected: string])[] = [
    [[0x23, 0xff], "1:2: Cannot read the configuration: a byte here is not UTF-8"],
    [
      [0x23, 0xc3, 0xa4, 0x0a, 0x23, 0x20, 0xe4, 0x0a],
      "2:3: Cannot read the configuration: a byte",
    ],
    [[0x23, 0xc3], "1:2: Cannot read the configuration: a byte here is not UTF-8"],
    [
      [0xff, 0xfe, 0x23, 0x00],
      "1:1: Cannot read the configuration: it is UTF-16 (save it as UTF-8)",
    ],
  ];
  for (const [bytes, expected] of cases) {
    await using file = await temporaryFile(Uint8Array.from(bytes));
    const message = await messageOf(loadConfig(file.path));
    assert.ok(message.startsWith(`${file.path}:${expected}`), message);
  }
});

Deno.test("loadConfig() ignores a byte order mark, also in columns", async () => {
  await using file = await temporaryFile(new TextEncoder().encode("\uFEFFprot: 1\n"));
  assert.ok(
    (await messageOf(loadConfig(file.path))).startsWith(`${file.path}:1:1: prot: unknown key`),
  );
});
