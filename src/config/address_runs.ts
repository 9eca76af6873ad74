/** A list item that is one address or network, as it stands in the file. */
export interface AddressItem {
  readonly offset: number;
  /** Without quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

/** Neighbouring items of one list, each on a line of its own, of which only the first and last were left. */
export interface AddressRun {
  readonly first: AddressItem;
  readonly last: AddressItem;
  /** The items between them. */
  readonly cut: readonly AddressItem[];
}

/** Shorter runs are not worth the trouble. */
const MIN_RUN = 64;

/**
 * A line `- ADDRESS`, perhaps in quotes and with a comment: text in any YAML schema. What it matches
 * need not be an address that may be used, and need not be a list item: it may be part of a long text.
 */
const LINE =
  /^( *- )(["']?)((?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,3})?|[\da-f]{1,4}:[\da-f:]*[\da-f](?:\/\d{1,3})?)\2[ \t]*(?:[ \t]#.*)?\r?\n/gim;

/**
 * Cuts long runs of addresses out of a YAML text, because a YAML parser needs a hundred times longer
 * for a line than this. Blanks stand in their place, so that offsets stay what they are. Whoever
 * parses the rest has to see that the first and last item are neighbours in one list: then all
 * between them are items of it as well, as nothing but the address differs from line to line.
 */
export function cutAddressRuns(text: string): { rest: string; runs: readonly AddressRun[] } {
  const runs: AddressRun[] = [];
  const rest: string[] = [];
  let copied = 0;
  let items: AddressItem[] = [];
  let lines: number[] = [];
  let prefix = "";
  let end = -1;
  const finish = () => {
    if (items.length >= MIN_RUN) {
      const [from, to] = [lines[1]!, lines.at(-1)!];
      rest.push(text.slice(copied, from), " ".repeat(to - from - 1), "\n");
      copied = to;
      runs.push({ first: items[0]!, last: items.at(-1)!, cut: items.slice(1, -1) });
    }
    items = [];
    lines = [];
  };
  for (const match of text.matchAll(LINE)) {
    const [line, indent, quote, address] = match as unknown as [string, string, string, string];
    const { index } = match;
    if (index !== end || indent !== prefix) finish();
    // "^" takes more for the end of a line than YAML does.
    if (index > 0 && text[index - 1] !== "\n") continue;
    prefix = indent;
    end = index + line.length;
    lines.push(index);
    items.push({ offset: index + indent.length, text: address, quoted: quote !== "" });
  }
  finish();
  if (runs.length === 0) return { rest: text, runs };
  rest.push(text.slice(copied));
  return { rest: rest.join(""), runs };
}
