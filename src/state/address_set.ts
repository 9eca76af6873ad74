/** A set of addresses that mostly has none or one, in a tenth of the memory of a Set. */
export class AddressSet implements Iterable<string> {
  #members: string | Set<string> | undefined;

  /** The set of these canonical texts. */
  constructor(addresses: Iterable<string> = []) {
    for (const address of addresses) this.add(address);
  }

  /** Number of addresses. */
  get size(): number {
    const members = this.#members;
    return members === undefined ? 0 : typeof members === "string" ? 1 : members.size;
  }

  /** Whether `address` is in the set. */
  has(address: string): boolean {
    const members = this.#members;
    return members instanceof Set ? members.has(address) : members === address;
  }

  /** Adds an address, if it is not there. */
  add(address: string): void {
    const members = this.#members;
    if (members instanceof Set) members.add(address);
    else if (members === undefined) this.#members = address;
    else if (members !== address) this.#members = new Set([members, address]);
  }

  /** Takes an address out, if it is there. */
  delete(address: string): void {
    if (this.#members instanceof Set) this.#members.delete(address);
    else if (this.#members === address) this.#members = undefined;
  }

  /** The addresses in the order in which they came. */
  values(): IteratorObject<string> {
    const members = this.#members;
    return members instanceof Set
      ? members.values()
      : (members === undefined ? [] : [members]).values();
  }

  [Symbol.iterator](): Iterator<string> {
    return this.values();
  }
}
