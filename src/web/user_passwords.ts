import { createHash, randomBytes } from "node:crypto";
import type { AccessVerdict } from "../http/access.ts";
import type { CompareBcrypt } from "./bcrypt.ts";
import { dummyHash } from "./bcrypt_hash.ts";
import { FairLine } from "./fair_line.ts";
import { LatestSet } from "./latest_set.ts";

/** Verdicts that are remembered of each kind; the wrong ones cannot push out the right ones. */
const REMEMBERED = 1000;
/** Passwords that wait for bcrypt: at a tenth of a second each, a new client waits for less than 7 s. */
const LIMITS = { clients: 64, perClient: 4 };
/** Characters that bcrypt looks at, at most: each is at least one of its 72 bytes. */
const COUNTED_LENGTH = 73;

/**
 * Whether users have the passwords they say, by bcrypt hashes. Verdicts are remembered, so that bcrypt
 * is computed once for each password; what is remembered is no password but a keyed digest.
 */
export class UserPasswords {
  readonly #compare: CompareBcrypt;
  readonly #key = randomBytes(32);
  readonly #right = new LatestSet(REMEMBERED);
  readonly #wrong = new LatestSet(REMEMBERED);
  readonly #line = new FairLine(LIMITS);
  /** Verdicts that are being found out, for those who ask the same meanwhile. */
  readonly #pending = new Map<string, Promise<boolean>>();
  #users: ReadonlyMap<string, string> = new Map();
  #dummy = dummyHash(this.#users);

  constructor(compare: CompareBcrypt) {
    this.#compare = compare;
  }

  /** Names to bcrypt hashes. */
  get users(): ReadonlyMap<string, string> {
    return this.#users;
  }

  set users(users: ReadonlyMap<string, string>) {
    this.#users = users;
    this.#dummy = dummyHash(users);
  }

  /** The verdict on a password that `client` sent; at once when it is remembered or the line is full. */
  check(
    { username, password, client }: { username: string; password: string; client: string },
  ): AccessVerdict | Promise<AccessVerdict> {
    const known = this.#users.get(username);
    // An unknown user takes as long as a known one.
    const hash = known ?? this.#dummy;
    const counted = password.slice(0, COUNTED_LENGTH);
    const key = this.#digest([username, hash, counted]);
    if (this.#right.has(key)) return "granted";
    if (this.#wrong.has(key)) return "refused";
    const asked = this.#pending.get(key) ?? this.#ask(key, { counted, hash, known, client });
    return typeof asked === "string" ? asked : asked.then((right) => right ? "granted" : "refused");
  }

  #ask(
    key: string,
    { counted, hash, known, client }: {
      counted: string;
      hash: string;
      known: string | undefined;
      client: string;
    },
  ): Promise<boolean> | "busy" | "crowded" {
    const verdict = this.#line.run(client, async () => {
      const right = await this.#compare(counted, hash) && known !== undefined;
      (right ? this.#right : this.#wrong).add(key);
      return right;
    });
    if (typeof verdict === "string") return verdict;
    this.#pending.set(key, verdict);
    const done = () => void this.#pending.delete(key);
    verdict.then(done, done);
    return verdict;
  }

  #digest(parts: readonly string[]): string {
    return createHash("sha256").update(this.#key).update(JSON.stringify(parts)).digest("base64");
  }
}
