import type { Config } from "../config/config.ts";

/** What says whether the program opens connections or resolves names. */
export type DialingConfig = Pick<Config, "targets" | "targetsFiles" | "targetsHttp">;

/** Whether the permission net is needed for as long as the program runs: host names may stand in any list. */
export function dialsOut(config: DialingConfig): boolean {
  return reasons(config).length > 0;
}

/** Why a configuration cannot be used by a program that gave the permission net up, one line each. */
export function netProblems(config: DialingConfig): string[] {
  return reasons(config).map((reason) => `${reason}: needs a restart, net was given up`);
}

function reasons({ targets, targetsFiles, targetsHttp }: DialingConfig): string[] {
  return [
    ...(targets.some(({ hostNames }) => hostNames.length > 0)
      ? ["targets: Cannot resolve host names"]
      : []),
    ...(targetsFiles.length > 0 ? ["targets_files: Cannot resolve host names in files"] : []),
    ...(targetsHttp.length > 0 ? ["targets_http: Cannot ask for lists"] : []),
  ];
}
