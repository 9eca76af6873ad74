import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { dialsOut, netProblems } from "../../src/discovery/dials_out.ts";

Deno.test("dialsOut() is whether a list is asked for or a name may be resolved", () => {
  const f = (yaml: string, expected: readonly string[]) => {
    const { config } = parseConfig(yaml, "c");
    assert.equal(dialsOut(config), expected.length > 0, yaml);
    assert.deepEqual(netProblems(config), expected, yaml);
  };
  const problem = (reason: string) => `${reason}: needs a restart, net was given up`;
  const names = problem("targets: Cannot resolve host names");
  f("", []);
  f('targets: [10.0.0.1, "2001:db8::/120"]', []);
  f("targets: [10.0.0.1, db.example]", [names]);
  f("targets: [{ target: [10.0.0.1, db.example], name: x }]", [names]);
  f("targets_files: [a.json]", [problem("targets_files: Cannot resolve host names in files")]);
  f("targets: [db]\ntargets_http: ['http://sd.example/']", [
    names,
    problem("targets_http: Cannot ask for lists"),
  ]);
});
