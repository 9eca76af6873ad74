import assert from "node:assert/strict";
import type { FailureType, NmapOptions, Protocol, Technique } from "../../src/domain/scan.ts";
import { BlockedTargets, type RestrictedTarget } from "../../src/rights/blocked_targets.ts";
import { DEFAULTS } from "../scan/builders.ts";

function target(id: string, protocol: Protocol = "tcp", nmap: Partial<NmapOptions> = {}) {
  return { id, protocol, nmap: { ...DEFAULTS, ...nmap } };
}

/** Blocked targets beside an nmap whose rights the test sets. */
function makeBlocked(...targets: RestrictedTarget[]) {
  const nmap = { isThere: true, auto: "syn" as Technique, missing: [] as string[] };
  const hastened: string[] = [];
  const blocked = new BlockedTargets({
    rights: {
      get isThere() {
        return nmap.isThere;
      },
      techniqueOf: ({ technique }) => technique === "auto" ? nmap.auto : technique,
      noteMissing: (reason) => void nmap.missing.push(reason),
      refresh: () => Promise.resolve(),
    },
    targets: () => targets,
    hasten: (ids) => void hastened.push(...ids),
  });
  /** One scan of each target, that ends so. */
  const scan = (type?: FailureType) => {
    for (const target of targets) {
      blocked.began(`unit of ${target.id}`, target.nmap);
      const failure = type === undefined ? undefined : { type, message: "no" };
      blocked.ended(`unit of ${target.id}`, { target, failure });
    }
  };
  return { blocked, nmap, hastened, scan };
}

Deno.test("BlockedTargets.retryAll() hastens what failed for lack of nmap or rights, once", () => {
  const cases: [FailureType | undefined, string[]][] = [
    ["permission", ["a"]],
    ["nmap_missing", ["a"]],
    ["timeout", []],
    [undefined, []],
  ];
  for (const [type, expected] of cases) {
    const { blocked, hastened, scan } = makeBlocked(target("a"));
    scan(type);
    blocked.retryAll();
    blocked.retryAll();
    assert.deepEqual(hastened, expected, type);
  }
});

Deno.test("BlockedTargets waits while nmap is not there, and says what it missed", () => {
  const { blocked, nmap, hastened, scan } = makeBlocked(target("a"));
  nmap.isThere = false;
  scan("nmap_missing");
  blocked.retryAll();
  assert.deepEqual([hastened, nmap.missing], [[], ["no"]]);
  nmap.isThere = true;
  blocked.retryAll();
  assert.deepEqual(hastened, ["a"]);
});

Deno.test("BlockedTargets.retryOthers() hastens what connect() can do that SYN could not", () => {
  const { blocked, nmap, hastened, scan } = makeBlocked(
    target("auto"),
    target("syn", "tcp", { technique: "syn" }),
    target("connect", "tcp", { technique: "connect" }),
    target("udp", "udp"),
  );
  scan("permission");
  blocked.retryOthers();
  assert.deepEqual(hastened, []);
  nmap.auto = "connect";
  blocked.retryOthers();
  assert.deepEqual(hastened, ["auto"]);
});

Deno.test("BlockedTargets asks for rights again after a scan that had none, and tries what works now", async () => {
  const { nmap, hastened, scan } = makeBlocked(target("a"));
  scan("permission");
  nmap.auto = "connect";
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(hastened, ["a"]);
});

Deno.test("BlockedTargets forgets what was scanned since, and what is not planned any more", () => {
  const { blocked, hastened, scan } = makeBlocked(target("a"), target("b"));
  scan("permission");
  blocked.keep(new Set(["b"]));
  blocked.retryAll();
  assert.deepEqual(hastened, ["b"]);
  scan("permission");
  scan();
  blocked.retryAll();
  assert.deepEqual(hastened, ["b"]);
});
