/** A path as written in a file of `directory` (empty for the working directory): relative ones start there. */
export function inDirectory(directory: string, path: string): string {
  return directory === "" || path.startsWith("/") ? path : `${directory}/${path}`;
}
