/** The text of an error, without its class. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The text of an error that nobody foresaw, with its class and where it came from. */
export function stackText(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
