/**
 * The output of a command: lines that stay, lines that a terminal updates in place, and data for `-o json`. With `-o json`,
 * standard output has only the data; everything else goes to standard error.
 */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/**
 * Characters that control or mislead a terminal, except for newlines: control characters (C0, C1) and those that change
 * the direction of text. Pods write some of the text that is printed here.
 */
// oxlint-disable-next-line no-control-regex -- these are what must not be printed
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function harmless(text: string): string {
  return text.replaceAll(OBEYED, '?')
}

export class Printer {
  readonly #out: Output
  readonly #errors: Output
  readonly #json: boolean
  readonly #dumb: boolean
  /** What moving lines said last: on a terminal they are the last lines of the screen. */
  #moving: readonly string[] = []

  /** `dumb`: the terminal knows no escape sequences (TERM=dumb), and lines do not move. */
  constructor(out: Output, errors: Output, output: 'text' | 'json', dumb = false) {
    this.#dumb = dumb
    this.#out = out
    this.#errors = errors
    this.#json = output === 'json'
  }

  /** Whether lines move. */
  get terminal(): boolean {
    return this.#words.isTTY === true && !this.#dumb
  }

  /** A line that stays; above those that move. */
  line(text: string): void {
    if (!this.terminal) {
      this.#words.write(`${harmless(text)}\n`)
      return
    }
    const moving = this.#moving
    this.#words.write(`${this.#erased()}${harmless(text)}\n`)
    this.#draw(moving)
  }

  /** A line for standard error, such as a warning. */
  warn(text: string): void {
    const moving = this.#moving
    if (this.terminal) this.#words.write(this.#erased())
    this.#errors.write(`${harmless(text)}\n`)
    if (this.terminal) this.#draw(moving)
  }

  /** Lines that move: these take the place of the last ones. Without a terminal, those that are new are printed. */
  moving(lines: readonly string[]): void {
    if (this.terminal) {
      this.#words.write(this.#erased())
      this.#draw(lines)
      return
    }
    for (const line of lines) if (!this.#moving.includes(line)) this.#words.write(`${harmless(line)}\n`)
    this.#moving = lines
  }

  /** The lines that move stay where they are, as they are. */
  settle(): void {
    this.#moving = []
  }

  /** The lines that move go; without a terminal they have been printed. */
  clear(): void {
    if (this.terminal) this.#words.write(this.#erased())
    this.#moving = []
  }

  /** The result, if `-o json` was given. */
  data(value: unknown): void {
    if (this.#json) this.#out.write(`${JSON.stringify(value, undefined, 2)}\n`)
  }

  get #words(): Output {
    return this.#json ? this.#errors : this.#out
  }

  #draw(lines: readonly string[]): void {
    const width = this.#words.columns || 80
    const shown = this.#fitting(lines.map((line) => harmless(line).replaceAll('\n', ' ')))
    for (const line of shown)
      this.#words.write(`${line.length < width ? line : `${line.slice(0, Math.max(0, width - 2))}…`}\n`)
    this.#moving = shown
  }

  /** No more than fit on the screen: the cursor cannot go back to those above it. The last line says how far it all is. */
  #fitting(lines: readonly string[]): readonly string[] {
    const most = Math.max(3, (this.#words.rows || 24) - 1)
    const more = lines.length - most + 1
    return more <= 1 ? lines : [...lines.slice(0, most - 2), `  (and ${more} more)`, lines.at(-1)!]
  }

  /** The escape sequences that take the moving lines off the screen. */
  #erased(): string {
    const rows = this.#moving.length
    this.#moving = []
    return rows === 0 ? '' : `\x1b[${rows}A\x1b[J`
  }
}
