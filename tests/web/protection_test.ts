import assert from "node:assert/strict";
import { join } from "node:path";
import type { AuthConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { conflictOf, Protection } from "../../src/web/protection.ts";
import type { TlsConfig } from "../../src/web/web_config.ts";
import { loadWebConfig } from "../../src/web/web_file.ts";
import { basic } from "../http/builders.ts";
import { inDirectory, makeAuthority, makeLog, SESAME_HASH, until } from "./builders.ts";

/** A protection that follows `web.yml` in `directory`, and what is told of it. */
async function protect(directory: string, { web, auth }: { web?: string; auth?: AuthConfig }) {
  const file = join(directory, "web.yml");
  if (web !== undefined) await Deno.writeTextFile(file, web);
  const loaded = web === undefined ? undefined : await loadWebConfig(file, { wallClock: Date.now });
  const { log, lines } = makeLog();
  const protection = new Protection({
    file: web === undefined ? undefined : file,
    loaded,
    auth,
    log,
    wallClock: Date.now,
  });
  const changes: TlsConfig[] = [];
  protection.onTls = (tls) => changes.push(tls);
  const access = { changes: 0 };
  protection.onAccess = () => access.changes++;
  protection.watch();
  return {
    protection,
    file,
    changes,
    access,
    said: (text: string) => lines.filter((line) => line.includes(text)),
    verdict: async (header: string) => await protection.access?.check(header, "192.0.2.1"),
    [Symbol.dispose]: () => protection.close(),
  };
}

const users = (...names: readonly string[]) =>
  `basic_auth_users: { ${names.map((name) => `${name}: "${SESAME_HASH}"`).join(", ")} }\n`;

function authOf(text: string, file = "config.yaml"): AuthConfig {
  return parseConfig(`auth: ${text}`, file).config.auth!;
}

Deno.test("Protection takes users from a file that changes, and keeps the last good ones", () =>
  inDirectory(async (directory) => {
    using t = await protect(directory, { web: users("ops") });
    const [ops, dev] = [basic("ops", "sesame"), basic("dev", "sesame")];
    assert.deepEqual([await t.verdict(ops), await t.verdict(dev)], ["granted", "refused"]);
    await Deno.writeTextFile(t.file, users("dev"));
    await until(async () => await t.verdict(dev) === "granted", "the new user");
    assert.equal(await t.verdict(ops), "refused");
    await Deno.writeTextFile(t.file, "basic_auth_users: { dev: s3cret }\n");
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.match(
      t.protection.troubles()[0]!,
      /web\.yml:1:26: basic_auth_users\.dev: must be .*\(the last web configuration stays\)$/,
    );
    assert.equal(await t.verdict(dev), "granted");
    await Deno.writeTextFile(t.file, users("dev", "ops"));
    await until(() => t.protection.troubles().length === 0, "no trouble");
    assert.equal(t.said("level=error").length, 1);
    assert.doesNotMatch(t.said("").join("\n"), /s3cret|sesame|\$2b/);
  }));

Deno.test("Protection lets everybody in when somebody asks for it, and not because a file is empty", () =>
  inDirectory(async (directory) => {
    using t = await protect(directory, { web: users("ops") });
    const deadline = performance.now() + 4000;
    while (performance.now() < deadline) {
      // Emptied, and written a moment later, as editors do.
      await Deno.writeTextFile(t.file, "");
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(t.protection.isPublic, false);
      await Deno.writeTextFile(t.file, users("ops"));
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(t.protection.isPublic, false);
    }
    await Deno.writeTextFile(t.file, "");
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.match(t.protection.troubles()[0]!, /web\.yml: Cannot let everybody in because a file/);
    assert.deepEqual([t.protection.isPublic, t.protection.isCurrent], [false, false]);
    assert.equal(await t.verdict(basic("ops", "sesame")), "granted");
    (await t.protection.prepare(undefined)).commit();
    assert.deepEqual([t.protection.isPublic, t.protection.isCurrent], [true, true]);
    assert.equal(t.said('level=warn msg="Anyone who reaches').length, 1);
    assert.deepEqual(t.protection.troubles(), []);
  }));

Deno.test("Protection serves a new certificate when its key is there too, and keeps the old one before", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const [one, two] = [await authority.issue("one"), await authority.issue("two")];
    const path = (name: string) => join(directory, name);
    for (const [name, pair] of [["v1", one], ["v2", two]] as const) {
      await Deno.mkdir(path(name));
      await Deno.writeTextFile(path(`${name}/tls.crt`), pair.cert);
      await Deno.writeTextFile(path(`${name}/tls.key`), pair.key);
    }
    // As Kubernetes mounts secrets: a link to the directory of the version in use.
    await Deno.symlink("v1", path("now"));
    const web = "tls_server_config: { cert_file: now/tls.crt, key_file: now/tls.key }\n";
    using t = await protect(directory, { web });
    await Deno.symlink("v2", path("next"));
    await Deno.rename(path("next"), path("now"));
    await until(() => t.changes.length > 0, "the new certificate");
    assert.equal(t.changes[0]!.cert.trim(), two.cert.trim());
    // In place, and the key later.
    await Deno.writeTextFile(path("v2/tls.crt"), one.cert);
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.match(t.protection.troubles()[0]!, /it is not the key of "now\/tls\.crt"/);
    assert.equal(t.changes.length, 1);
    await Deno.writeTextFile(path("v2/tls.key"), one.key);
    await until(() => t.changes.length > 1, "the old certificate");
    assert.equal(t.changes[1]!.key.trim(), one.key.trim());
    await Deno.remove(path("v2/tls.key"));
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.match(
      t.protection.troubles()[0]!,
      /key_file: Cannot read "now\/tls\.key": there is no such file/,
    );
    // What begins or ends TLS needs a restart.
    await Deno.writeTextFile(t.file, users("ops"));
    await until(() => /Cannot leave TLS/.test(t.protection.troubles()[0] ?? ""), "refused");
    assert.equal(t.protection.access, undefined);
    assert.equal(t.changes.length, 2);
  }));

Deno.test("Protection.prepare() puts both files in place together, or neither", () =>
  inDirectory(async (directory) => {
    const auth = authOf("{ basic: { username: ops, password: pass } }");
    using t = await protect(directory, { web: "", auth });
    assert.equal(await t.verdict(basic("ops", "pass")), "granted");
    assert.match(
      conflictOf(auth, { users: new Map([["a", ""]]) }, "w")!,
      /^Cannot stand beside basic_auth_users of w/,
    );
    await Deno.writeTextFile(t.file, users("ops"));
    const refused = await t.protection.prepare(auth);
    assert.match(
      refused.problems.join(),
      /web\.yml: basic_auth_users: Cannot stand beside auth of the configuration/,
    );
    refused.commit();
    assert.equal(await t.verdict(basic("ops", "pass")), "granted");
    const moved = await t.protection.prepare(undefined);
    assert.deepEqual(moved.problems, []);
    assert.equal(await t.verdict(basic("ops", "pass")), "granted");
    moved.commit();
    assert.equal(await t.verdict(basic("ops", "pass")), "refused");
    assert.equal(await t.verdict(basic("ops", "sesame")), "granted");
  }));

Deno.test("Protection.prepare() does not drop auth of a configuration that has only changed", () =>
  inDirectory(async (directory) => {
    const auth = authOf("{ bearer_token: sesame }");
    const certificates = await (await makeAuthority(directory)).issue("one");
    await Deno.writeTextFile(join(directory, "c"), certificates.cert);
    await Deno.writeTextFile(join(directory, "k"), certificates.key);
    for (const web of [undefined, "tls_server_config: { cert_file: c, key_file: k }\n"]) {
      using t = await protect(directory, { auth, ...(web !== undefined && { web }) });
      const changed = await t.protection.prepare(undefined, { asked: false });
      assert.match(
        changed.problems.join(),
        /^auth: Cannot let everybody in because a file changed/,
      );
      changed.commit();
      assert.equal(await t.verdict("Bearer sesame"), "granted");
      const other = authOf("{ bearer_token: other }");
      (await t.protection.prepare(other, { asked: false })).commit();
      assert.equal(await t.verdict("Bearer other"), "granted");
      (await t.protection.prepare(undefined)).commit();
      assert.equal(t.protection.isPublic, true);
    }
  }));

Deno.test("Protection follows the files of secrets, and keeps the last good ones", () =>
  inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    await Deno.writeTextFile(path("password"), "one\r\n");
    await Deno.writeTextFile(path("token"), "token-one\n");
    const auth = authOf(
      "{ basic: { username: ops, password_file: password }, bearer_token_file: token }",
      path("config.yaml"),
    );
    using t = await protect(directory, { auth });
    assert.equal(await t.verdict(basic("ops", "one")), "granted");
    assert.equal(await t.verdict("Bearer token-one"), "granted");
    await Deno.writeTextFile(path("password"), "two\n\n");
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.match(
      t.protection.troubles()[0]!,
      /^auth\.basic\.password_file: Cannot read .*: it has a character that is not allowed/,
    );
    assert.equal(await t.verdict(basic("ops", "one")), "granted");
    await Deno.writeTextFile(path("next"), " two ");
    await Deno.rename(path("next"), path("password"));
    await Deno.writeTextFile(path("token"), "token-two");
    await until(
      async () => await t.verdict(basic("ops", " two ")) === "granted",
      "the new password",
    );
    assert.equal(await t.verdict("Bearer token-two"), "granted");
    assert.equal(await t.verdict("Bearer token-one"), "refused");
    assert.deepEqual(t.protection.troubles(), []);
    await Deno.remove(path("token"));
    await until(() => t.protection.troubles().length > 0, "a trouble");
    assert.equal(await t.verdict("Bearer token-two"), "granted");
    assert.doesNotMatch(t.said("").join("\n"), /token-one|token-two| two /);
  }));

Deno.test("Protection says when somebody else may ask than before, and only then", () =>
  inDirectory(async (directory) => {
    using t = await protect(directory, { web: users("ops") });
    await Deno.writeTextFile(t.file, users("ops") + "rate_limit: { interval: 1s, burst: 9 }\n");
    await until(() => t.said("The web configuration changed").length === 1, "the rate limit");
    assert.equal(t.access.changes, 0);
    await Deno.writeTextFile(t.file, users("dev"));
    await until(() => t.access.changes === 1, "other users");
    await Deno.writeTextFile(t.file, "");
    (await t.protection.prepare(undefined)).commit();
    assert.equal(t.access.changes, 2);
    const auth = authOf("{ bearer_token: sesame }");
    for (const [asked, changes] of [[auth, 3], [auth, 3], [undefined, 4]] as const) {
      (await t.protection.prepare(asked)).commit();
      assert.equal(t.access.changes, changes);
    }
  }));
