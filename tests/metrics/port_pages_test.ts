import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { portMetrics } from "../../src/metrics/port_metrics.ts";
import type { Exposition } from "../../src/prometheus/exposition.ts";
import type { Encoding } from "../../src/prometheus/page.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import type { Format } from "../../src/prometheus/text_format.ts";
import type { Look } from "../../src/state/look.ts";
import { PortState, type Trust } from "../../src/state/port_state.ts";
import { NO_LIMITS } from "./builders.ts";
import { openCountsOf, portsOf } from "../state/ports_of.ts";

/** The port families by the book: every sample from scratch, one after the other. */
function reference(state: PortState, format: Format): string {
  const status = portsOf(state).map(([ip, { port, protocol, open }]) =>
    `open_port_status{ip="${ip}",port="${port}",protocol="${protocol}"} ${open ? 1 : 0}\n`
  );
  const totals = openCountsOf(state).map(([ip, open]) => `open_ports_total{ip="${ip}"} ${open}\n`);
  const family = (name: string, help: string, samples: string[]) =>
    samples.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.join("")}`;
  return family(
    "open_port_status",
    "1 while a port is open, 0 when it was open and is closed now.",
    status,
  ) + family("open_ports_total", "Ports open now on an address that has ever answered.", totals) +
    (format === "openmetrics" ? "# EOF\n" : "");
}

/** A scrape that is read while the state goes on changing, and what it has to say in the end. */
class Scrape {
  readonly #expected: string;
  readonly #exposition: Exposition;
  readonly #encoding: Encoding;
  readonly #read: Uint8Array[] = [];

  constructor(
    { registry, state }: { registry: Registry; state: PortState },
    { format, encoding }: { format: Format; encoding: Encoding },
  ) {
    this.#exposition = registry.open(format, encoding);
    this.#expected = reference(state, format);
    this.#encoding = encoding;
  }

  /** Reads one piece; at the end compares, and says that it is done. */
  step(): boolean {
    const part = this.#exposition.next();
    if (part !== undefined) {
      // Copied: what was handed out must not change either, but a network would have taken it.
      this.#read.push(part.slice());
      return false;
    }
    const bytes = new Uint8Array(this.#read.flatMap((piece) => [...piece]));
    const text = this.#encoding === "gzip" ? gunzipSync(bytes) : bytes;
    assert.equal(new TextDecoder().decode(text), this.#expected);
    return true;
  }

  close(): void {
    this.#exposition.close();
  }
}

const someLook = fc.record({
  address: fc.oneof(
    fc.nat(700).map((n) => `10.0.${n >> 8}.${n & 255}`),
    fc.nat(20).map((n) => `2001:db8::${(n + 1).toString(16)}`),
  ),
  protocol: fc.constantFrom(...PROTOCOLS),
  open: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 })
    .map((ports) => ports.sort((a, b) => a - b)),
  alive: fc.boolean(),
});

const someStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("look" as const), look: someLook }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("scrape" as const),
      format: fc.constantFrom<Format>("text", "openmetrics"),
      encoding: fc.constantFrom<Encoding>("identity", "gzip"),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("read" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("reload" as const), lastOctet: fc.nat(255) }),
  },
);

Deno.test("the port families say what a slow renderer says of the moment at which a scrape began", () => {
  fc.assert(
    fc.property(
      fc.nat(700),
      fc.array(someStep, { maxLength: 80, size: "max" }),
      (known, steps) => {
        let now = 1000;
        const state = new PortState({ wallClock: () => now, now: () => now, closedRetention: 50 });
        const registry = new Registry({ now: () => now });
        for (const family of portMetrics(state, NO_LIMITS)) {
          if (family.name.startsWith("open_port")) registry.register(family);
        }
        const covered = PortSet.fromRanges([[1, 12]]);
        const see = (look: Pick<Look, "address" | "protocol" | "open" | "alive">, trust: Trust) => {
          const alive = look.alive || look.open.length > 0;
          state.apply([{ ...look, alive, covered, takenAt: now }], trust);
        };
        for (let n = 0; n < known; n++) {
          const open = n % 3 === 0 ? [1 + n % 12] : [];
          see(
            { address: `10.0.${n >> 8}.${n & 255}`, protocol: "tcp", open, alive: n % 5 === 0 },
            "closings",
          );
        }
        let scrapes: Scrape[] = [];
        for (const step of steps) {
          now++;
          if (step.kind === "look") see(step.look, "closings");
          else if (step.kind === "wait") now += step.ms;
          else if (step.kind === "scrape") scrapes.push(new Scrape({ registry, state }, step));
          else if (step.kind === "reload") {
            state.retain(
              ({ text }) => text.endsWith(`.${step.lastOctet}`),
              () => PortSet.EMPTY,
            );
          } else {
            const scrape = scrapes[step.which % Math.max(1, scrapes.length)];
            if (scrape === undefined) continue;
            if (step.kind === "leave") scrape.close();
            if (step.kind === "leave" || scrape.step()) {
              scrapes = scrapes.filter((other) => other !== scrape);
            }
          }
        }
        for (const scrape of scrapes) while (!scrape.step());
      },
    ),
    { numRuns: 60 },
  );
});
