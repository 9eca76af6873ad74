import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";

/** A target that says which ports may be open. */
export interface PolicyTarget {
  /** No two targets have the same. */
  readonly name: string;
  /** They may overlap, among each other and with those of other targets. */
  readonly networks: readonly Network[];
  /** Host names of it that no address is known of. */
  readonly unresolved: number;
  /** Ports that must be open. */
  readonly expected: Readonly<Record<Protocol, PortSet>>;
  /** Ports that may be open. */
  readonly allowed: Readonly<Record<Protocol, PortSet>>;
}
