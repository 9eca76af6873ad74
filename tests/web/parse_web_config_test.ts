import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError } from "../../src/config/config_error.ts";
import { parseWebConfig } from "../../src/web/parse_web_config.ts";
import { NO_WEB_CONFIG } from "../../src/web/web_config.ts";
import { loadWebConfig } from "../../src/web/web_file.ts";
import { inDirectory, makeAuthority, SESAME_HASH } from "./builders.ts";

const never = () => {
  throw new Error("must not be read");
};

function parse(text: string, readPem: (path: string) => string = never) {
  return parseWebConfig(text, "d/web.yml", { readPem, wallClock: Date.now });
}

/** Expects a text to be refused with these problems, without the name of the file. */
function refuses(text: string, ...expected: readonly (string | RegExp)[]): void {
  assert.throws(() => parse(text), (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    const lines = error.message.split("\n").map((line) => line.replace(/^d\/web\.yml:/, ""));
    assert.equal(lines.length, expected.length, error.message);
    lines.forEach((line, i) => {
      const wanted = expected[i]!;
      if (typeof wanted === "string") assert.equal(line, wanted);
      else assert.match(line, wanted);
    });
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
}

Deno.test("parseWebConfig() takes an empty file, and empty sections", () => {
  const sections = "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n";
  for (
    const text of ["", "# nothing\n", sections, "http_server_config: { headers: , http2: false }"]
  ) {
    assert.deepEqual(parse(text), { config: NO_WEB_CONFIG, warnings: [] }, text);
  }
});

Deno.test("parseWebConfig() reads users, header fields and a rate limit", () => {
  const { config, warnings } = parse(`
basic_auth_users:
  ops: ${SESAME_HASH}
  "o'dev": "${SESAME_HASH.replace("$04$", "$15$")}"
  "": "${SESAME_HASH}"
http_server_config:
  headers:
    X-Frame-Options: deny
    Content-Security-Policy: |
      default-src 'self';
      \timg-src *
    Strict-Transport-Security: ""
rate_limit: { interval: 1.5s, burst: 20 }
`);
  assert.deepEqual([...config.users.keys()], ["ops", "o'dev", ""]);
  assert.deepEqual(config.headers, [
    ["Content-Security-Policy", "default-src 'self'; img-src *"],
    ["X-Frame-Options", "deny"],
  ]);
  assert.deepEqual(config.rateLimit, { intervalMs: 1500, burst: 20 });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^d\/web\.yml:4:12: basic_auth_users\..*: has a cost of 15: /);
});

Deno.test("parseWebConfig() names what is not known, with what was meant", () => {
  refuses(
    "tls_server_confg: {}\n",
    '1:1: tls_server_confg: unknown key (did you mean "tls_server_config"?)',
  );
  refuses(
    "tls_server_config:\n  cert_fil: a\n",
    '2:3: tls_server_config.cert_fil: unknown key (did you mean "cert_file"?)',
  );
  refuses(
    "http_server_config: { headers: { Server: x } }\n",
    /^1:34: http_server_config\.headers\.Server: unknown key \(allowed: Content-Security-Policy, /,
  );
  refuses(
    "rate_limit: { burts: 1 }",
    /^1:15: rate_limit\.burts: unknown key \(did you mean "burst"\?\)$/,
  );
});

Deno.test("parseWebConfig() refuses values that cannot be, all at once, and repeats no secret", () => {
  refuses(
    `
basic_auth_users:
  ops: s3cret
  dev:
  "a:b": ${SESAME_HASH}
http_server_config:
  headers:
    X-Frame-Options: allow
    X-XSS-Protection: "1\\u0001"
rate_limit: { interval: 5, burst: 1 }
`,
    /^3:8: basic_auth_users\.ops: must be a bcrypt hash, such as /,
    /^4:3: basic_auth_users\.dev: must be a bcrypt hash/,
    /^5:10: basic_auth_users\.<hidden>: has a name that cannot be sent/,
    "8:22: http_server_config.headers.X-Frame-Options: must be deny or sameorigin",
    /^9:23: http_server_config\.headers\.X-XSS-Protection: has a character that is not allowed/,
    /^10:25: rate_limit\.interval: must be a duration with its unit/,
  );
  const twice = "tls_server_config: { cert: x, cert_file: y, key_file: s3cret, key: s3cret }";
  refuses(
    twice,
    "1:42: tls_server_config.cert_file: is written beside tls_server_config.cert (write one of the two)",
    "1:55: tls_server_config.key_file: is written beside tls_server_config.key (write one of the two)",
  );
  refuses("basic_auth_users: s3cret\n", /^1:19: basic_auth_users: must be a mapping/);
  refuses(
    "rate_limit: { interval: 1s }",
    /^1:25: rate_limit\.interval: Cannot limit requests with a burst of 0/,
  );
  for (const burst of ["-1", "1.5", '"1"']) {
    refuses(
      `rate_limit: { interval: 1s, burst: ${burst} }`,
      /^1:36: rate_limit\.burst: must be a whole number/,
    );
  }
  // Left out in silence it would leave nobody who is asked for a password.
  refuses(
    `basic_auth_users: { __proto__: "${SESAME_HASH}" }`,
    /^1:32: basic_auth_users\.<hidden>: is a name that no user can have/,
  );
  refuses(
    "tls_server_config: { key: s3cret }",
    /no cert_file/,
    /key: Cannot use it: no private key/,
  );
});

Deno.test("parseWebConfig() refuses what the runtime cannot honour, and says where it is", () => {
  const f = (line: string, expected: RegExp) =>
    assert.throws(
      () => parse(`tls_server_config:\n  cert_file: c\n  key_file: k\n  ${line}\n`, () => "x"),
      (error) => {
        assert.match(
          String(error),
          /web\.yml:2:14: tls_server_config\.cert_file: Cannot read "c": no cert/,
        );
        assert.match(
          String(error),
          /web\.yml:3:13: tls_server_config\.key_file: Cannot read "k": no priv/,
        );
        assert.match(String(error), expected);
        return true;
      },
    );
  f(
    "min_version: TLS11",
    /4:16: tls_server_config\.min_version: Cannot use TLS11: the runtime has TLS 1\.2 /,
  );
  f("max_version: TLS10", /4:16: tls_server_config\.max_version: Cannot use TLS10/);
  f("min_version: TLS1.2", /must be one of TLS10, TLS11, TLS12, TLS13, not "TLS1\.2"/);
  f(
    "cipher_suites: [TLS_AES_128_GCM_SHA256]",
    /4:18: tls_server_config\.cipher_suites: Cannot choose /,
  );
  f(
    "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]",
    /4:19: tls_server_config\.cipher_suites\[0\]: must be one of TLS_[^\n]*$/,
  );
  f("curve_preferences: [X25519]", /4:22: tls_server_config\.curve_preferences: Cannot choose /);
  f("prefer_server_cipher_suites: true", /4:32: .*prefer_server_cipher_suites: Cannot prefer /);
  f("client_auth_type: Any", /4:21: .*client_auth_type: must be one of NoClientCert, /);
  f(
    "client_auth_type: RequireAndVerifyClientCert",
    /Cannot verify clients without their authority/,
  );
  f("client_ca_file: x", /client_ca_file: is written while no client is asked for a certificate/);
  f("client_allowed_sans: [a]", /client_allowed_sans: needs client_auth_type to be /);
  refuses(
    "http_server_config: { http2: true }",
    /^1:30: http_server_config\.http2: Cannot serve HTTP\/2: /,
  );
  refuses(
    "tls_server_config: { min_version: TLS12 }",
    /^1:35: tls_server_config\.min_version: is written without a certificate/,
  );
});

Deno.test("parseWebConfig() lets pass what restricts nothing", () =>
  inDirectory(async (directory) => {
    const { cert, key } = await (await makeAuthority(directory)).issue("server");
    const read = (path: string) => path.endsWith("c.pem") ? cert : key;
    const text = (rest: string) =>
      `tls_server_config:\n  cert_file: c.pem\n  key_file: k.pem\n${rest}`;
    const paths: string[] = [];
    parse(text(""), (path) => {
      paths.push(path);
      return read(path);
    });
    assert.deepEqual(paths, ["d/c.pem", "d/k.pem"]);
    const suites = ["ECDSA", "RSA"].flatMap((kind) =>
      ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"]
        .map((cipher) => `TLS_ECDHE_${kind}_WITH_${cipher}`)
    );
    for (
      const rest of [
        "  prefer_server_cipher_suites: false\n  curve_preferences: []\n  client_auth_type: NoClientCert\n",
        `  cipher_suites: [${suites.join(", ")}, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n`,
        "  min_version: TLS13\n  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n",
        "  client_auth_type: RequireClientCert\n  client_allowed_sans: [a.example]\n",
      ]
    ) {
      assert.ok(parse(text(rest), read).config.tls !== undefined, rest);
    }
    const versions = "  min_version: TLS13\n  max_version: TLS12\n";
    assert.throws(
      () => parse(text(versions), read),
      /min_version: is above tls_server_config\.max_version/,
    );
    // What is wrong in one place is not said of another.
    for (
      const [rest, expected] of [
        ["  client_auth_type: Any\n  client_ca_file: c.pem\n  client_allowed_sans: []\n", "4:21"],
        ['  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ""\n', "5:19"],
      ] as const
    ) {
      assert.throws(() => parse(text(rest), read), (error) => {
        assert.match(String(error), new RegExp(`^ConfigError: d/web\\.yml:${expected}: [^\n]*$`));
        return true;
      });
    }
    assert.throws(
      () => parse(text("").replace("c.pem", '""'), read),
      /^ConfigError: d\/web\.yml:2:14: tls_server_config\.cert_file: is empty[^\n]*$/,
    );
    const inline = (pem: string) => pem.trim().split("\n").map((line) => `    ${line}`).join("\n");
    const both = `tls_server_config:\n  cert: |\n${inline(cert)}\n  key: |\n${inline(key)}\n`;
    assert.ok(parse(both).config.tls !== undefined);
  }));

Deno.test("parseWebConfig() wants the key of the certificate, and warns when that has expired", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const [one, two] = [await authority.issue("one"), await authority.issue("two")];
    const old = await authority.issue("old", { days: -3 });
    const ca = await Deno.readTextFile(authority.caFile);
    const text = "tls_server_config: { cert_file: c, key_file: k }\n";
    const withFiles = (cert: string, key: string) =>
      parse(text, (path) => path.endsWith("/c") ? cert : key);
    const notIts =
      /^ConfigError: d\/web\.yml:1:46: tls_server_config\.key_file: Cannot use "k": it is not the key of "c"/;
    assert.throws(() => withFiles(one.cert, two.key), notIts);
    assert.throws(() => withFiles(ca + one.cert, one.key), notIts);
    assert.throws(
      () =>
        withFiles(
          one.cert,
          "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----",
        ),
      /the private key is encrypted/,
    );
    assert.throws(
      () => withFiles(one.cert.replace("MII", "AII"), one.key),
      /certificate 1 in it is damaged/,
    );
    // What stands around them is left out, as openssl puts text there.
    const { config } = withFiles(`text\n${one.cert}${ca}`, `${one.cert}${one.key}`);
    assert.equal(config.tls?.cert.match(/BEGIN/g)?.length, 2);
    assert.equal(config.tls?.key.match(/BEGIN/g)?.length, 1);
    const { warnings } = withFiles(old.cert, old.key);
    assert.match(
      warnings[0]!,
      /^d\/web\.yml:1:33: tls_server_config\.cert_file: "c" has expired on \d{4}-/,
    );
  }));

Deno.test("loadWebConfig() takes paths from the directory of the file, and notes what it has read", () =>
  inDirectory(async (directory) => {
    const { cert } = await (await makeAuthority(directory)).issue("one");
    await Deno.writeTextFile(join(directory, "c.pem"), cert);
    const path = join(directory, "web.yml");
    await Deno.writeTextFile(path, "tls_server_config: { cert_file: c.pem, key_file: gone }\n");
    const paths = new Set<string>();
    await assert.rejects(
      loadWebConfig(path, { wallClock: Date.now, paths }),
      /web\.yml:1:50: tls_server_config\.key_file: Cannot read "gone": there is no such file$/,
    );
    assert.deepEqual([...paths], [path, join(directory, "c.pem"), join(directory, "gone")]);
    await assert.rejects(
      loadWebConfig(join(directory, "none.yml"), { wallClock: Date.now }),
      /none\.yml: Cannot read the configuration: there is no such file .*--web\.config\.file/,
    );
    const pipe = join(directory, "pipe.yml");
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    await assert.rejects(
      loadWebConfig(pipe, { wallClock: Date.now }),
      /pipe\.yml: Cannot read the configuration: it is a pipe/,
    );
  }));
