/** How urgent a request is, most urgent first. */
export const PRIORITIES = ["high", "normal", "low"] as const;

/** See `PRIORITIES`. */
export type Priority = typeof PRIORITIES[number];
