import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import type { ListenAddress } from "../../src/http/listen_address.ts";
import { learn, LearnError } from "../../src/cli/learn.ts";
import type { SavedHost } from "../../src/state/saved_state.ts";
import { basic } from "../http/builders.ts";
import { host as savedHost, inDirectory, openNow } from "../storage/builders.ts";

/** A fake exporter on a free port of loopback. */
function serve(
  handler: (request: Request) => Response | Promise<Response>,
): { readonly listen: ListenAddress } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    listen: { hostname: "127.0.0.1", port: server.addr.port },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Answers like an exporter that knows these open TCP ports, two hosts to a page. */
function exporter(known: Readonly<Record<string, readonly number[]>>, asked: string[] = []) {
  return (request: Request): Response => {
    const { pathname, searchParams, search } = new URL(request.url);
    asked.push(decodeURIComponent(pathname + search));
    const ips = Object.keys(known);
    if (pathname === "/v1/hosts") {
      const after = searchParams.get("after");
      const first = after === null ? 0 : ips.indexOf(after) + 1;
      const page = ips.slice(first, first + 2);
      const next = first + 2 < ips.length ? page.at(-1) : undefined;
      return Response.json({ status: "success", hosts: page.map((ip) => ({ ip })), next });
    }
    const ports = known[decodeURIComponent(pathname).replace("/v1/hosts/", "")];
    if (ports === undefined || ports.length === 0) {
      return Response.json({ status: "error", message: "?" }, { status: 404 });
    }
    const open = ports.map((port) => ({ port, protocol: "tcp", state: "open" }));
    const closed = { port: 9, protocol: "udp", state: "closed" };
    return Response.json({ status: "success", host: { ports: [...open, closed] } });
  };
}

/** Runs `learn` with a configuration file; resolves with the entries of the YAML and the notes. */
async function run(
  directory: string,
  config: string,
  listen?: ListenAddress,
): Promise<{ entries: unknown; notes: string[]; text: string }> {
  const configFile = join(directory, "config.yaml");
  await Deno.writeTextFile(configFile, config);
  const notes: string[] = [];
  const text = await learn({ configFile, listen }, { note: (line) => notes.push(line) });
  return { entries: parse(text).targets, notes, text };
}

/** Expects `learn` to fail with a message. */
async function fails(running: Promise<unknown>, expected: RegExp): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof LearnError, String(error));
    assert.match(error.message, expected);
    return true;
  });
}

/** A port of loopback that nothing listens on. */
function freeAddress(): ListenAddress {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { hostname: "127.0.0.1", port: listener.addr.port };
}

/** Makes a state file with these hosts. */
function writeState(path: string, hosts: readonly SavedHost[]): void {
  const { store } = openNow(path);
  store.save({ hosts });
  store.close();
}

Deno.test("learn() asks a running exporter, page by page and host by host", () =>
  inDirectory(async (directory) => {
    const asked: string[] = [];
    const known = {
      "192.0.2.1": [22, 80],
      "192.0.2.2": [443],
      "192.0.2.3": [],
      "2001:db8::1": [25],
      "198.51.100.1": [1],
    };
    await using server = serve(exporter(known, asked));
    const { entries, notes } = await run(
      directory,
      `server: { address: 0.0.0.0, port: ${server.listen.port} }
targets: [192.0.2.0/30, db.example.org, { target: ["2001:db8::1"], name: v6 }]`,
    );
    assert.deepEqual(entries, [
      { target: "192.0.2.1", expected_ports: "22,80" },
      { target: "192.0.2.2", expected_ports: "443" },
      { target: "2001:db8::1", name: "v6", expected_ports: "25" },
    ]);
    assert.deepEqual(notes, []);
    assert.deepEqual(asked.slice(0, 3), [
      "/v1/hosts?open=true&limit=10000",
      "/v1/hosts?open=true&limit=10000&after=192.0.2.2",
      "/v1/hosts?open=true&limit=10000&after=2001:db8::1",
    ]);
    const hosts = asked.slice(3).sort();
    assert.deepEqual(hosts, Object.keys(known).map((ip) => `/v1/hosts/${ip}`).sort());
  }));

Deno.test("learn() never has more than eight requests under way", () =>
  inDirectory(async (directory) => {
    const known = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`192.0.2.${i}`, [22]]));
    const answer = exporter(known);
    let open = 0;
    let most = 0;
    await using server = serve(async (request) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      open--;
      return answer(request);
    });
    const { entries } = await run(directory, "targets: [192.0.2.0/24]", server.listen);
    assert.equal((entries as unknown[]).length, 60);
    assert.ok(most > 1 && most <= 8, `${most}`);
  }));

Deno.test("learn() sends the configured user and password, and says when they are not taken", () =>
  inDirectory(async (directory) => {
    const answer = exporter({ "192.0.2.1": [22] });
    await using server = serve((request) =>
      request.headers.get("Authorization") === basic("ömer", "sésame")
        ? answer(request)
        : new Response("no", { status: 401 })
    );
    const config = (password: string) =>
      `auth: { basic: { username: ömer, password: ${password} } }\ntargets: [192.0.2.1]`;
    const { entries } = await run(directory, config("sésame"), server.listen);
    assert.deepEqual(entries, [{ target: "192.0.2.1", expected_ports: "22" }]);
    await fails(
      run(directory, config("other"), server.listen),
      /^Cannot ask the exporter at 127\.0\.0\.1:\d+: it does not take the user and password of auth\.basic/,
    );
    await fails(
      run(directory, "targets: [192.0.2.1]", server.listen),
      /: it wants a user and password \(name the configuration that it runs with/,
    );
  }));

Deno.test("learn() refuses what is no answer of an exporter", () =>
  inDirectory(async (directory) => {
    const f = async (response: Response, expected: RegExp) => {
      await using server = serve(() => response);
      await fails(run(directory, "targets: [192.0.2.1]", server.listen), expected);
    };
    await f(new Response("x", { status: 404 }), /: it knows no \/v1\/hosts \(something else /);
    await f(new Response("x", { status: 500 }), /: it answered with status 500 \(200 is wanted\)$/);
    await f(new Response("<html>"), /: it answered something else than expected/);
    await f(Response.json({ hosts: [{ ip: "../x" }] }), /: it answered something else/);
    await f(Response.redirect("http://192.0.2.1/"), /: it answered with status 302 /);
  }));

Deno.test("learn() reads the state file when nothing listens", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.db");
    writeState(path, [
      savedHost({ open: [[22, 1, 1], [80, 1, 1]] }),
      savedHost({ protocol: "udp", open: [[53, 1, 1]], closed: [[69, 1, 1, 1]] }),
      savedHost({ address: "192.0.2.2", open: [] }),
    ]);
    const config = `state: { path: ${path} }\ntargets: [192.0.2.0/24]`;
    const expected = [{ target: "192.0.2.1", expected_ports: "22,80,53/udp" }];
    const listen = freeAddress();
    const { entries, notes } = await run(directory, config, listen);
    assert.deepEqual(entries, expected);
    assert.deepEqual(notes, [`Nothing listens on 127.0.0.1:${listen.port}: read ${path}`]);
    // Also by another name of loopback, and where the port is not known.
    const named = await run(directory, config, { ...listen, hostname: "localhost" });
    assert.deepEqual(named.entries, expected);
    const unknown = await run(directory, `server: { port: 0 }\n${config}`);
    assert.deepEqual(unknown.entries, expected);
  }));

Deno.test("learn() says why there is no state to read, and makes no file", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "state.db");
    const listen = freeAddress();
    const f = (state: string, expected: RegExp) =>
      fails(run(directory, `state: { path: "${state}" }\ntargets: [192.0.2.1]`, listen), expected);
    await f(
      "",
      /^Cannot learn what is open: nothing listens on 127\.0\.0\.1:\d+, and state is kept in memory only \(start the exporter, /,
    );
    await f(path, /, and .+\/state\.db cannot be used: it is not there \(start the exporter/);
    assert.equal(await Deno.stat(path).catch(() => "none"), "none");
    await f(directory, / cannot be used: it is a directory/);
    writeState(path, []);
    const { store } = openNow(path);
    await f(
      path,
      /, and .+\/state\.db is in use by a running exporter \(say where it listens with --web/,
    );
    store.close();
  }));

Deno.test("learn() leaves a damaged state file as it is", () =>
  inDirectory(async (directory) => {
    const f = async (name: string, bytes: Uint8Array) => {
      const path = join(directory, name);
      await Deno.writeFile(path, bytes);
      await fails(
        run(directory, `state: { path: ${path} }\ntargets: [192.0.2.1]`, freeAddress()),
        /\.db cannot be used: it is damaged \(.*\) \(start the exporter/,
      );
      assert.deepEqual(await Deno.readFile(path), bytes);
    };
    const whole = join(directory, "whole.db");
    writeState(whole, [savedHost({ open: [[22, 1, 1]] })]);
    await f("cut.db", (await Deno.readFile(whole)).slice(0, 3000));
    await f("other.db", new Uint8Array(9000).fill(65));
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.includes("corrupt")), []);
  }));

Deno.test("learn() leaves out hosts with too many open ports, and says that it leaves out lists", () =>
  inDirectory(async (directory) => {
    await using server = serve(exporter({ "192.0.2.1": [1, 2, 3], "192.0.2.2": [22] }));
    const { entries, notes, text } = await run(
      directory,
      "scanning: { max_open_ports_per_host: 2 }\ntargets: [192.0.2.0/24]\ntargets_files: [x.json]",
      server.listen,
    );
    assert.deepEqual(entries, [{ target: "192.0.2.2", expected_ports: "22" }]);
    assert.match(text, /192\.0\.2\.1: 3 ports are open, too many to expect, left out/);
    assert.deepEqual(notes, [
      "Targets of targets_files and targets_http are left out: their lists say what is expected",
    ]);
  }));
