/** Where the benchmark is: one line that is written over in a terminal, a line for each scenario in a log. */

export class Progress {
  readonly #names: readonly string[]
  readonly #terminal = process.stderr.isTTY
  readonly #began = performance.now()
  #at = 0

  constructor(names: readonly string[]) {
    this.#names = names
  }

  begin(name: string): void {
    this.#at = this.#names.indexOf(name) + 1
    if (!this.#terminal) console.error(`${this.#prefix()} ${name}`)
  }

  show(line: string): void {
    if (this.#terminal)
      process.stderr.write(`\r\u001B[K${this.#prefix()} ${line}`.slice(0, process.stderr.columns))
    else if (line.includes('failed')) console.error(line)
  }

  end(): void {
    if (this.#terminal) process.stderr.write('\r\u001B[K')
  }

  #prefix(): string {
    const seconds = Math.round((performance.now() - this.#began) / 1000)
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    return `${clock} ${this.#at}/${this.#names.length}`
  }
}
