import assert from "node:assert/strict";
import { join } from "node:path";
import type { Authority } from "../support/certificates.ts";
import { Exporter } from "../support/exporter.ts";
import { Prometheus } from "../support/prometheus.ts";
import { makeAuthority, SESAME_HASH, until } from "../web/builders.ts";

const CONFIG = "state: { path: '' }\n";

/** A port of loopback that nothing listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A directory with an authority, a server certificate in `server.crt` and `server.key`, and `web.yml`. */
async function makeDirectory(web: string) {
  const path = await Deno.makeTempDir({ prefix: "openport-tls-" });
  await Deno.chmod(path, 0o755);
  const authority = await makeAuthority(path);
  const install = async (name: string) => {
    const { cert, key } = await authority.issue(name);
    await Deno.writeTextFile(join(path, "server.crt"), cert);
    await Deno.writeTextFile(join(path, "server.key"), key);
  };
  await install("first");
  await Deno.writeTextFile(join(path, "web.yml"), web);
  return {
    path,
    authority,
    install,
    flags: [`--web.config.file=${join(path, "web.yml")}`],
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function servedSubject(authority: Authority, address: string): Promise<string | undefined> {
  const { stdout } = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", address, "-CAfile", authority.caFile],
    stdin: "null",
    stderr: "null",
  }).output();
  return /^subject=CN ?= ?(.*)$/m.exec(new TextDecoder().decode(stdout))?.[1];
}

const TLS = "tls_server_config: { cert_file: server.crt, key_file: server.key }\n";

Deno.test("Prometheus scrapes over TLS with Basic auth while the certificate is replaced", async () => {
  await using files = await makeDirectory(
    `${TLS}basic_auth_users: { prometheus: "${SESAME_HASH}" }\n` +
      "http_server_config: { headers: { X-Frame-Options: deny } }\n",
  );
  await using exporter = await Exporter.start({ config: CONFIG, flags: files.flags });
  const target = exporter.url.replace("http://", "");
  await using prometheus = await Prometheus.start({
    target,
    scrapeInterval: 1,
    port: freePort(),
    job: "    scheme: https\n" +
      `    tls_config: { ca_file: ${files.authority.caFile} }\n` +
      "    basic_auth: { username: prometheus, password: sesame }\n",
  });
  const up = async () => (await prometheus.query("up"))[0]?.value;
  await until(async () => await up() === 1, "a scrape");
  assert.equal(await servedSubject(files.authority, target), "first");
  await files.install("second");
  await until(
    async () => await servedSubject(files.authority, target) === "second",
    "the new certificate",
  );
  await new Promise((resolve) => setTimeout(resolve, 3000));
  // Every scrape since the first that went well.
  const [lowest] = await prometheus.query("min_over_time(up[1m])");
  assert.equal(lowest?.value, 1);
  assert.equal((await prometheus.target()).lastError, "");
  const scrapes = await prometheus.query("count_over_time(up[1m])");
  assert.ok(scrapes[0]!.value >= 4);
  assert.ok(exporter.log.every((line) => !/sesame|\$2b\$|level=error/.test(line)));
});

Deno.test("Prometheus scrapes with a client certificate; who has none is not let in", async () => {
  await using files = await makeDirectory(
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n" +
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority/ca.crt\n" +
      "  client_allowed_sans: [prometheus.example]\n",
  );
  for (const [name, san] of [["good", "prometheus.example"], ["bad", "other.example"]] as const) {
    const { cert, key } = await files.authority.issue(name, { names: [`DNS:${san}`] });
    await Deno.writeTextFile(join(files.path, `${name}.crt`), cert);
    await Deno.writeTextFile(join(files.path, `${name}.key`), key);
  }
  await using exporter = await Exporter.start({ config: CONFIG, flags: files.flags });
  const target = exporter.url.replace("http://", "");
  const tls = (name?: string) => {
    const file = (kind: string) => join(files.path, `${name}.${kind}`);
    const pair = name === undefined ? "" : `, cert_file: ${file("crt")}, key_file: ${file("key")}`;
    return `    scheme: https\n    tls_config: { ca_file: ${files.authority.caFile}${pair} }\n`;
  };
  const start = (name?: string) =>
    Prometheus.start({ target, scrapeInterval: 1, port: freePort(), job: tls(name) });
  await using good = await start("good");
  await until(async () => (await good.query("up"))[0]?.value === 1, "a scrape");
  for (const name of [undefined, "bad"]) {
    await using other = await start(name);
    await until(async () => (await other.query("up"))[0]?.value === 0, `${name} is refused`);
  }
  assert.equal(exporter.log.filter((line) => line.includes("TLS handshakes failed")).length, 1);
});

Deno.test("the exporter does not start with a web configuration that cannot be used, and says where", async () => {
  await using files = await makeDirectory(`${TLS}http_server_config: { http2: true }\n`);
  await Deno.writeTextFile(join(files.path, "server.key"), "");
  await assert.rejects(
    Exporter.start({ config: CONFIG, flags: files.flags }),
    (error: Error) => {
      assert.match(
        error.message,
        /web\.yml:1:55: tls_server_config\.key_file: Cannot read "server\.key": no /,
      );
      assert.match(error.message, /web\.yml:2:30: http_server_config\.http2: Cannot serve HTTP\/2/);
      return true;
    },
  );
  await Deno.writeTextFile(
    join(files.path, "web.yml"),
    `basic_auth_users: { ops: "${SESAME_HASH}" }\n`,
  );
  const config = `${CONFIG}auth: { bearer_token: abc }\n`;
  await assert.rejects(
    Exporter.start({ config, flags: files.flags }),
    /config\.yaml: auth: Cannot stand beside basic_auth_users of .*web\.yml: remove one of the two/,
  );
});

Deno.test("the exporter stops in time while connections over TLS are open", async () => {
  await using files = await makeDirectory(TLS);
  const exporter = await Exporter.start({ config: CONFIG, flags: files.flags });
  const [hostname = "", port] = exporter.url.replace("http://", "").split(":");
  const caCerts = [await Deno.readTextFile(files.authority.caFile)];
  using idle = await Deno.connectTls({ hostname, port: Number(port), caCerts });
  await idle.handshake();
  using _silent = await Deno.connect({ hostname, port: Number(port) });
  const begun = performance.now();
  exporter.kill("SIGTERM");
  assert.equal((await exporter.ended()).code, 0);
  assert.ok(performance.now() - begun < 8000);
});
