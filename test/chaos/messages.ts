/**
 * Reads HTTP/1.1 messages in the plainest way, one byte stream after the other; for both sides of the chaos.
 * Deliberately no code of lastcall's. Throws on what is malformed.
 */

export interface Head {
  readonly first: string
  /** Names in lower case; of a repeated field the last. */
  readonly fields: Readonly<Record<string, string>>
}

export interface Reading {
  /** How the body of this message is framed: by its own fields, `none`, `until-close`, or `stop`: the rest is no HTTP. */
  head(head: Head): 'fields' | 'none' | 'until-close' | 'stop'
  body(bytes: Buffer): void
  complete(): void
  /** What follows a head that was answered with `stop`. */
  rest?(bytes: Buffer): void
}

type Within =
  | 'head'
  | 'length'
  | 'until-close'
  | 'chunk-size'
  | 'chunk'
  | 'chunk-end'
  | 'trailers'
  | 'stopped'
const MAX_LINE_BYTES = 64 * 1024

export class MessageReader {
  readonly #to: Reading
  #within: Within = 'head'
  #left = 0
  #line = Buffer.alloc(0)

  constructor(to: Reading) {
    this.#to = to
  }

  /** Whether a message has begun that is not complete. */
  get inside(): boolean {
    return this.#within === 'head' ? this.#line.length > 0 : this.#within !== 'stopped'
  }

  get untilClose(): boolean {
    return this.#within === 'until-close'
  }

  feed(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) rest = this.#step(rest)
  }

  #step(bytes: Buffer): Buffer {
    const none = bytes.subarray(bytes.length)
    switch (this.#within) {
      case 'head':
        return this.#upTo('\r\n\r\n', bytes, (text) => this.#head(text))
      case 'chunk-size':
        return this.#upTo('\r\n', bytes, (text) => this.#size(text))
      case 'chunk-end':
        return this.#upTo('\r\n', bytes, (text) => {
          if (text !== '') throw new Error(`bytes behind a chunk: ${JSON.stringify(text.slice(0, 50))}`)
          this.#within = 'chunk-size'
        })
      case 'trailers':
        return this.#upTo('\r\n', bytes, (text) => {
          if (text === '') this.#over()
        })
      case 'length':
      case 'chunk': {
        const taken = bytes.subarray(0, this.#left)
        this.#left -= taken.length
        this.#to.body(taken)
        if (this.#left === 0) this.#partOver()
        return bytes.subarray(taken.length)
      }
      case 'until-close':
        this.#to.body(bytes)
        return none
      case 'stopped':
        this.#to.rest?.(bytes)
    }
    return none
  }

  #upTo(mark: string, bytes: Buffer, found: (text: string) => void): Buffer {
    const before = this.#line.length
    const all = before === 0 ? bytes : Buffer.concat([this.#line, bytes])
    const end = all.indexOf(mark, Math.max(0, before - mark.length + 1))
    if (end < 0) {
      this.#line = Buffer.from(all)
      if (all.length > MAX_LINE_BYTES) throw new Error(`no ${JSON.stringify(mark)} in ${all.length} bytes`)
      return bytes.subarray(bytes.length)
    }
    this.#line = Buffer.alloc(0)
    found(all.toString('latin1', 0, end))
    return all.subarray(end + mark.length)
  }

  #head(text: string): void {
    const [first = '', ...lines] = text.split('\r\n')
    const fields: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon < 1) throw new Error(`no field: ${JSON.stringify(line)}`)
      fields[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const framing = this.#to.head({ first, fields })
    const length = fields['content-length']
    if (framing === 'stop') this.#within = 'stopped'
    else if (framing === 'until-close') this.#within = 'until-close'
    else if (framing === 'none') this.#over()
    else if (fields['transfer-encoding'] === 'chunked') this.#within = 'chunk-size'
    else if (length === undefined || length === '0') this.#over()
    else {
      this.#within = 'length'
      this.#left = Number(length)
    }
  }

  #size(text: string): void {
    if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`no chunk size: ${JSON.stringify(text)}`)
    this.#left = Number.parseInt(text, 16)
    this.#within = this.#left === 0 ? 'trailers' : 'chunk'
  }

  #partOver(): void {
    if (this.#within === 'length') return this.#over()
    this.#within = 'chunk-end'
  }

  #over(): void {
    this.#within = 'head'
    this.#to.complete()
  }
}
