import type { Report } from "../config/report.ts";

/** Reads a file that a web configuration names; throws an error whose text goes on after "Cannot read it: ". */
export type ReadPem = (path: string) => string;

/** What a web configuration is resolved with. */
export interface WebContext {
  readonly readPem: ReadPem;
  /** Unix milliseconds. */
  readonly wallClock: () => number;
  readonly report: Report;
}
