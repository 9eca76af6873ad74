/** One scalar of a YAML file, with its text as written: `0x1F` stays `0x1F`. */
export class YamlScalar {
  constructor(
    /** Source text of a plain scalar, content of a quoted one. */
    readonly text: string,
    readonly kind: "text" | "number" | "boolean" | "null",
    /** Written in quotes or as a block: text whatever it looks like. */
    readonly quoted: boolean,
  ) {}
}

/** A value of a YAML file; mappings have no prototype, so any key is an ordinary key. */
export type YamlValue =
  | YamlScalar
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/** Where a value is in its file, and what is beneath it. */
export interface YamlEntry {
  readonly value: YamlValue;
  /** Offset of the value, or of its key when the value is empty. */
  readonly offset: number;
  /** Offset of the key; of the value where there is none. */
  readonly keyOffset: number;
  /** Reported already as something that YAML cannot resolve: there is no more to say about it. */
  readonly unreadable: boolean;
  readonly children: ReadonlyMap<string | number, YamlEntry>;
}
