import { compareAddresses, type Family, parseAddress } from "../../src/domain/address.ts";
import type { Resolution } from "../../src/discovery/names.ts";

/**
 * A resolver that answers with the addresses of `answers`, a text with blanks between them; `?6` says
 * that nobody answered for IPv6. A name without an answer does not resolve.
 */
export function makeResolver(answers: Record<string, string>) {
  const asked: string[] = [];
  let isHeld: (name: string) => boolean = () => false;
  let held: (() => void)[] = [];
  let active = 0;
  let most = 0;
  const answer = (name: string): Resolution => {
    const text = answers[name];
    if (text === undefined) return { kind: "unresolved", message: `Cannot resolve "${name}": x` };
    const words = text.split(" ");
    return {
      kind: "resolved",
      addresses: words.filter((word) => !word.startsWith("?")).map(parseAddress)
        .sort(compareAddresses),
      unanswered: words.filter((word) => word.startsWith("?"))
        .map((word) => Number(word.slice(1)) as Family),
    };
  };
  return {
    asked,
    answers,
    /** Lookups under way at once, at most so far. */
    most: () => most,
    /** Answers nothing until `release`, or not for this name. */
    hold: (only?: string) => void (isHeld = (name) => only === undefined || name === only),
    release: () => {
      isHeld = () => false;
      for (const go of held) go();
      held = [];
    },
    resolve: async (name: string): Promise<Resolution> => {
      asked.push(name);
      most = Math.max(most, ++active);
      if (isHeld(name)) await new Promise<void>((go) => held.push(go));
      active--;
      return answer(name);
    },
  };
}
