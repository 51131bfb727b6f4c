/**
 * What a command prints while it works: lines that stay, lines that move on a terminal, and data for `-o json`.
 * With `-o json`, standard output has nothing but the data; the rest goes to standard error.
 */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export class Printer {
  readonly #out: Output
  readonly #errors: Output
  readonly #json: boolean
  /** What moving lines said last: on a terminal they are the last lines of the screen. */
  #moving: readonly string[] = []

  constructor(out: Output, errors: Output, output: 'text' | 'json') {
    this.#out = out
    this.#errors = errors
    this.#json = output === 'json'
  }

  /** Whether lines move. */
  get terminal(): boolean {
    return this.#words.isTTY === true
  }

  /** A line that stays; above those that move. */
  line(text: string): void {
    if (!this.terminal) {
      this.#words.write(`${text}\n`)
      return
    }
    const moving = this.#moving
    this.#words.write(`${this.#erased()}${text}\n`)
    this.#draw(moving)
  }

  /** A line for standard error, such as a warning. */
  warn(text: string): void {
    const moving = this.#moving
    if (this.terminal) this.#words.write(this.#erased())
    this.#errors.write(`${text}\n`)
    if (this.terminal) this.#draw(moving)
  }

  /** Lines that move: these take the place of the last ones. Without a terminal, those that are new are printed. */
  moving(lines: readonly string[]): void {
    if (this.terminal) {
      this.#words.write(this.#erased())
      this.#draw(lines)
      return
    }
    for (const line of lines) if (!this.#moving.includes(line)) this.#words.write(`${line}\n`)
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
    const width = this.#words.columns ?? 80
    for (const line of lines)
      this.#words.write(`${line.length < width ? line : `${line.slice(0, width - 2)}…`}\n`)
    this.#moving = lines
  }

  /** The escape sequences that take the moving lines off the screen. */
  #erased(): string {
    const rows = this.#moving.length
    this.#moving = []
    return rows === 0 ? '' : `\x1b[${rows}A\x1b[J`
  }
}
