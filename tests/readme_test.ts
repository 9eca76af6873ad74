import assert from "node:assert/strict";
import { KNOWN_KEYS } from "../src/config/schema.ts";
import { httpRequestCounter } from "../src/metrics/exporter_metrics.ts";
import { makeRoutes } from "./http/builders.ts";
import { makeSmallWorld } from "./metrics/builders.ts";
import { Registry } from "../src/prometheus/registry.ts";
import { pageText } from "./support/page_text.ts";

const ROOT = new URL("../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

/** The text beneath a heading, up to the next of its level. */
function section(heading: string): string {
  const level = heading.split(" ")[0]!;
  const [, rest = ""] = README.split(`\n${heading}\n`);
  return rest.split(`\n${level} `)[0]!;
}

/** What the first column of the tables in a text names. */
function named(text: string): Set<string> {
  return new Set([...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!));
}

/** The text that GitHub makes of a heading, for links. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
}

Deno.test("the README has every metric, with its type and labels", () => {
  const text = section("## Metrics");
  for (const { name, type, labelNames } of makeSmallWorld().families) {
    const row = new RegExp(`^\\| \`${name}\` +\\| ${type} +\\|([^|]*)\\|`, "m").exec(text);
    assert.ok(row !== null, `${name}, a ${type}`);
    const labels = row[1]!.replace("scan key", "`target`, `port_range`, `protocol`");
    assert.deepEqual([...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label), labelNames, name);
  }
});

Deno.test("the README has every path", () => {
  const requests = httpRequestCounter();
  const registry = new Registry();
  registry.register(requests);
  makeRoutes({ requests });
  const paths = [...pageText(registry).matchAll(/route="([^"]*)"/g)].map(([, path]) => path!);
  assert.deepEqual([...named(section("## Endpoints"))].filter(isPath).sort(), paths.sort());
});

function isPath(name: string): boolean {
  return name.startsWith("/");
}

Deno.test("the README has every key of the configuration", () => {
  const keys = named(section("## Configuration"));
  for (const [place, names] of KNOWN_KEYS) {
    // What stands in a target and its lists has a table of its own, or is the same beneath `scanning`.
    if (place.includes("[].") || place === "targets_http[]") continue;
    for (const name of names) {
      const key = place === "" || place === "targets[]" ? name : `${place}.${name}`;
      assert.ok([...keys].some((each) => each === key || each.startsWith(`${key}.`)), key);
    }
  }
});

Deno.test("the README says what every folder of src/ is for", async () => {
  const text = section("## Design notes");
  for await (const { name, isDirectory } of Deno.readDir(new URL("src", ROOT))) {
    if (isDirectory) assert.match(text, new RegExp(`\\b${name}\\b`), name);
  }
});

Deno.test("every link of the README within the repository leads somewhere", async () => {
  const anchors = new Set([...README.matchAll(/^#+ (.+)$/gm)].map(([, text]) => anchor(text!)));
  for (const [, link] of README.matchAll(/\]\(([^)]+)\)/g)) {
    if (link!.startsWith("#")) assert.ok(anchors.has(link!.slice(1)), link);
    else if (!link!.startsWith("http")) await Deno.stat(new URL(link!, ROOT));
  }
});

Deno.test("config.yaml has every key, a default or an example", async () => {
  const text = await Deno.readTextFile(new URL("config.yaml", ROOT));
  for (const [place, names] of KNOWN_KEYS) {
    if (place.includes("[]")) continue;
    for (const name of names) assert.match(text, new RegExp(`\\b${name}\\b`), `${place}.${name}`);
  }
});
