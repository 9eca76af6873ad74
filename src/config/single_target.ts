import type { Network } from "../domain/network.ts";
import type { TargetConfig, TargetNetwork } from "./config.ts";

/** What targets that have nothing of their own share. */
export type SharedOptions = Omit<TargetConfig, "name" | "texts" | "networks" | "hostNames">;

const NO_NAMES: readonly string[] = [];

/**
 * A target of one address or network that has nothing of its own. It keeps no more than that, for
 * there may be 100,000; its properties cannot be spread.
 */
export class SingleTarget implements TargetConfig {
  readonly #text: string;
  readonly #network: Network;
  readonly #shared: SharedOptions;

  constructor({ text, network }: TargetNetwork, shared: SharedOptions) {
    this.#text = text;
    this.#network = network;
    this.#shared = shared;
  }

  get name(): string {
    return this.#text;
  }

  get texts(): readonly string[] {
    return [this.#text];
  }

  get networks(): readonly TargetNetwork[] {
    return [{ text: this.#text, network: this.#network }];
  }

  get hostNames(): readonly string[] {
    return NO_NAMES;
  }

  get protocols(): TargetConfig["protocols"] {
    return this.#shared.protocols;
  }

  get schedules(): TargetConfig["schedules"] {
    return this.#shared.schedules;
  }

  get expected(): TargetConfig["expected"] {
    return this.#shared.expected;
  }

  get allowed(): TargetConfig["allowed"] {
    return this.#shared.allowed;
  }

  get hasPolicy(): boolean {
    return this.#shared.hasPolicy;
  }

  get nmap(): TargetConfig["nmap"] {
    return this.#shared.nmap;
  }

  get timeout(): number {
    return this.#shared.timeout;
  }

  get labels(): TargetConfig["labels"] {
    return this.#shared.labels;
  }
}
