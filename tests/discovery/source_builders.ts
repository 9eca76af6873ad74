import FakeTimers from "@sinonjs/fake-timers";
import { parseConfig } from "../../src/config/parse_config.ts";
import type { Learnt, LearntBatch } from "../../src/discovery/learnt.ts";
import { type Recheck, TargetSources } from "../../src/discovery/target_sources.ts";
import { formatNetwork, parseNetwork } from "../../src/domain/network.ts";
import { makeResolver } from "./fake_names.ts";

const realTimeout = setTimeout;

/** Lets a fake clock run until something is true that also waits for files and streams. */
export async function tickUntil(
  clock: FakeTimers.Clock,
  condition: () => boolean,
): Promise<void> {
  while (!condition()) {
    await clock.tickAsync(500);
    await new Promise((go) => realTimeout(go, 2));
  }
}

/** Target sources with a fake resolver and a fake clock; `fetch` is for the lists of URLs. */
export function makeSources(
  yaml: string,
  { answers = {}, learnt = [], workingDirectory = "/nowhere", save }: {
    answers?: Record<string, string>;
    learnt?: Iterable<Learnt>;
    workingDirectory?: string;
    save?: (batch: LearntBatch) => void;
  } = {},
) {
  const clock = FakeTimers.install({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
  const resolver = makeResolver(answers);
  const stored = new Map(Array.from(learnt, ({ source, value }) => [source, value]));
  const saved: LearntBatch[] = [];
  const events: string[] = [];
  const configOf = (yaml: string) => parseConfig(yaml, "config.yaml").config;
  const sources = new TargetSources({
    config: configOf(yaml),
    workingDirectory,
    userAgent: "test",
    learnt: Array.from(stored, ([source, value]) => ({ source, value })),
    now: () => clock.now,
    save: (batch) => {
      saved.push(batch);
      for (const { source, value } of batch.learnt) stored.set(source, value);
      for (const source of batch.forgottenLearnt) stored.delete(source);
      save?.(batch);
    },
    onChange: () => events.push("change"),
    onUnresolved: ({ target, hostName }) => events.push(`unresolved ${target.name}: ${hostName}`),
    onProblem: (message) => events.push(`problem: ${message}`),
    onRecovered: (message) => events.push(`recovered: ${message}`),
    onWarning: (message) => events.push(`warning: ${message}`),
    resolve: resolver.resolve,
  });
  return {
    ...resolver,
    clock,
    sources,
    stored,
    saved,
    replace: (yaml: string) => sources.replace(configOf(yaml)),
    /** What was told since this was last asked. */
    told: () => events.splice(0),
    /** Networks of each target, single addresses without their prefix. */
    networks: () => networksOf(sources),
    recheck: (text: string): Promise<Recheck> => sources.recheck(parseNetwork(text).network),
    async [Symbol.asyncDispose]() {
      await sources.stop();
      clock.uninstall();
    },
  };
}

function networksOf({ targets }: TargetSources): Record<string, string> {
  return Object.fromEntries(
    targets.map(({ name, networks }) => [
      name,
      networks.map(({ network }) => formatNetwork(network).replace(/\/(?:32|128)$/, "")).join(" "),
    ]),
  );
}
