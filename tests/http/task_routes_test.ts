import assert from "node:assert/strict";
import { formatNetwork } from "../../src/domain/network.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import type { RequestPolicy } from "../../src/http/request_policy.ts";
import type { TaskRequest } from "../../src/tasks/scan_task.ts";
import { complete, failed, makeManager } from "../tasks/fake_runner.ts";
import { errorOf, makePolicy, makeRoutes, networks } from "./builders.ts";

const LEAST = { targets: ["127.0.0.1"], ports: "22" };
const UNIT = "127.0.0.1/32 tcp 22";

/** Routes in front of a task manager with a fake runner. */
function makeTasks({ policy = {}, perMinute = 0 }: {
  policy?: Partial<RequestPolicy>;
  perMinute?: number;
} = {}) {
  const rig = makeManager();
  const requests: TaskRequest[] = [];
  const { manager } = rig;
  const routes = makeRoutes({
    tasks: {
      submit: (request) => {
        requests.push(request);
        return manager.submit(request);
      },
      get: (id) => manager.get(id),
      list: (query) => manager.list(query),
      cancel: (id) => manager.cancel(id),
    },
    policy: () => makePolicy(policy),
    rateLimiter: new RateLimiter({ perMinute, now: () => rig.clock.now }),
  });
  return {
    ...rig,
    ...routes,
    requests,
    post: (body: unknown, headers: Record<string, string> = {}) =>
      routes.ask("/v1/tasks/scan", {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers,
      }),
    [Symbol.dispose]: rig[Symbol.dispose],
  };
}

Deno.test("/v1/tasks/scan reads what is to be scanned", async () => {
  using rig = makeTasks();
  rig.runner.capacity = Infinity;
  rig.runner.prefix = 0;
  const f = async (body: Record<string, unknown>, expected: Record<string, unknown>) => {
    rig.requests.length = 0;
    const response = await rig.post({ ...LEAST, ...body });
    assert.equal(response.status, 200, JSON.stringify(body));
    const [{ networks, ports, ...rest }] = rig.requests as [TaskRequest];
    assert.deepEqual({
      networks: networks.map(formatNetwork).join(" "),
      ports: `${ports}`,
      ...rest,
    }, {
      networks: "127.0.0.1/32",
      ports: "22",
      portRange: "22",
      protocols: ["tcp"],
      priority: "normal",
      dedupeKey: undefined,
      timeout: undefined,
      retries: 0,
      ...expected,
    });
  };
  await f({}, {});
  await f({ targets: ["10.0.0.77/24", "2001:DB8::1"] }, {
    networks: "10.0.0.0/24 2001:db8::1/128",
  });
  // Overlaps and what is named twice are one.
  await f({ targets: ["10.0.0.1", "10.0.0.0/24", "10.0.0.1/32", "10.0.0.0/25"] }, {
    networks: "10.0.0.0/24",
  });
  await f({ ports: "443, 80, 8000 - 8002,80" }, {
    ports: "80,443,8000-8002",
    portRange: "443,80,8000-8002,80",
  });
  await f({ ports: 22 }, {});
  await f({ protocol: "udp" }, { protocols: ["udp"] });
  await f({ protocol: "both" }, { protocols: ["tcp", "udp"] });
  await f({ priority: "high" }, { priority: "high" });
  await f({ priority: "low" }, { priority: "low" });
  await f({ timeout: "1m30s" }, { timeout: 90 });
  await f({ timeout: "90" }, { timeout: 90 });
  await f({ timeout: 90 }, { timeout: 90 });
  await f({ retries: 10 }, { retries: 10 });
  await f({ dedupe_key: " a key " }, { dedupeKey: "a key" });
  // What clients in Go send for a field that is not set.
  const unset = { protocol: "", priority: "", timeout: "", dedupe_key: "" };
  await f(unset, {});
  await f({ protocol: null, priority: null, timeout: null, dedupe_key: null, retries: null }, {});
  await f({ dedupe_key: "  " }, {});
});

Deno.test("/v1/tasks/scan takes JSON whatever it is said to be", async () => {
  using rig = makeTasks();
  for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain", ""]) {
    const response = await rig.post(LEAST, type === "" ? {} : { "Content-Type": type });
    assert.equal(response.status, 200, type);
  }
});

Deno.test("/v1/tasks/scan names the field that cannot be used, and submits nothing", async () => {
  using rig = makeTasks();
  const f = async (body: unknown, parameter: string, message: RegExp | string) => {
    const answer = await errorOf(await rig.post(body), 400);
    assert.equal(answer.parameter, parameter, JSON.stringify(body));
    if (typeof message === "string") assert.equal(answer.message, `${parameter}: ${message}`);
    else assert.match(answer.message, message);
  };
  const required = "Cannot do without it: it is required";
  const text = "Cannot use this value: write a text";
  const scalar = `${text} or a whole number`;
  const list = "Cannot use this value: write a list of addresses and CIDRs";
  const object = "send a JSON object with targets and ports";
  for (const body of ["null", "[]", "1", '"x"']) await f(body, "body", `Cannot read it: ${object}`);
  const broken: [body: string, why: RegExp][] = [
    ["", /Unexpected end/],
    ['{\n"ports":"22",}', /line 2 column 14/],
    ["targets=1", /"targets=1" is not valid JSON/],
    ["[".repeat(60_000), /JSON/],
  ];
  for (const [body, why] of broken) {
    await f(body, "body", why);
    await f(body, "body", new RegExp(`^body: Cannot read it \\(.{10,120}\\): ${object}$`, "s"));
  }
  await f({}, "targets", required);
  await f({ ports: "22" }, "targets", required);
  await f({ targets: ["127.0.0.1"] }, "ports", required);
  await f({ ...LEAST, ports: "" }, "ports", required);
  for (const ports of [null, [22], true]) await f({ ...LEAST, ports }, "ports", scalar);
  for (const targets of ["127.0.0.1", null, 1, {}, true]) {
    await f({ ...LEAST, targets }, "targets", list);
  }
  await f({ ...LEAST, targets: [] }, "targets", /^targets: Cannot scan nothing/);
  for (const target of [null, 1, [], {}]) {
    await f({ ...LEAST, targets: ["127.0.0.1", target] }, "targets[1]", text);
  }
  const names = [
    "localhost",
    "example.org",
    "a-b.example.",
    "xn--nxasmq6b",
    "0x7f.0.0.1",
    "x",
    "_g",
  ];
  for (const name of names) {
    await f(
      { ...LEAST, targets: [name] },
      "targets[0]",
      "Cannot take a host name: write addresses and CIDRs such as 192.0.2.0/24",
    );
  }
  const junk = [
    "",
    " 127.0.0.1",
    "127.0.0.1-2",
    "127.1",
    "1.2.3.4/33",
    "::/111",
    "10.0.0.0/7",
    "-iL",
    "::ffff:1.2.3.4",
    "fe80::1%lo",
    "💥",
    "\u0000",
    "1".repeat(50_000),
  ];
  for (const target of junk) {
    await f(
      { ...LEAST, targets: ["::1", target] },
      "targets[1]",
      /^targets\[1\]: Cannot .{10,250}$/,
    );
  }
  await f(
    { ...LEAST, targets: ["10.0.0.0/8", "11.0.0.0/8"] },
    "targets",
    "Cannot scan 33554432 addresses at once: ask for at most 16777216",
  );
  for (const ports of ["0", "65536", "T:80", "top:100", "known", "22,", "a", -1, 1.5, 65536]) {
    await f({ ...LEAST, ports }, "ports", /^ports: Cannot /);
  }
  for (const protocol of ["TCP", "sctp", 1, ["tcp"], false]) {
    await f({ ...LEAST, protocol }, "protocol", "Cannot use it: write tcp, udp or both");
  }
  for (const priority of ["urgent", 0, {}]) {
    await f({ ...LEAST, priority }, "priority", "Cannot use it: write high, normal or low");
  }
  for (const retries of [-1, 11, 1.5, "1", true, 1e99]) {
    await f({ ...LEAST, retries }, "retries", "Cannot use it: write a whole number from 0 to 10");
  }
  for (const timeout of ["0s", 0, "soon", "-1m", "11000d"]) {
    await f({ ...LEAST, timeout }, "timeout", /^timeout: Cannot (?:read a duration|use )/);
  }
  for (const timeout of [1.5, true, {}]) await f({ ...LEAST, timeout }, "timeout", scalar);
  await f({ ...LEAST, dedupe_key: 1 }, "dedupe_key", text);
  await f(
    { ...LEAST, dedupe_key: "k".repeat(201) },
    "dedupe_key",
    "Cannot use this key: write at most 200 characters",
  );
  const allowed = "allowed are targets, ports, protocol, priority, dedupe_key, timeout, retries";
  for (const name of ["module", "max_cidr_size", "Targets", "ip", "constructor", "toString"]) {
    await f({ ...LEAST, [name]: 1 }, name, `Cannot use this parameter: ${allowed}`);
  }
  const proto = '{"targets":["127.0.0.1"],"ports":"22","__proto__":{"retries":3}}';
  await f(proto, "__proto__", `Cannot use this parameter: ${allowed}`);
  const inAddress = await errorOf(
    await rig.ask("/v1/tasks/scan?ports=22", { method: "POST" }),
    400,
  );
  assert.equal(inAddress.message, "ports: Cannot use this parameter: none is allowed here");
  assert.deepEqual(rig.requests, []);
});

Deno.test("/v1/tasks/scan gives a task, and the same for a repeated dedupe key", async () => {
  using rig = makeTasks();
  const body = { ...LEAST, dedupe_key: "nightly" };
  const answer = async (body: unknown) => {
    const response = await rig.post(body);
    assert.equal(response.status, 200);
    return await response.json();
  };
  assert.deepEqual(await answer(body), { task_id: "task-1", accepted: true });
  assert.deepEqual(await answer({ ...body, retries: 3 }), { task_id: "task-1", accepted: false });
  assert.deepEqual(await answer(LEAST), { task_id: "task-2", accepted: true });
  const other = await errorOf(await rig.post({ ...body, ports: "23" }), 409);
  assert.equal(other.parameter, "dedupe_key");
  assert.match(other.message, /^dedupe_key: Cannot use this key: task task-1 has it /);
});

Deno.test("/v1/tasks/scan asks the policy about all targets together, before the rate limit", async () => {
  const f = async (
    policy: Partial<RequestPolicy>,
    body: Record<string, unknown>,
    [status, parameter, message]: [number, string, string],
  ) => {
    using rig = makeTasks({ policy, perMinute: 1 });
    for (let i = 0; i < 3; i++) {
      const answer = await errorOf(await rig.post({ ...LEAST, ...body }), status);
      assert.deepEqual([answer.parameter, answer.message], [parameter, `${parameter}: ${message}`]);
    }
    assert.deepEqual(rig.requests, []);
    // Nothing was taken from the rate limit.
    assert.equal((await rig.post({ targets: ["10.0.0.1"], ports: "1" })).status, 200);
  };
  const allowedNetworks = networks("10.0.0.0/24");
  await f({ allowedNetworks }, { targets: ["10.0.0.1", "10.0.1.1"] }, [
    403,
    "targets",
    "Cannot scan 10.0.1.1/32: it lies outside policy.allowed_networks",
  ]);
  const exclude = networks("192.0.2.0/24");
  const excluded = "all of it is excluded (scanning.exclude), or no host's address";
  await f({ exclude }, { targets: ["192.0.2.1"] }, [
    403,
    "targets",
    `Cannot scan 192.0.2.1/32: ${excluded}`,
  ]);
  await f({ exclude }, { targets: ["192.0.2.1", "192.0.2.2"] }, [
    403,
    "targets",
    `Cannot scan these targets: ${excluded}`,
  ]);
  const less = "policy.max_probes allows 10; ask for fewer";
  await f({ maxProbes: 10 }, { targets: ["10.0.0.1", "10.0.0.2"], ports: "1-6" }, [
    400,
    "targets",
    `Cannot send 12 probes (addresses × ports): ${less} targets or fewer ports`,
  ]);
  await f({ maxProbes: 10 }, { ports: "1-6", protocol: "both" }, [
    400,
    "ports",
    `Cannot send 12 probes (addresses × ports × protocols): ${less} ports`,
  ]);
  // What is excluded is not counted.
  using rig = makeTasks({ policy: { maxProbes: 10, exclude } });
  rig.runner.capacity = Infinity;
  assert.equal(
    (await rig.post({ targets: ["192.0.2.0/24", "10.0.0.1"], ports: "1-10" })).status,
    200,
  );
});

Deno.test("/v1/tasks/scan and /query take from one rate limit", async () => {
  using rig = makeTasks({ perMinute: 2 });
  assert.equal((await rig.post(LEAST)).status, 200);
  assert.equal((await rig.ask("/query?ip=127.0.0.1&ports=22")).status, 202);
  const response = await rig.post(LEAST);
  assert.equal(response.headers.get("Retry-After"), "30");
  const { message } = await errorOf(response, 429);
  assert.match(message, /scanning\.rate_limit/);
  await errorOf(await rig.post({}), 400);
  // To look, and to cancel, costs nothing.
  for (let i = 0; i < 9; i++) assert.equal((await rig.ask("/v1/tasks/task-1")).status, 200);
  assert.equal((await rig.ask("/v1/tasks/task-1/cancel", { method: "POST" })).status, 200);
});

Deno.test("/v1/tasks/scan says what is needed when there is no room", async () => {
  using rig = makeTasks();
  const { runner, manager } = rig;
  runner.capacity = 3;
  const f = async (targets: string[], status: number) =>
    (await errorOf(await rig.post({ ...LEAST, targets }), status)).message;
  assert.equal(
    await f(["10.0.0.0/30"], 400),
    "targets: Cannot queue 4 scans at once: the queue holds 3 (scanning.task_queue_size); " +
      "ask for fewer or narrower targets",
  );
  await rig.post({ ...LEAST, targets: ["10.0.0.0/31"] });
  assert.equal(
    await f(["10.0.1.0/31"], 503),
    "The queue has room for 1 of 2 scans: try again later, or ask for less",
  );
  await rig.post({ ...LEAST, targets: ["10.0.2.1"] });
  assert.equal(await f(["10.0.1.0/31"], 503), "The queue is full: try again later");
  manager.stop();
  assert.equal(await f(["10.0.0.1"], 503), "The exporter is shutting down");
});

Deno.test("/v1/tasks and what is under it refuse other sites and other clients", async () => {
  using rig = makeTasks({ policy: { clientNetworks: networks("192.0.2.0/24") } });
  const own = { from: "192.0.2.1" };
  const post = { method: "POST", body: JSON.stringify(LEAST) };
  assert.equal((await rig.ask("/v1/tasks/scan", { ...own, ...post })).status, 200);
  const paths: [string, RequestInit][] = [
    ["/v1/tasks/scan", post],
    ["/v1/tasks", {}],
    ["/v1/tasks/task-1", {}],
    ["/v1/tasks/task-1/cancel", { method: "POST" }],
  ];
  for (const [path, init] of paths) {
    const { message } = await errorOf(await rig.ask(path, { from: "127.0.0.1", ...init }), 403);
    assert.match(message, /policy\.client_networks does not have it$/, path);
    const headers = [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }];
    for (const header of headers) {
      const response = await rig.ask(path, { ...own, ...init, headers: header });
      // To look is no more than a browser does of itself, and another site cannot read it.
      if (init.method === undefined) assert.equal(response.status, 200, path);
      else assert.match((await errorOf(response, 403)).message, /^Requests from another site/);
    }
  }
  assert.equal(rig.manager.get("task-1")!.state, "pending");
});

Deno.test("/v1/tasks/{id} shows a task, with the fields of the Go openport-exporter and more", async () => {
  using rig = makeTasks();
  await rig.post({
    ...LEAST,
    targets: ["127.0.0.1", "127.0.0.2", "127.0.0.3"],
    retries: 1,
    dedupe_key: "k",
  });
  const show = async () => await (await rig.ask("/v1/tasks/task-1")).json();
  const pending = {
    task_id: "task-1",
    state: "pending",
    submitted_at: "1970-01-01T01:40:00.000Z",
    summary: { hosts_up: 0, hosts_down: 0, open_tuples: 0 },
    error: "",
    targets: ["127.0.0.1/32", "127.0.0.2/32", "127.0.0.3/32"],
    targets_total: 3,
    ports: "22",
    protocol: "tcp",
    priority: "normal",
    dedupe_key: "k",
    units: { total: 3, waiting: 3, running: 0, done: 0, failed: 0 },
    progress: 0,
    percent: 0,
    retries: 1,
    retries_made: 0,
  };
  assert.deepEqual(await show(), pending);
  rig.begin(UNIT, { fraction: 0.5, remaining: undefined });
  rig.clock.tick(1000);
  const running = await show();
  assert.deepEqual([running.progress, running.percent], [0.1666, 16.6]);
  assert.equal(running.expected_end, "1970-01-01T01:40:06.000Z");
  rig.end(UNIT, failed("no_route"));
  const resting = await show();
  assert.equal(resting.next_try_at, "1970-01-01T01:40:06.000Z");
  assert.equal(resting.error, "127.0.0.1/32 tcp: It was no_route");
  rig.clock.tick(5000);
  for (const [i, unit] of [UNIT, "127.0.0.2/32 tcp 22", "127.0.0.3/32 tcp 22"].entries()) {
    rig.begin(unit);
    rig.end(unit, complete(i, 1));
  }
  assert.deepEqual(await show(), {
    ...pending,
    state: "succeeded",
    started_at: "1970-01-01T01:40:00.000Z",
    finished_at: "1970-01-01T01:40:06.000Z",
    summary: { hosts_up: 3, hosts_down: 3, open_tuples: 3 },
    units: { total: 3, waiting: 0, running: 0, done: 3, failed: 0 },
    progress: 1,
    percent: 100,
    retries_made: 1,
  });
});

Deno.test("/v1/tasks lists tasks as a plain array, by state, up to a limit", async () => {
  using rig = makeTasks();
  for (const target of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    await rig.post({ ...LEAST, targets: [target], protocol: "both" });
  }
  rig.begin(UNIT);
  const f = async (query: string, ...ids: string[]) => {
    const list = await (await rig.ask(`/v1/tasks${query}`)).json();
    assert.deepEqual(list.map(({ task_id }: { task_id: string }) => task_id), ids, query);
    return list;
  };
  const [{ protocol, units }] = await f("", "task-3", "task-2", "task-1");
  assert.deepEqual([protocol, units.total], ["both", 2]);
  await f("?limit=2", "task-3", "task-2");
  await f("?state=running", "task-1");
  await f("?state=pending&limit=1", "task-3");
  await f("?state=succeeded");
  const g = async (query: string, message: string) => {
    assert.equal((await errorOf(await rig.ask(`/v1/tasks?${query}`), 400)).message, message);
  };
  await g(
    "state=done",
    "state: Cannot use it: write pending, running, succeeded, failed or cancelled",
  );
  await g("state=", "state: Cannot use it: write pending, running, succeeded, failed or cancelled");
  await g("limit=0", "limit: Cannot use this limit: write a whole number from 1 to 10000");
  await g("id=1", "id: Cannot use this parameter: allowed are state, limit");
});

Deno.test("/v1/tasks/{id}/cancel cancels what is not over", async () => {
  using rig = makeTasks();
  await rig.post(LEAST);
  rig.begin(UNIT);
  const cancel = (id: string) => rig.ask(`/v1/tasks/${id}/cancel`, { method: "POST" });
  const response = await cancel("task-1");
  assert.equal(response.status, 200);
  const { task_id, state } = await response.json();
  assert.deepEqual([task_id, state], ["task-1", "cancelled"]);
  assert.deepEqual(rig.runner.withdrawn, [UNIT]);
  const again = await errorOf(await cancel("task-1"), 409);
  assert.equal(again.message, "Cannot cancel this task: it is cancelled already");
  await rig.post({ ...LEAST, targets: ["::1"] });
  rig.begin("::1/128 tcp 22");
  rig.end("::1/128 tcp 22", failed());
  assert.match((await errorOf(await cancel("task-2"), 409)).message, /it has failed already$/);
});

Deno.test("/v1/tasks/{id} answers 404 for what is no task, harmlessly", async () => {
  using rig = makeTasks();
  const ids = [
    "x",
    "scan2",
    "..%2f..",
    "%00",
    "%zz",
    "%E2%80%AE",
    "a".repeat(60_000),
    "constructor",
    "__proto__",
  ];
  for (const id of ids) {
    for (const [path, method] of [[`/v1/tasks/${id}`, "GET"], [`/v1/tasks/${id}/cancel`, "POST"]]) {
      const { message } = await errorOf(await rig.ask(path!, { method: method! }), 404);
      assert.match(message, /^There is no task /);
      assert.ok(message.length < 200);
    }
  }
  await errorOf(await rig.ask("/v1/tasks/x?y=1"), 400);
  await errorOf(await rig.ask("/v1/tasks/x/cancel?y=1", { method: "POST" }), 400);
});
