import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { wrapNmap } from "../support/nmap_wrapper.ts";
import { OpenPorts } from "../support/open_ports.ts";

/** A second and more for every ten ports, and one scan at once. */
const SLOW = "scanning: { worker_count: 1, scan_delay: 100ms, max_retries: 0, rate_limit: 0 }";

// deno-lint-ignore no-explicit-any -- what an answer has is what the tests are about
type Json = any;

/** Sends a request, expects a status, and gives the answer. */
async function send(
  exporter: Exporter,
  path: string,
  { body, status = 200, method = body === undefined ? "GET" : "POST" }: {
    body?: unknown;
    status?: number;
    method?: string;
  } = {},
): Promise<Json> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(exporter.url + path, init);
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

/** Submits a task, and gives its id. */
async function submit(exporter: Exporter, body: Record<string, unknown>): Promise<string> {
  const { task_id, accepted } = await send(exporter, "/v1/tasks/scan", { body });
  assert.equal(accepted, true);
  return task_id;
}

/** Waits until a task is as wanted; fails with its record when it is not within 30 s. */
async function until(
  exporter: Exporter,
  id: string,
  isWanted: (record: Json) => boolean,
): Promise<Json> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const record = await send(exporter, `/v1/tasks/${id}`);
    if (isWanted(record)) return record;
    assert.ok(performance.now() < deadline, JSON.stringify(record) + exporter.log.join("\n"));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ids of the processes that an exporter started and that look at an address. */
async function scannersOf(exporter: Exporter, address: string): Promise<string[]> {
  const args = ["-P", String(exporter.pid), "-f", address];
  const { stdout } = await new Deno.Command("pgrep", { args }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test("a task scans, tells how far it is, and what it found", async () => {
  using ports = new OpenPorts();
  ports.open("127.0.0.31", 23_101, 23_102);
  ports.open("::1", 23_101);
  await using exporter = await Exporter.start({ config: SLOW });
  const id = await submit(exporter, {
    targets: ["127.0.0.31", "127.0.0.32/32", "127.0.0.31", "::1"],
    ports: "23100-23115",
    timeout: "1m30s",
    priority: "high",
  });
  const running = await until(exporter, id, ({ progress }) => progress > 0.1 && progress < 1);
  assert.equal(running.state, "running");
  assert.ok(Math.abs(running.percent / 100 - running.progress) <= 0.001);
  const record = await until(
    exporter,
    id,
    ({ state }) => state !== "pending" && state !== "running",
  );
  assert.equal(record.state, "succeeded", record.error);
  assert.deepEqual(record.summary, { hosts_up: 3, hosts_down: 0, open_tuples: 3 });
  assert.deepEqual(record.targets, ["127.0.0.31/32", "127.0.0.32/32", "::1/128"]);
  assert.deepEqual(record.units, { total: 3, waiting: 0, running: 0, done: 3, failed: 0 });
  assert.deepEqual([record.error, record.progress], ["", 1]);
  assert.ok(record.submitted_at <= record.started_at && record.started_at < record.finished_at);
  const samples = await exporter.metrics();
  assert.equal(samples.get('open_port_status{ip="127.0.0.31",port="23101",protocol="tcp"}'), 1);
  assert.deepEqual((await send(exporter, "/v1/tasks?state=succeeded"))[0], record);
  // No metric has a label for each task.
  assert.doesNotMatch(await exporter.get("/metrics"), new RegExp(id));
});

Deno.test("a cancelled task ends the nmap that runs, and what waits is not scanned", async () => {
  await using nmap = await wrapNmap();
  await using exporter = await Exporter.start({ config: SLOW, pathPrefix: nmap.dir });
  const id = await submit(exporter, { targets: ["127.0.0.33", "127.0.0.34"], ports: "1-2000" });
  await until(exporter, id, ({ state }) => state === "running");
  const deadline = performance.now() + 10_000;
  while ((await scannersOf(exporter, "127.0.0.33")).length === 0) {
    assert.ok(performance.now() < deadline, "nmap never started");
  }
  const cancelled = await send(exporter, `/v1/tasks/${id}/cancel`, { method: "POST" });
  assert.equal(cancelled.state, "cancelled");
  assert.equal((await send(exporter, `/v1/tasks/${id}`)).state, "cancelled");
  const idle = await exporter.until(
    (now) => now.get('openport_workers{state="busy"}') === 0,
    { seconds: 10, what: "the process has ended" },
  );
  assert.equal(idle.get("task_queue_size"), 0);
  assert.deepEqual(await scannersOf(exporter, "127.0.0.33"), []);
  assert.ok((await nmap.scans()).every((args) => !args.includes("127.0.0.34")));
  // Ended by us is no failure.
  assert.ok(
    [...idle].every(([name, value]) => !name.startsWith("scans_failed_total") || value === 0),
  );
  const again = await send(exporter, `/v1/tasks/${id}/cancel`, { method: "POST", status: 409 });
  assert.match(again.message, /is cancelled already/);
  await send(exporter, "/v1/tasks/nobody/cancel", { method: "POST", status: 404 });
});

Deno.test("a cancelled task leaves alone what somebody else wants", async () => {
  await using exporter = await Exporter.start({
    config: `${SLOW}\ntargets: [{ target: 127.0.0.35, port_range: "23200-23225" }]\n`,
  });
  await exporter.until((now) => now.get('openport_workers{state="busy"}') === 1, {
    seconds: 20,
    what: "the schedule scans",
  });
  const body = { targets: ["127.0.0.35", "127.0.0.36"], ports: "23200-23225" };
  const id = await submit(exporter, body);
  const other = await submit(exporter, { ...body, targets: ["127.0.0.36"] });
  const joined = await until(exporter, id, ({ state }) => state === "running");
  assert.deepEqual(joined.units, { total: 2, waiting: 1, running: 1, done: 0, failed: 0 });
  await send(exporter, `/v1/tasks/${id}/cancel`, { method: "POST" });
  const record = await until(exporter, other, ({ state }) => state === "succeeded");
  assert.equal(record.summary.hosts_up, 1);
  const samples = await exporter.metrics();
  for (const target of ["127.0.0.35/32", "127.0.0.36/32"]) {
    const labels = `target="${target}",port_range="23200-23225",protocol="tcp"`;
    assert.equal(samples.get(`scans_successful_total{${labels}}`), 1, target);
  }
});

Deno.test("urgent tasks go first, whatever was there before, and what waits is moved ahead", async () => {
  await using nmap = await wrapNmap();
  await using exporter = await Exporter.start({ config: SLOW, pathPrefix: nmap.dir });
  const ask = (last: number, priority: string) =>
    submit(exporter, { targets: [`127.0.0.${last}`], ports: "23300-23302", priority });
  const first = await submit(exporter, { targets: ["127.0.0.40"], ports: "1-20" });
  await until(exporter, first, ({ state }) => state === "running");
  const ids = [await ask(41, "low"), await ask(42, "low"), await ask(43, "normal")];
  ids.push(await ask(44, "high"), await ask(42, "high"));
  for (const id of ids) await until(exporter, id, ({ state }) => state === "succeeded");
  const order = (await nmap.scans()).map((args) => args.at(-1)!.split(".").at(-1));
  assert.deepEqual(order, ["40", "44", "42", "43", "41"]);
});

Deno.test("a task runs nmap as the target that it lies in, a query too", async () => {
  await using nmap = await wrapNmap();
  await using exporter = await Exporter.start({
    config: `
scanning: { rate_limit: 0 }
targets: [{ target: 127.0.0.46/31, port_range: "23700", interval: 1d, scanning: { max_retries: 3 } }]
`,
    pathPrefix: nmap.dir,
  });
  const id = await submit(exporter, { targets: ["127.0.0.46", "127.0.0.48"], ports: "23701" });
  await until(exporter, id, ({ state }) => state === "succeeded");
  await send(exporter, "/query?ip=127.0.0.47&ports=23702", { status: 200 });
  await exporter.until(
    (now) =>
      now.get(
        'scans_successful_total{target="127.0.0.47/32",port_range="23702",protocol="tcp"}',
      ) === 1,
    { seconds: 20, what: "the query is scanned" },
  );
  const retries = (await nmap.scans()).map((args) =>
    `${args.at(-1)} ${args[args.indexOf("-p") + 1]} ${args[args.indexOf("--max-retries") + 1]}`
  );
  assert.deepEqual(retries.filter((text) => !text.includes(" 23700 ")).sort(), [
    "127.0.0.46 23701 3",
    "127.0.0.47 23702 3",
    "127.0.0.48 23701 6",
  ]);
});

Deno.test("a repeated dedupe key scans once", async () => {
  await using nmap = await wrapNmap();
  await using exporter = await Exporter.start({ config: SLOW, pathPrefix: nmap.dir });
  const body = { targets: ["127.0.0.45"], ports: "23400", dedupe_key: "nightly" };
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => send(exporter, "/v1/tasks/scan", { body })),
  );
  const [{ task_id }] = answers;
  assert.deepEqual(answers.filter(({ accepted }) => accepted).length, 1);
  assert.ok(answers.every((answer) => answer.task_id === task_id));
  await until(exporter, task_id, ({ state }) => state === "succeeded");
  assert.deepEqual(await send(exporter, "/v1/tasks/scan", { body }), { task_id, accepted: false });
  await send(exporter, "/v1/tasks/scan", { body: { ...body, ports: "23401" }, status: 409 });
  assert.equal((await nmap.scans()).length, 1);
});

Deno.test("a task tries again what failed at first, and says why", async () => {
  await using nmap = await makeFakeNmap();
  await nmap.set({ exitCode: 1, stderr: "something broke\n" });
  await using exporter = await Exporter.start({ config: "{}", pathPrefix: nmap.dir });
  const body = { targets: ["192.0.2.1"], ports: "80" };
  const hopeless = await submit(exporter, body);
  const { error, state } = await until(exporter, hopeless, ({ finished_at }) => finished_at);
  assert.equal(state, "failed");
  assert.match(error, /^192\.0\.2\.1\/32 tcp: .{10,}$/);
  const id = await submit(exporter, { ...body, retries: 2 });
  const resting = await until(exporter, id, ({ next_try_at }) => next_try_at !== undefined);
  assert.deepEqual([resting.state, resting.error], ["running", error]);
  await nmap.set({ hosts: { "192.0.2.1": { tcp: [80] } } });
  const record = await until(exporter, id, ({ finished_at }) => finished_at);
  assert.deepEqual([record.state, record.error, record.retries_made], ["succeeded", "", 1]);
  assert.deepEqual(record.summary, { hosts_up: 1, hosts_down: 0, open_tuples: 1 });
});

Deno.test("a reload takes out of tasks what is excluded now, and says so", async () => {
  const directory = await Deno.makeTempDir({ prefix: "tasks-" });
  {
    await using exporter = await Exporter.start({ config: `${SLOW}\n`, directory });
    const first = await submit(exporter, { targets: ["127.0.0.50"], ports: "1-40" });
    await until(exporter, first, ({ state }) => state === "running");
    const id = await submit(exporter, { targets: ["127.0.0.51", "127.0.0.52"], ports: "23500" });
    const half = await submit(exporter, { targets: ["127.0.0.54/31"], ports: "23500" });
    const excluding = SLOW.replace("{", '{ exclude: ["127.0.0.50/31", "127.0.0.54"],');
    await Deno.writeTextFile(`${directory}/config.yaml`, excluding);
    await send(exporter, "/-/reload", { method: "POST" });
    // What is under way ends as well.
    const ended = await send(exporter, `/v1/tasks/${first}`);
    assert.deepEqual([ended.state, ended.units.failed], ["failed", 1]);
    assert.match(ended.error, /^127\.0\.0\.50\/32 tcp: .*excluded/);
    const record = await until(exporter, id, ({ finished_at }) => finished_at);
    assert.deepEqual(await scannersOf(exporter, "127.0.0.50"), []);
    assert.equal(record.state, "failed");
    assert.match(record.error, /^127\.0\.0\.51\/32 tcp: .*excluded/);
    assert.deepEqual([record.units.done, record.units.failed], [1, 1]);
    // Of the other one, something is left.
    const { state, summary } = await until(exporter, half, ({ finished_at }) => finished_at);
    assert.deepEqual([state, summary.hosts_up], ["succeeded", 1]);
  }
  await Deno.remove(directory, { recursive: true });
});
