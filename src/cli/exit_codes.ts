/** Exit codes of the program (contract, section 1). */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;
