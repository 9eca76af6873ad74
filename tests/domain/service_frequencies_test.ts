import assert from "node:assert/strict";
import { ServiceFrequencies } from "../../src/domain/service_frequencies.ts";

const TEXT = `# a comment 1/tcp 0.9
web	80/tcp	0.484143	# World Wide Web
domain	53/udp	0.213496
ssh  22/tcp  1/2
again	22/tcp	0.000001
unknown	4/tcp
unknown	5/tcp # without a frequency
low	3/tcp	0.000000
sctp	9/sctp	0.9
zero	0/tcp	0.9
high	70000/tcp	0.9
broken 7/tcp/8 0.9
`;

Deno.test("ServiceFrequencies.top() gives the most frequent ports, ties by number", () => {
  const services = ServiceFrequencies.parse(TEXT);
  assert.deepEqual([...services.top("tcp", 1)], [22]);
  assert.deepEqual([...services.top("tcp", 2)], [22, 80]);
  assert.deepEqual([...services.top("tcp", 3)], [3, 22, 80]);
  assert.deepEqual([...services.top("tcp", 65535)], [3, 4, 5, 22, 80]);
  assert.deepEqual([...services.top("udp", 65535)], [53]);
  assert.equal(services.top("tcp", 2), services.top("tcp", 2));
});

Deno.test("ServiceFrequencies.parse() refuses another file", () => {
  for (const text of ["", "root:x:0:0:root:/root:/bin/bash\n", "a 1/tcp 0.5\n"]) {
    assert.throws(
      () => ServiceFrequencies.parse(text),
      /^SyntaxError: Cannot read port frequencies/,
    );
  }
});
