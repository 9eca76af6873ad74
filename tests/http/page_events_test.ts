import assert from "node:assert/strict";
import { makeOffice } from "../support/fake_overview.ts";
import { makePages, NOW } from "./page_builders.ts";

/** Reads events until `count` of them have come. */
async function readEvents(response: Response, count: number): Promise<Record<string, string>[]> {
  const events: Record<string, string>[] = [];
  let text = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream() as never).getReader();
  while (events.length < count) {
    const { value, done } = await reader.read() as { value: string; done: boolean };
    if (done) break;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      events.push(Object.fromEntries(
        block.split("\n").map((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      ));
    }
  }
  await reader.cancel();
  return events;
}

Deno.test("/events sends the parts of the page that is named", async () => {
  const { app } = makePages({ overview: makeOffice(NOW) });
  const f = async (query: string, expected: string[]) => {
    const response = await app.request(`/events${query}`);
    assert.equal(response.status, 200, query);
    assert.equal(response.headers.get("Content-Type"), "text/event-stream; charset=utf-8");
    assert.equal(response.headers.get("Cache-Control"), "no-store, no-transform");
    const [retry, hello, ...parts] = await readEvents(response, expected.length + 2);
    assert.deepEqual(retry, { retry: "2000" });
    assert.equal(hello!["event"], "hello");
    assert.equal(JSON.parse(hello!["data"]!).now, NOW);
    assert.deepEqual(parts.map(({ event, data }) => [event, JSON.parse(data!).id]), [
      ...expected.map((id) => ["part", id]),
    ]);
    return parts.map(({ data }) => JSON.parse(data!).html);
  };
  const status = ["health", "running", "upcoming", "violations", "changes", "hosts", "targets"]
    .map((name) => `${name}-part`);
  await f("", status);
  await f("?page=status", status);
  const found = await f("?page=status&hosts=10.1.2.3&targets_page=1", status);
  assert.match(found[5]!, /1 of 1 hosts/);
  const host = ["summary-part", "ports-part", "changes-part"];
  const [summary] = await f("?page=host&ip=192.0.2.10", host);
  assert.match(summary!, /dmz/);
  const [unknown] = await f("?ip=2001:DB8::0&page=host", host);
  assert.match(unknown!, /Nothing is known of this host any more/);
});

Deno.test("a page names the events that keep it live", async () => {
  const { app } = makePages({ overview: makeOffice(NOW) });
  const f = async (path: string, events: string) => {
    const html = await (await app.request(path)).text();
    assert(html.includes(`data-events="${events}"`), html.slice(0, 300));
    const response = await app.request(events.replaceAll("&amp;", "&"), { method: "GET" });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  };
  await f("/", "/events?page=status");
  await f(
    "/?targets=&hosts=a%26b&hosts_page=2",
    "/events?page=status&amp;hosts=a%26b&amp;hosts_page=2",
  );
  await f("/hosts/192.0.2.10", "/events?page=host&amp;ip=192.0.2.10");
});

Deno.test("/events names the parameter that cannot be used, and opens nothing", async () => {
  const { app } = makePages({ events: { limit: 0 } });
  const f = async (query: string, parameter: string, message: RegExp) => {
    const response = await app.request(`/events?${query}`, { headers: { Accept: "text/html" } });
    assert.equal(response.status, 400, query);
    const body = await response.json();
    assert.equal(body.details.parameter, parameter);
    assert.match(body.message, message);
  };
  await f("page=x", "page", /Cannot use it: write status or host$/);
  await f("page=status&page=host", "page", /more than once/);
  await f("x=1", "x", /allowed are violations/);
  await f("ip=1.2.3.4", "ip", /allowed are violations/);
  await f("page=host", "ip", /Cannot do without it/);
  await f("page=host&ip=x", "ip", /Cannot read an IP address/);
  await f("page=host&ip=1.2.3.4&hosts=1", "hosts", /allowed are ip$/);
  await f("hosts_page=0", "hosts_page", /Cannot use this page/);
});

Deno.test("HEAD /events opens nothing", async () => {
  const { app, overview } = makePages({ events: { limit: 0 } });
  const response = await app.request("/events", { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/event-stream; charset=utf-8");
  assert.equal(response.body, null);
  assert.equal(overview.asked, 0);
});

Deno.test("/events says when too many pages are open, and after the end", async () => {
  const { app, close } = makePages({ events: { limit: 2 } });
  const open = [await app.request("/events"), await app.request("/events?hosts=1")];
  const f = async () => {
    const refused = await app.request("/events");
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("Retry-After"), "10");
    assert.equal((await refused.json()).status, "error");
  };
  await f();
  await open[0]!.body!.cancel();
  const another = await app.request("/events");
  assert.equal(another.status, 200);
  await f();
  close();
  for (const response of [open[1]!, another]) await response.text();
  await f();
});
