/** Where in a document its reader is, in characters of a JavaScript string. */
export class XmlPlace {
  /** Index of the next byte in the bytes at hand. */
  at = 0;
  /** What to add to `at` to get the position in the document. */
  offset = 0;
  /** From 1. */
  line = 1;
  /** Position of the first character of the line, corrected so that a column counts code points. */
  lineStart = 0;

  /** Characters before this place. */
  get position(): number {
    return this.offset + this.at;
  }

  /** Code points of the line before this place. */
  get column(): number {
    return this.position - this.lineStart;
  }

  /** A line end was read. */
  newLine(): void {
    this.line++;
    this.lineStart = this.position;
  }
}
