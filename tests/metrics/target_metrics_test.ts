import assert from "node:assert/strict";
import { type LabelledTarget, targetMetrics } from "../../src/metrics/target_metrics.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { samplesOf } from "../prometheus/samples.ts";

function infoOf(...targets: LabelledTarget[]): string {
  const [info] = targetMetrics({
    targets: () => targets,
    failingLists: () => 0,
    unresolvedNames: () => 0,
  });
  return samplesOf(info!);
}

Deno.test("targetMetrics() has each target with its own labels, in order", () => {
  assert.equal(
    infoOf(
      { name: "10.0.0.1", labels: {} },
      { name: 'a "b"', labels: { site: "x\ny", Env: "prod", env: "é" } },
    ),
    'openport_target_info{name="10.0.0.1"} 1\n' +
      'openport_target_info{name="a \\"b\\"",Env="prod",env="é",site="x\\ny"} 1\n',
  );
});

Deno.test("targetMetrics() writes no label twice", () => {
  const f = (labels: Record<string, string>, expected: string) =>
    assert.equal(infoOf({ name: "n", labels }), `openport_target_info{name="n",${expected}} 1\n`);
  f({ name: "other" }, 'label_name="other"');
  f({ label_name: "mine", name: "other" }, 'label_name="mine"');
  f({ label_name: "mine" }, 'label_name="mine"');
});

Deno.test("targetMetrics() counts what could not be read or resolved", () => {
  let failing = 0;
  let unresolved = 0;
  const metrics = targetMetrics({
    targets: () => [],
    failingLists: () => failing,
    unresolvedNames: () => unresolved,
  });
  const registry = new Registry();
  for (const metric of metrics) registry.register(metric);
  const read = () => metrics.map((metric) => samplesOf(metric)).join("");
  assert.equal(read(), "openport_target_lists_failing 0\nopenport_target_names_unresolved 0\n");
  [failing, unresolved] = [2, 3];
  assert.equal(read(), "openport_target_lists_failing 2\nopenport_target_names_unresolved 3\n");
});
