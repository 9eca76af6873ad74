import assert from "node:assert/strict";
import type { Protocol } from "../../src/domain/scan.ts";
import { isElsewhere, judgeSilence, type Silence } from "../../src/scan/reachability.ts";
import type { ScanRecord } from "../../src/state/scan_records.ts";
import { makeRecord, makeUnit } from "./builders.ts";

const SELF = makeRecord("10.0.0.1", { answeredAt: 50, alive: new Set(["10.0.0.1"]) });

/** Another unit of one address that answered last at 50 and is alive, unless told otherwise. */
function other(changes: Partial<ScanRecord> = {}, target = "10.9.0.1"): ScanRecord {
  return makeRecord(target, { answeredAt: 50, alive: new Set([target]), ...changes });
}

const NEVER = other({ answeredAt: undefined, alive: new Set() });
const DEAD = other({ answeredAt: 10, alive: new Set(), silentSince: 20 });

/** The verdict on a confirmed address whose round began at 100; targets of the witnesses where it depends on them. */
function judge(
  silence: Partial<Silence>,
  others: readonly ScanRecord[],
): string | readonly string[] {
  const verdict = judgeSilence(
    {
      record: SELF,
      confirmedFrom: 100,
      confirmedSingle: true,
      silentBefore: undefined,
      ...silence,
    },
    others,
  );
  return typeof verdict === "string"
    ? verdict
    : verdict.map(({ key: { target, protocol } }) => `${target} ${protocol}`);
}

Deno.test("judgeSilence() believes one confirmed address when another unit answered since the round began", () => {
  assert.equal(judge({}, [other({ answeredAt: 100 })]), "believe");
  assert.equal(judge({}, [other({ answeredAt: 100 }), other()]), "believe");
  assert.equal(judge({}, [other({ silentSince: 101 }), other({ answeredAt: 100 })]), "believe");
});

Deno.test("judgeSilence() believes one confirmed address when no other is known to be alive", () => {
  assert.equal(judge({}, []), "believe");
  assert.equal(judge({}, [NEVER]), "believe");
  assert.equal(judge({}, [DEAD, NEVER]), "believe");
});

Deno.test("judgeSilence() has those asked that are alive and were not heard of since the round began", () => {
  const one = ["10.9.0.1/32 tcp"];
  assert.deepEqual(judge({}, [other()]), one);
  assert.deepEqual(judge({}, [other({ answeredAt: 99 }), DEAD, NEVER]), one);
  // restored from the state file without a time
  assert.deepEqual(judge({}, [other({ answeredAt: undefined })]), one);
  // fell silent before, which is for its own unit to judge
  assert.deepEqual(judge({}, [other({ silentSince: 49 })]), one);
  assert.deepEqual(judge({}, [other({ silentSince: 101 })]), one);
});

Deno.test("judgeSilence() doubts the first silence of what was not confirmed, or is more than one address", () => {
  for (const others of [[], [other({ answeredAt: 100 })], [other()], [DEAD]]) {
    assert.equal(judge({ confirmedSingle: false }, others), "doubt");
  }
});

Deno.test("judgeSilence() believes the second round when another unit answered meanwhile, else has it asked", () => {
  const f = (expected: string | string[], ...others: ScanRecord[]) => {
    assert.deepEqual(judge({ silentBefore: 60, confirmedSingle: false }, others), expected);
    assert.deepEqual(judge({ silentBefore: 60 }, others), expected);
  };
  const asked = ["10.9.0.1/32 tcp"];
  f("believe");
  f("believe", NEVER);
  f("believe", other({ answeredAt: 60 }));
  f("believe", other({ answeredAt: 61 }), other({ silentSince: 61 }));
  f(asked, other({ answeredAt: 59 }));
  f(asked, other(), NEVER);
  f(asked, other({ silentSince: 61 }));
  f("believe", DEAD);
  f(asked, DEAD, other());
});

Deno.test("judgeSilence() has at most three asked, TCP first, those that answered last first", () => {
  const make = (target: string, protocol: Protocol, answeredAt: number | undefined) => {
    const { key } = makeUnit(target, { protocol });
    return other({ key, answeredAt }, target);
  };
  const others = [
    make("10.9.0.1", "udp", 99),
    make("10.9.0.2", "tcp", 10),
    make("10.9.0.3", "udp", 50),
    make("10.9.0.4", "tcp", undefined),
    make("10.9.0.5", "tcp", 70),
  ];
  const asked = ["10.9.0.5/32 tcp", "10.9.0.2/32 tcp", "10.9.0.4/32 tcp"];
  assert.deepEqual(judge({}, others), asked);
  assert.deepEqual(judge({}, others.toReversed()), asked);
  assert.deepEqual(judge({}, others.slice(0, 3)), [
    "10.9.0.2/32 tcp",
    "10.9.0.1/32 udp",
    "10.9.0.3/32 udp",
  ]);
});

Deno.test("judgeSilence() takes no silence of the same addresses as a second witness", () => {
  const same = other({ silentSince: 101 }, "10.0.0.1");
  assert.equal(judge({}, [same]), "believe");
  assert.equal(judge({ silentBefore: 60 }, [same]), "believe");
  assert.deepEqual(judge({}, [same, other()]), ["10.9.0.1/32 tcp"]);
  // but an answer from there counts
  assert.equal(judge({}, [other({ answeredAt: 100 }, "10.0.0.1")]), "believe");
  const broader = (...alive: string[]) => other({ alive: new Set(alive) }, "10.0.0.0/24");
  assert.equal(judge({ record: broader("10.0.0.1"), silentBefore: 60 }, [SELF]), "believe");
  // a broader network that knows other addresses to be alive as well can tell, else it cannot
  for (const silence of [{}, { silentBefore: 60 }]) {
    assert.equal(judge(silence, [broader("10.0.0.1")]), "believe");
    assert.deepEqual(judge(silence, [broader("10.0.0.1", "10.0.0.9")]), ["10.0.0.0/24 tcp"]);
  }
});

Deno.test("isElsewhere() tells addresses of a network from all others", () => {
  const { network } = makeUnit("10.0.0.0/30");
  const all = ["10.0.0.0", "10.0.0.3", "10.0.0.4", "9.255.255.255", "::a00:1"];
  assert.deepEqual(all.filter((address) => isElsewhere(address, network)), all.slice(2));
});
