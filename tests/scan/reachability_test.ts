import assert from "node:assert/strict";
import { judgeSilence, type Silence, type Verdict } from "../../src/scan/reachability.ts";
import type { ScanRecord } from "../../src/state/scan_records.ts";
import { makeRecord } from "./builders.ts";

const SELF = makeRecord("10.0.0.1", { answeredAt: 50, alive: new Set(["10.0.0.1"]) });

/** Another unit that answered last at 50 and is alive, unless told otherwise. */
function other(changes: Partial<ScanRecord> = {}, target = "10.9.0.1"): ScanRecord {
  return makeRecord(target, { answeredAt: 50, alive: new Set([target]), ...changes });
}

const NEVER = other({ answeredAt: undefined, alive: new Set() });
const DEAD = other({ answeredAt: 10, alive: new Set(), silentSince: 20 });

function judge(
  silence: Partial<Silence>,
  others: readonly ScanRecord[],
  pending: readonly ScanRecord[] = [],
): Verdict {
  const whole = {
    record: SELF,
    startedAt: 100,
    confirmedSingle: true,
    silentBefore: undefined,
    ...silence,
  };
  return judgeSilence(whole, others, (record) => pending.includes(record));
}

Deno.test("judgeSilence() believes one confirmed address unless others fell silent with it", () => {
  const alive = other();
  const answered = other({ answeredAt: 100 });
  const earlier = other({ answeredAt: 99 });
  const silent = other({ silentSince: 101 });
  assert.equal(judge({}, []), "believe");
  assert.equal(judge({}, [NEVER], [NEVER]), "believe");
  assert.equal(judge({}, [alive]), "believe");
  assert.equal(judge({}, [alive], [alive]), "wait");
  assert.equal(judge({}, [alive, other()], [alive]), "wait");
  assert.equal(judge({}, [earlier], [earlier]), "wait");
  assert.equal(judge({}, [answered, alive], [alive]), "believe");
  assert.equal(judge({}, [silent]), "doubt");
  assert.equal(judge({}, [silent, alive], [alive]), "doubt");
  // one answered since the run began
  assert.equal(judge({}, [silent, answered]), "believe");
  // the network answered after that one had fallen silent
  assert.equal(judge({}, [other({ silentSince: 49 })]), "believe");
  assert.equal(judge({}, [other({ silentSince: 98 }), earlier]), "believe");
  assert.equal(judge({}, [DEAD]), "believe");
});

Deno.test("judgeSilence() doubts what was not confirmed, or is more than one address", () => {
  assert.equal(judge({ confirmedSingle: false }, []), "doubt");
  assert.equal(judge({ confirmedSingle: false }, [other({ answeredAt: 100 })]), "doubt");
});

Deno.test("judgeSilence() believes the second round when another unit answered meanwhile", () => {
  const f = (expected: Verdict, ...others: ScanRecord[]) => {
    assert.equal(judge({ silentBefore: 60, confirmedSingle: false }, others, others), expected);
    assert.equal(judge({ silentBefore: 60 }, others, others), expected);
  };
  f("believe");
  f("believe", NEVER);
  f("believe", other({ answeredAt: 61 }));
  f("believe", other({ answeredAt: 61 }), other({ silentSince: 61 }));
  f("doubt", other({ answeredAt: 60 }));
  f("doubt", other(), NEVER);
  f("doubt", other({ silentSince: 61 }));
  // it died long ago, and nobody waits for it
  f("believe", DEAD);
  f("doubt", DEAD, other());
  // it was believed to have died when this one fell silent, perhaps wrongly
  f("doubt", other({ alive: new Set(), silentSince: 55 }));
});

Deno.test("judgeSilence() takes no silence of the same addresses as a second witness", () => {
  const same = other({ silentSince: 101 }, "10.0.0.1");
  assert.equal(judge({}, [same], [same]), "believe");
  assert.equal(judge({ silentBefore: 60 }, [same]), "believe");
  assert.equal(judge({}, [same, other()], [same]), "believe");
  // but an answer from there counts
  assert.equal(judge({}, [other({ answeredAt: 100 }, "10.0.0.1")]), "believe");
  // a broader network has other addresses as well
  const broader = other({}, "10.0.0.0/24");
  assert.equal(judge({}, [broader], [broader]), "wait");
  assert.equal(judge({ silentBefore: 60 }, [broader]), "doubt");
  assert.equal(judge({ record: broader, silentBefore: 60 }, [SELF]), "believe");
});
