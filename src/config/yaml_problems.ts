import type { YAMLError } from "yaml";

/**
 * What each problem of YAML itself is called, with what to do. The library's own texts are not
 * shown: they repeat parts of the file, and a password with a wrong character in it is in the file.
 */
const TEXTS: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  ALIAS_PROPS: "an alias takes no tag and no anchor (put text that begins with * in quotes)",
  BAD_ALIAS: "this anchor or alias has no usable name (put text that begins with & or * in quotes)",
  BAD_COLLECTION_TYPE: "this tag does not fit its value (remove the tag)",
  BAD_DIRECTIVE: "this directive is not known (remove the line that begins with %)",
  BAD_DQ_ESCAPE:
    "this escape is not known (use single quotes to have backslashes taken as they are)",
  BAD_INDENT: "the indentation is wrong here (keys of one mapping begin in the same column)",
  BAD_PROP_ORDER:
    "a tag or anchor is in the wrong place (put text that begins with ! or & in quotes)",
  BAD_SCALAR_START: "text cannot begin with this character (put it in quotes)",
  BLOCK_AS_IMPLICIT_KEY:
    "a second key is on this line (write one key per line, text with colons in quotes)",
  BLOCK_IN_FLOW: "an indented block cannot stand inside [ ] or { } (use one of the two styles)",
  KEY_OVER_1024_CHARS: "this key is too long (at most 1024 characters)",
  MISSING_CHAR:
    "a quote, bracket, comma, colon or space is missing here (close what was opened; a space follows every colon)",
  MULTILINE_IMPLICIT_KEY: "a key goes on over several lines (a colon and a space follow every key)",
  MULTIPLE_ANCHORS: "more than one anchor (put text that begins with & in quotes)",
  MULTIPLE_TAGS: "more than one tag (put text that begins with ! in quotes)",
  RESOURCE_EXHAUSTION: "lists or mappings are nested too deeply",
  TAB_AS_INDENT: "a tab is used as indentation (use spaces)",
  TAG_RESOLVE_FAILED: "this tag is not known (put text that begins with ! in quotes)",
  UNEXPECTED_TOKEN:
    "this cannot stand here (put text with special characters in quotes, and close what was opened)",
};

/** Codes that stand for several problems, told apart by the library's text. */
const FINER_TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    /closing .*quote|closing "/i,
    "a quote is not closed (write the second quote; double a single quote inside)",
  ],
  [/^Flow (?:map|sequence)|expected flow/i, "a [ or { is not closed (write the missing ] or })"],
  [/followed by map values/, "a colon and a space are missing after this key (write key: value)"],
];

/** Text of a problem that the YAML parser found: what is wrong, and what to do about it. */
export function describeYamlError({ code, message }: Pick<YAMLError, "code" | "message">): string {
  const finer = FINER_TEXTS.find(([pattern]) => pattern.test(message));
  return `Cannot read YAML: ${finer?.[1] ?? TEXTS[code] ?? "this is not valid"}`;
}
