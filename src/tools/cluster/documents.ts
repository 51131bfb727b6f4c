/** JSON documents out of what `kubectl -o json --watch` prints: one a line, or each over many lines. Pure. */

export class Documents {
  #lines: string[] = []

  /** Takes the next line; returns the document that it ends, if it ends one. */
  line(text: string): unknown {
    this.#lines.push(text)
    // Printed over many lines, a document ends with the only brace that stands at the beginning of a line.
    const ends = this.#lines.length === 1 ? text.endsWith('}') : text === '}'
    if (!ends) return undefined
    const document = this.#lines.join('\n')
    this.#lines = []
    return JSON.parse(document)
  }
}
