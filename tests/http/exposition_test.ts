import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptsGzip, negotiateFormat } from "../../src/http/exposition.ts";

const OPENMETRICS = "application/openmetrics-text";

Deno.test("negotiateFormat() gives Prometheus what it asks for", () => {
  const f = (accept: string, expected: string) => assert.equal(negotiateFormat(accept), expected);
  // Prometheus 2.42.
  f(
    `${OPENMETRICS};version=1.0.0,${OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    "openmetrics",
  );
  // Prometheus 3.x.
  f(
    `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,${OPENMETRICS};version=0.0.1;q=0.4,` +
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "openmetrics",
  );
  // The same, with native histograms.
  f(
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6," +
      `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    "openmetrics",
  );
  // scrape_protocols: [PrometheusText0.0.4].
  f("text/plain;version=0.0.4;q=0.2,*/*;q=0.1", "text");
  // Before OpenMetrics.
  f("text/plain;version=0.0.4;q=1,*/*;q=0.1", "text");
  // A browser, curl.
  f("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "text");
  f("*/*", "text");
});

Deno.test("negotiateFormat() goes by q-value, then precision, then text first", () => {
  const f = (accept: string | undefined, expected: string) =>
    assert.equal(negotiateFormat(accept), expected, String(accept));
  // Absent and empty.
  f(undefined, "text");
  f("", "text");
  f("  ", "text");
  // By q-value.
  f(`${OPENMETRICS}, text/plain;q=0.9`, "openmetrics");
  f(`${OPENMETRICS};q=0.3, text/plain;q=0.4`, "text");
  f(`text/plain;q=0.4, ${OPENMETRICS};q=0.401`, "openmetrics");
  f(`text/plain;q=0.5, */*;q=0.6`, "openmetrics");
  // By precision.
  f(`*/*, ${OPENMETRICS}`, "openmetrics");
  f(`application/*, text/plain`, "text");
  f(`*/*, application/*`, "openmetrics");
  f(`text/*, ${OPENMETRICS}`, "openmetrics");
  f("text/*", "text");
  f("application/*", "openmetrics");
  // A tie.
  f(`${OPENMETRICS}, text/plain`, "text");
  f(`text/*, application/*`, "text");
  // q=0 refuses, and what is precise overrides what is not.
  f(`text/plain;q=0, */*`, "openmetrics");
  f(`${OPENMETRICS};q=0, */*`, "text");
  f(`text/*;q=0, application/*;q=0.1`, "openmetrics");
  f(`text/plain, text/*;q=0`, "text");
  f(`${OPENMETRICS};q=0.000, text/plain;q=0.001`, "text");
  f(`${OPENMETRICS};q=0, text/plain;q=0`, "text");
  f("*/*;q=0", "text");
  // Unknown types.
  f("application/json", "text");
  f("image/png, application/x-protobuf;q=0.9", "text");
  f(`application/json, ${OPENMETRICS};q=0.1`, "openmetrics");
  // Versions.
  f(`${OPENMETRICS};version=1.0.0`, "openmetrics");
  f(`${OPENMETRICS};version=0.0.1`, "text");
  f(`${OPENMETRICS};version=2.0.0`, "text");
  f(`${OPENMETRICS};version=0.0.1, ${OPENMETRICS};version=1.0.0;q=0.1`, "openmetrics");
  f(`text/plain;version=1.0.0, ${OPENMETRICS};version=1.0.0;q=0.1`, "openmetrics");
  f(`text/plain;version=1.0.0, */*;q=0.1`, "text");
  f(`text/plain;version=0.0.4;q=0.2, ${OPENMETRICS};version=0.0.1`, "text");
  f(`${OPENMETRICS};version="1.0.0", text/plain;q=0.5`, "openmetrics");
  f(`${OPENMETRICS};version="0.0.1", text/plain;q=0.5`, "text");
  f(`${OPENMETRICS}; charset=utf-8; version=1.0.0; q=0.9, text/plain;q=0.5`, "openmetrics");
  // Case and blanks.
  f("APPLICATION/OpenMetrics-Text;VERSION=1.0.0", "openmetrics");
  f("Application/OpenMetrics-Text;Version=0.0.1, text/plain;q=0.1", "text");
  f(`${OPENMETRICS};Q=0.1, TEXT/PLAIN;Q=0.2`, "text");
  f(`\t${OPENMETRICS} ; version = 1.0.0 ;\tq = 0.9 , text/plain ; q=0.5 `, "openmetrics");
});

Deno.test("negotiateFormat() takes malformed headers for what can be read of them, and never throws", () => {
  const f = (accept: string, expected: string) =>
    assert.equal(negotiateFormat(accept), expected, accept);
  f(",", "text");
  f(";;;", "text");
  f("/", "text");
  f("*", "text");
  f("text", "text");
  f(";q=1", "text");
  f(`,,${OPENMETRICS},,`, "openmetrics");
  f(`${OPENMETRICS};`, "openmetrics");
  f(`${OPENMETRICS};q`, "openmetrics");
  f(`${OPENMETRICS};q=`, "openmetrics");
  f(`${OPENMETRICS};q=-1, text/plain;q=0.1`, "text");
  f(`${OPENMETRICS};q=NaN, text/plain;q=0.1`, "text");
  f(`${OPENMETRICS};version="1.0.0`, "text");
  f("\u0000\u00ff", "text");
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom("text/plain", OPENMETRICS, "*/*", ";", ",", "=", "q", '"', "\\", "0", " "),
      ),
      (parts) => ["text", "openmetrics"].includes(negotiateFormat(parts.join(""))),
    ),
  );
});

Deno.test("acceptsGzip() compresses for who asks for it and prefers it", () => {
  const f = (header: string | undefined, expected: boolean) =>
    assert.equal(acceptsGzip(header), expected, String(header));
  f(undefined, false);
  f("", false);
  f("gzip", true);
  f("GZip", true);
  f("x-gzip", true);
  f("*", true);
  f("gzip, deflate, br, zstd", true);
  f("deflate, gzip;q=1.0, *;q=0.5", true);
  f("gzip;q=0.001", true);
  f("identity", false);
  f("deflate, br", false);
  // Refused.
  f("gzip;q=0", false);
  f("gzip;q=0.000", false);
  f("GZIP;Q=0", false);
  f("*;q=0", false);
  f("gzip;q=0, *", false);
  f("gzip, *;q=0", true);
  f("x-gzip;q=0, *", false);
  f("gzip;q=0, x-gzip", false);
  // The page as it is, preferred.
  f("gzip;q=0.5, identity", false);
  f("identity;q=0.5, gzip;q=0.4", false);
  f("*;q=0.5, identity", false);
  f("gzip, identity", true);
  f("gzip;q=0.5, identity;q=0.5", true);
  f("identity;q=0, gzip;q=0.1", true);
  f("identity;q=0, *", true);
  // Malformed.
  f(",;,", false);
  f("gzip;", true);
  f("gzip;q", true);
  f("gzip;q=x", true);
  f("gzip;q=-1", false);
  f("gzi p", false);
  f("gzipped", false);
});
