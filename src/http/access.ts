/** What comes of looking at who asks; `busy` when too many ask for that at once, `crowded` when one client alone does. */
export type AccessVerdict = "granted" | "refused" | "busy" | "crowded";

/** An authentication scheme of HTTP, by the name that the OpenAPI document has for it, too. */
export type AccessScheme = "basic" | "bearer";

/** Who may ask. */
export interface Access {
  /** What is wanted, for people: goes before "required". */
  readonly wanted: string;
  /** Authentication schemes that are taken, at least one. */
  readonly schemes: readonly AccessScheme[];
  /**
   * Looks at the header `Authorization`; `client` is the address that asks, so that one that asks much is
   * in nobody's way.
   */
  check(
    authorization: string | undefined,
    client: string,
  ): AccessVerdict | Promise<AccessVerdict>;
}
