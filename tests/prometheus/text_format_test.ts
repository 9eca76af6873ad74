import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeHelp,
  escapeLabelValue,
  type Format,
  formatBound,
  formatNumber,
  headerLines,
  sampleLine,
} from "../../src/prometheus/text_format.ts";

Deno.test("formatNumber() writes integers plainly and the special values as Prometheus spells them", () => {
  const f = (value: number, expected: string) => assert.equal(formatNumber(value), expected);
  f(0, "0");
  f(-0, "0");
  f(1, "1");
  f(-5, "-5");
  f(1785000000, "1785000000");
  f(1785000000.123, "1785000000.123");
  f(0.1, "0.1");
  f(1e21, "1e+21");
  f(1e-7, "1e-7");
  f(NaN, "NaN");
  f(Infinity, "+Inf");
  f(-Infinity, "-Inf");
});

Deno.test("formatNumber() reads back as the same number", () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (value) => Number(formatNumber(value)) === value,
    ),
  );
});

Deno.test("formatBound() is plain in text and canonical in OpenMetrics", () => {
  const f = (bound: number, text: string, openmetrics: string) => {
    assert.equal(formatBound(bound, "text"), text);
    assert.equal(formatBound(bound, "openmetrics"), openmetrics);
  };
  f(0, "0", "0.0");
  f(1, "1", "1.0");
  f(3600, "3600", "3600.0");
  f(0.005, "0.005", "0.005");
  f(2.5, "2.5", "2.5");
  f(100000, "100000", "100000.0");
  f(999999, "999999", "999999.0");
  f(1e6, "1000000", "1e+06");
  f(1234567, "1234567", "1.234567e+06");
  f(1e10, "10000000000", "1e+10");
  f(0.0001, "0.0001", "0.0001");
  f(0.00001, "0.00001", "1e-05");
  f(1e-10, "1e-10", "1e-10");
  f(Infinity, "+Inf", "+Inf");
});

Deno.test("escapeLabelValue() escapes backslash, newline and quote, and nothing else", () => {
  const f = (value: string, expected: string) => assert.equal(escapeLabelValue(value), expected);
  f("", "");
  f("127.0.0.1/32", "127.0.0.1/32");
  f("{a=b, c}", "{a=b, c}");
  f("a\tb\r", "a\tb\r");
  f("ünï 漢 🎉", "ünï 漢 🎉");
  f("C:\\new", "C:\\\\new");
  f("a\nb", "a\\nb");
  f('say "x"', 'say \\"x\\"');
  f('\\"\n', '\\\\\\"\\n');
  f("\\n", "\\\\n");
  f("lone \ud800", "lone \ufffd");
});

Deno.test("escapeLabelValue() round-trips through a parser", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: specials }), (a, b) => {
      const line = sampleLine("x", `a="${escapeLabelValue(a)}",b="${escapeLabelValue(b)}"`, 1);
      assert.deepEqual(parseSampleLine(line), { a, b });
    }),
  );
});

Deno.test("escapeHelp() escapes quotes in OpenMetrics only", () => {
  const f = (help: string, text: string, openmetrics: string) => {
    assert.equal(escapeHelp(help, "text"), text);
    assert.equal(escapeHelp(help, "openmetrics"), openmetrics);
  };
  f("", "", "");
  f("Open ports.", "Open ports.", "Open ports.");
  f("a\nb\\c", "a\\nb\\\\c", "a\\nb\\\\c");
  f('say "x"', 'say "x"', 'say \\"x\\"');
});

Deno.test("headerLines() names a counter without _total in OpenMetrics, and a gauge as it is", () => {
  const f = (type: "counter" | "gauge", format: Format, family: string) =>
    assert.equal(
      headerLines({ name: "x_total", help: "X.", type }, format),
      `# HELP ${family} X.\n# TYPE ${family} ${type}\n`,
    );
  f("counter", "text", "x_total");
  f("counter", "openmetrics", "x");
  f("gauge", "text", "x_total");
  f("gauge", "openmetrics", "x_total");
});

const specials = fc.constantFrom("\\", "n", '"', "\n", ",", "=", "}", "{", "a");

/** Labels of one sample line, read character by character as Prometheus does. */
function parseSampleLine(line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = line.indexOf("{") + 1;
  while (line[at] !== "}") {
    if (line[at] === ",") at++;
    const equals = line.indexOf("=", at);
    const name = line.slice(at, equals);
    assert.equal(line[equals + 1], '"');
    let value = "";
    for (at = equals + 2; line[at] !== '"'; at++) {
      assert.notEqual(line[at], "\n");
      if (line[at] !== "\\") value += line[at];
      else value += line[++at] === "n" ? "\n" : line[at];
    }
    labels[name] = value;
    at++;
  }
  assert.equal(line.slice(at), "} 1\n");
  return labels;
}
