import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createLogger,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type LogLevel,
} from "../../src/log/logger.ts";

const TIME = "2026-08-01T00:00:00.123Z";

/** The lines that a logger writes. */
function logged(
  format: LogFormat,
  level: LogLevel,
  write: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const lines: string[] = [];
  write(createLogger({
    level,
    format,
    write: (line) => lines.push(line),
    date: () => new Date(TIME),
  }));
  return lines;
}

/** The one line of an event, without its time and level, and without its newline. */
function line(format: LogFormat, message: string, fields?: LogFields): string {
  const [text = "", ...more] = logged(format, "debug", (log) => log.info(message, fields));
  assert.deepEqual(more, []);
  const [before, after] = format === "json"
    ? [`{"time":"${TIME}","level":"info",`, "}\n"]
    : [`time=${TIME} level=info `, "\n"];
  assert.ok(text.startsWith(before) && text.endsWith(after), text);
  return text.slice(before.length, -after.length);
}

Deno.test("createLogger() writes logfmt: bare words where that is clear, quotes where not", () => {
  const f = (value: string | number | boolean | undefined, expected: string) =>
    assert.equal(line("logfmt", "m", { a: value }), `msg=m${expected}`);
  f("word", " a=word");
  f("127.0.0.1/32", " a=127.0.0.1/32");
  f("22,80,8000-8100", " a=22,80,8000-8100");
  f("2001:db8::/64", " a=2001:db8::/64");
  f("ünï漢", " a=ünï漢");
  f(0, " a=0");
  f(-1.5, " a=-1.5");
  f(true, " a=true");
  f(false, " a=false");
  f(undefined, "");
  f("", ' a=""');
  f("two words", ' a="two words"');
  f("a=b", ' a="a=b"');
  f('say "x"', ' a="say \\"x\\""');
  f("C:\\new", ' a="C:\\\\new"');
  f("a\nb\r\tc", ' a="a\\nb\\r\\tc"');
  f("\u0000\u001b[2J", ' a="\\u0000\\u001b[2J"');
  f("\u007f\u0085\u009b", ' a="\\u007f\\u0085\\u009b"');
  f("\u2028\u2029", ' a="\\u2028\\u2029"');
  f("\u202egnp\u2066\u2069\u061c\u2060", ' a="\\u202egnp\\u2066\\u2069\\u061c\\u2060"');
  f("\u200b\u200f\ufeff", ' a="\\u200b\\u200f\\ufeff"');
  f("\u00a0", ' a="\u00a0"');
  f("\ud800", ' a="\\ud800"');
});

Deno.test("createLogger() writes JSON with types, and escapes what terminals may obey", () => {
  const f = (value: string | number | boolean | undefined, expected: string) =>
    assert.equal(line("json", "m", { a: value }), `"msg":"m"${expected}`);
  f("word", ',"a":"word"');
  f(0, ',"a":0');
  f(-1.5, ',"a":-1.5');
  f(true, ',"a":true');
  f(undefined, "");
  f("", ',"a":""');
  f('"\\\n', ',"a":"\\"\\\\\\n"');
  f("\u001b\u007f\u009b", ',"a":"\\u001b\\u007f\\u009b"');
  f("\u2028\u202e\u061c\u2060\ufeff", ',"a":"\\u2028\\u202e\\u061c\\u2060\\ufeff"');
  f("\ud800", ',"a":"\\ud800"');
});

Deno.test("createLogger() writes the fields in the order given, after the message", () => {
  const fields = { z: 1, a: "two words", m: undefined, b: true };
  assert.equal(
    line("logfmt", "Scan complete", fields),
    'msg="Scan complete" z=1 a="two words" b=true',
  );
  assert.equal(
    line("json", "Scan complete", fields),
    '"msg":"Scan complete","z":1,"a":"two words","b":true',
  );
  assert.equal(line("logfmt", "Stopped"), "msg=Stopped");
  assert.equal(line("json", "Stopped"), '"msg":"Stopped"');
});

Deno.test("createLogger() drops what is below its level", () => {
  const f = (level: LogLevel, expected: readonly LogLevel[]) => {
    const lines = logged("logfmt", level, (log) => {
      for (const name of LOG_LEVELS) log[name]("x");
    });
    assert.deepEqual(lines, expected.map((name) => `time=${TIME} level=${name} msg=x\n`));
  };
  f("debug", ["debug", "info", "warn", "error"]);
  f("info", ["info", "warn", "error"]);
  f("warn", ["warn", "error"]);
  f("error", ["error"]);
});

Deno.test("createLogger() writes one line per event, whatever is in it", () => {
  const text = fc.string({ unit: "binary", maxLength: 30 });
  fc.assert(
    fc.property(text, text, (message, value) => {
      for (const format of ["logfmt", "json"] as const) {
        const [only, ...more] = logged(format, "info", (log) => log.warn(message, { value }));
        assert.deepEqual(more, []);
        // deno-lint-ignore no-control-regex -- none of these may reach a terminal
        assert.match(only!, /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*\n$/);
      }
    }),
  );
});

Deno.test("createLogger() writes JSON that reads back as what was logged", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 30 });
  fc.assert(
    fc.property(text, text, (message, value) => {
      const [only] = logged("json", "info", (log) => log.info(message, { value }));
      assert.deepEqual(JSON.parse(only!), { time: TIME, level: "info", msg: message, value });
    }),
  );
});
