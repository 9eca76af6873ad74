/** What SQLite adds to the name of a file for those that belong to it. */
const COMPANIONS = ["", "-wal", "-shm"] as const;

/**
 * Renames a damaged file and those beside it to `PATH.corrupt-YYYYMMDDTHHMMSSZ`, with a number behind
 * where that is taken; returns the new name. Nothing is deleted or overwritten.
 *
 * @throws what Deno throws when the directory cannot be written.
 */
export function setAside(path: string, time: number): string {
  const stamp = new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  let aside = `${path}.corrupt-${stamp}`;
  for (let n = 2; COMPANIONS.some((end) => exists(aside + end)); n++) {
    aside = `${path}.corrupt-${stamp}-${n}`;
  }
  for (const end of COMPANIONS) if (exists(path + end)) Deno.renameSync(path + end, aside + end);
  return aside;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
