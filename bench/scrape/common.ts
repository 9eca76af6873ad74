/** Ports of every host in the comparison, as the peer written in Go has them. */
export const HOST_PORTS = [22, 25, 53, 80, 110, 143, 443, 445, 3306, 8080];

/** The `index`-th address of 10.0.0.0/8, which are names here and never scanned. */
export function ipOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

/** Hosts that change between two scrapes: `none`, `together` (1 %, neighbours), `scattered` (1 %) or `all`. */
export function changedHosts(hosts: number, how: string): number[] {
  const some = Math.max(1, Math.floor(hosts / 100));
  switch (how) {
    case "none":
      return [];
    case "together":
      return Array.from({ length: some }, (_, i) => Math.floor(hosts / 3) + i);
    case "scattered":
      return Array.from({ length: some }, (_, i) => i * 100 + i % 100).filter((i) => i < hosts);
    default:
      return Array.from({ length: hosts }, (_, i) => i);
  }
}

const encoder = new TextEncoder();

/** Prints a line. */
export function say(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}
