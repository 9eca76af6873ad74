import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { basic } from "../http/builders.ts";
import { Exporter, parseSamples } from "../support/exporter.ts";
import { Prometheus } from "../support/prometheus.ts";
import { inDirectory, until } from "../web/builders.ts";

const CONFIG = "state: { path: '' }\n";

/** Status of `/metrics`, asked from an address of loopback; undefined when it was not answered. */
function statusOf(
  url: string,
  { from = "127.0.0.1", authorization }: { from?: string; authorization?: string },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const asking = request(
      `${url}/metrics`,
      { localAddress: from, agent: false, headers },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode));
      },
    );
    asking.on("error", () => resolve(undefined));
    asking.end();
  });
}

Deno.test("Prometheus scrapes with a bearer token from a file, before and after it is rotated", () =>
  inDirectory(async (directory) => {
    const token = join(directory, "token");
    await Deno.writeTextFile(token, "first-token\n");
    await using exporter = await Exporter.start({
      config: `${CONFIG}auth: { bearer_token_file: ${token} }\n`,
    });
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    await using prometheus = await Prometheus.start({
      target: exporter.url.replace("http://", ""),
      scrapeInterval: 1,
      port,
      job: `    authorization: { credentials_file: ${token} }\n`,
    });
    const up = async () => (await prometheus.query("up"))[0]?.value;
    await until(async () => await up() === 1, "a scrape");
    await Deno.writeTextFile(token, "second-token\n");
    const status = (text: string) => statusOf(exporter.url, { authorization: `Bearer ${text}` });
    await until(async () => await status("second-token") === 200, "the new token");
    assert.equal(await status("first-token"), 401);
    await until(async () => await up() === 1, "a scrape with the new token");
    const config = await (await fetch(`${exporter.url}/config`, {
      headers: { Authorization: "Bearer second-token" },
    })).text();
    assert.match(config, new RegExp(`^  bearer_token_file: "${token}"$`, "m"));
    assert.ok([config, ...exporter.log].every((line) => !/(?:first|second)-token/.test(line)));
  }));

Deno.test("a flood of wrong passwords stalls no scrape, and lets others in", () =>
  inDirectory(async (directory) => {
    const web = join(directory, "web.yml");
    const hash = hashSync("sesame", 10);
    await Deno.writeTextFile(web, `basic_auth_users: { ops: "${hash}", dev: "${hash}" }\n`);
    await using exporter = await Exporter.start({
      config: CONFIG,
      flags: [`--web.config.file=${web}`],
    });
    const right = { authorization: basic("ops", "sesame") };
    const { url } = exporter;
    assert.equal(await statusOf(url, right), 200);
    const memory = () => {
      const status = Deno.readTextFileSync(`/proc/${exporter.pid}/status`);
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
    };
    const before = memory();

    let flooding = true;
    const answers = new Map<number | undefined, number>();
    const flood = Array.from({ length: 30 }, async (_, worker) => {
      for (let i = 0; flooding; i++) {
        // Known and unknown users, long passwords, and what is no header at all.
        const user = i % 3 === 0 ? "ops" : `user${worker}-${i}`;
        const password = i % 50 === 0 ? "x".repeat(30_000) : `wrong${worker}-${i}`;
        const authorization = i % 7 === 0 ? `Basic ${i}%` : basic(user, password);
        const status = await statusOf(url, { from: "127.0.0.2", authorization });
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // A right password that was never seen, from another address: its turn comes.
    assert.equal(await statusOf(url, { authorization: basic("dev", "sesame") }), 200);
    const times: number[] = [];
    for (let i = 0; i < 50; i++) {
      const begun = performance.now();
      assert.equal(await statusOf(url, right), 200);
      times.push(performance.now() - begun);
    }
    flooding = false;
    await Promise.all(flood);

    const crowded = answers.get(429) ?? 0;
    const refused = answers.get(401) ?? 0;
    assert.ok(crowded > 100, `${[...answers]}`);
    assert.ok(refused > 0 && answers.get(200) === undefined, `${[...answers]}`);
    // bcrypt takes some 70 ms: were it on the way, half of the scrapes would take as long.
    const [median = Infinity] = times.sort((a, b) => a - b).slice(25);
    const begun = performance.now();
    await statusOf(url, { authorization: basic("ops", "never seen before") });
    const once = performance.now() - begun;
    assert.ok(median < once, `${median} ms a scrape, ${once} ms a password`);
    assert.ok(memory() - before < 100, `${before} MB before, ${memory()} MB after`);
  }));

Deno.test("users that a file lost are asked for still, a metric says so, and a reload lets everybody in", () =>
  inDirectory(async (directory) => {
    const web = join(directory, "web.yml");
    await Deno.writeTextFile(web, `basic_auth_users: { ops: "${hashSync("sesame", 4)}" }\n`);
    await using exporter = await Exporter.start({
      config: CONFIG,
      flags: [`--web.config.file=${web}`],
    });
    const { url } = exporter;
    const headers = { Authorization: basic("ops", "sesame") };
    const successful = async () =>
      parseSamples(await exporter.get("/metrics", headers))
        .get("openport_config_last_reload_successful");
    assert.equal(await successful(), 1);
    await Deno.writeTextFile(web, "");
    await until(async () => await successful() === 0, "the metric says that it cannot be used");
    assert.equal(await statusOf(url, {}), 401);
    const reloaded = await fetch(`${url}/-/reload`, { method: "POST", headers });
    assert.equal(reloaded.status, 200, await reloaded.text());
    assert.deepEqual([await statusOf(url, {}), await successful()], [200, 1]);
  }));
