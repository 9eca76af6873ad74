import type { PortSet } from "./ports.ts";

/** An address with the ports that are open or expected on it, at least one. */
export interface KnownAddress {
  /** Canonical text. */
  readonly address: string;
  readonly ports: PortSet;
}
