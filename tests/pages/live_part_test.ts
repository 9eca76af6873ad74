import assert from "node:assert/strict";
import { withoutAges } from "../../src/pages/live_part.ts";
import { liveStatus } from "../../src/pages/status_page.tsx";
import { liveHost } from "../../src/pages/host_page.tsx";
import { makeHost, makeOffice } from "../support/fake_overview.ts";
import { NOW, statusQuery } from "./frame.ts";

Deno.test("withoutAges() takes nothing but ages", () => {
  assert.equal(
    withoutAges('<time datetime="x"><span class="ago">3 s ago</span> <b>3 s ago</b></time>'),
    '<time datetime="x"><span class="ago"></span> <b>3 s ago</b></time>',
  );
});

Deno.test("a live page differs only where something changed, not because time passed", () => {
  const overview = makeOffice(NOW);
  const host = makeHost(NOW);
  overview.hostViews.set(host.ip, host);
  for (const page of [liveStatus(overview, statusQuery()), liveHost(overview, host.ip)]) {
    for (const { id, render } of page.parts) {
      const before = render(NOW + 1000);
      const after = render(NOW + 9000);
      assert.equal(withoutAges(after), withoutAges(before), id);
      assert.equal(render(NOW + 1000), before, id);
    }
  }
  const running = liveStatus(overview, statusQuery()).parts.find(({ id }) =>
    id === "running-part"
  )!;
  const before = withoutAges(running.render(NOW + 1000));
  overview.runningScans = overview.runningScans.map((scan) => ({ ...scan, fraction: 0.43 }));
  assert.notEqual(withoutAges(running.render(NOW + 1000)), before);
});
