import assert from "node:assert/strict";
import { ROOT } from "./support/root.ts";

/** Which folders of src/ each folder may import from; values move one way, and nothing imports app.ts but cli. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  async: [],
  cli: [
    "app.ts",
    "config",
    "discovery",
    "domain",
    "forecast",
    "http",
    "log",
    "monitoring",
    "nmap",
    "oneshot",
    "policy",
    "scan",
    "storage",
    "text",
    "web",
  ],
  config: ["domain", "text"],
  discovery: ["config", "domain", "text"],
  domain: [],
  forecast: ["config", "domain", "scan", "schedule"],
  http: [
    "config",
    "domain",
    "log",
    "overview",
    "pages",
    "policy",
    "prometheus",
    "requests",
    "state",
    "tasks",
    "text",
  ],
  log: ["domain", "state", "tasks", "text"],
  metrics: ["domain", "policy", "prometheus", "state"],
  monitoring: ["config", "domain", "forecast", "schedule"],
  nmap: ["async", "domain", "text"],
  oneshot: [
    "config",
    "discovery",
    "domain",
    "log",
    "nmap",
    "queue",
    "scan",
    "schedule",
    "state",
    "text",
  ],
  overview: ["config", "domain", "policy", "schedule", "state"],
  pages: ["overview", "text"],
  policy: ["domain", "state", "text"],
  prometheus: [],
  queue: ["domain", "schedule"],
  requests: ["domain", "policy", "queue", "scan", "schedule", "state", "tasks"],
  rights: ["domain", "log", "nmap"],
  scan: ["async", "domain", "queue", "state"],
  schedule: ["config", "domain"],
  state: ["domain"],
  storage: ["config", "domain", "log", "schedule", "state", "text"],
  tasks: ["domain"],
  text: [],
  wanted: ["config", "discovery", "domain", "queue", "scan", "schedule", "state"],
  web: ["config", "domain", "http", "log", "text"],
};

const SRC = new URL("../src/", import.meta.url).href;

/** The folder of src/ that a module is in, or its name where it is in none. */
function placeOf(specifier: string): string | undefined {
  return specifier.startsWith(SRC) ? specifier.slice(SRC.length).split("/")[0] : undefined;
}

Deno.test("folders import only what the table allows", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const found: Record<string, Set<string>> = {};
  for (const { specifier, dependencies = [] } of modules) {
    const from = placeOf(specifier);
    if (from === undefined || from === "app.ts") continue;
    const imports = found[from] ??= new Set();
    for (const { code, type } of dependencies) {
      const to = placeOf(code?.specifier ?? type?.specifier ?? "");
      if (to !== undefined && to !== from) imports.add(to);
    }
  }
  const sorted = Object.fromEntries(
    Object.keys(found).sort().map((from) => [from, [...found[from]!].sort()]),
  );
  assert.deepEqual(sorted, ALLOWED);
});
