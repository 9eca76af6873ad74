import assert from "node:assert/strict";
import { DEFAULT_NMAP } from "../../src/config/nmap_options.ts";
import {
  failWithoutRawSockets,
  type ScanKind,
  scanKinds,
  withoutRawSockets,
} from "../../src/nmap/scan_kinds.ts";

Deno.test("scanKinds() has the techniques of TCP scans, and UDP", () => {
  const scan = (protocol: "tcp" | "udp", technique: "auto" | "syn" | "connect") => ({
    protocol,
    nmap: { ...DEFAULT_NMAP, technique },
  });
  assert.deepEqual([...scanKinds([])], []);
  assert.deepEqual(
    [...scanKinds([scan("tcp", "auto"), scan("udp", "syn"), scan("tcp", "auto")])],
    ["auto", "udp"],
  );
  assert.deepEqual([...scanKinds([scan("tcp", "connect"), scan("tcp", "syn")])], [
    "connect",
    "syn",
  ]);
});

Deno.test("withoutRawSockets() says what becomes of scans, and failWithoutRawSockets() whether any fails", () => {
  const f = (kinds: readonly ScanKind[], effect: string | undefined, fail: boolean) => {
    const set = new Set(kinds);
    assert.deepEqual(
      [withoutRawSockets(set), failWithoutRawSockets(set)],
      [effect, fail],
      `${kinds}`,
    );
  };
  f([], undefined, false);
  f(["connect"], undefined, false);
  f(["auto"], "TCP ports are scanned with connect()", false);
  f(["auto", "connect"], "TCP ports are scanned with connect()", false);
  f(["syn"], "SYN scans fail", true);
  f(["auto", "syn"], "TCP ports are scanned with connect(), SYN scans fail", true);
  f(["connect", "udp"], "TCP scans work, UDP scans fail", true);
  f(["auto", "udp"], "TCP ports are scanned with connect(), UDP scans fail", true);
  f(["syn", "udp"], "SYN scans fail, UDP scans fail", true);
});
