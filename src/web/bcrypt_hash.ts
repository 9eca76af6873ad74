import { getRounds } from "bcryptjs";

const HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Costs that bcrypt knows. */
const MIN_COST = 4;
const MAX_COST = 31;

/** Costs above this make the first request with each password wait for more than two seconds. */
export const SLOW_COST = 14;

/** Salt and digest of a password that nobody has. */
const NOBODY = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/** The cost of a hash such as `$2y$10$…`; undefined when it is no bcrypt hash. */
export function bcryptCost(hash: string): number | undefined {
  if (!HASH.test(hash)) return undefined;
  const cost = getRounds(hash);
  return cost >= MIN_COST && cost <= MAX_COST ? cost : undefined;
}

/** A hash that takes as long as the users' own, so that time does not tell who is one. */
export function dummyHash(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => bcryptCost(hash) ?? MIN_COST);
  return `$2b$${String(Math.max(MIN_COST, ...costs)).padStart(2, "0")}$${NOBODY}`;
}
