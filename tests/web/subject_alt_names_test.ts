import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { canonicalSan, subjectAltNames } from "../../src/web/subject_alt_names.ts";
import { inDirectory, makeAuthority } from "./builders.ts";

function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[^-]*-----/g, ""), "base64");
}

Deno.test("subjectAltNames() reads every kind of name, each for itself", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const names = ["DNS:a.example", "IP:192.0.2.1", "IP:2001:db8::1", "email:a@b.example"];
    const { cert } = await authority.issue("many", { names: [...names, "URI:spiffe://x/y"] });
    assert.deepEqual(subjectAltNames(derOf(cert)), [
      "a.example",
      "192.0.2.1",
      "2001:db8::1",
      "a@b.example",
      "spiffe://x/y",
    ]);
    const plain = await authority.issue("plain", { names: [] });
    assert.deepEqual(subjectAltNames(derOf(plain.cert)), []);
  }));

Deno.test("subjectAltNames() finds nothing in what is no certificate, and never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    subjectAltNames(bytes);
  }));
});

Deno.test("canonicalSan() writes an address in one way, and leaves names as they are", () => {
  assert.equal(canonicalSan("2001:DB8:0::1"), "2001:db8::1");
  assert.equal(canonicalSan("Prometheus.example"), "Prometheus.example");
});
