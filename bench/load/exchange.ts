/**
 * A client connection of the load generator, as cheap as Node can be: made once, the same request bytes again and
 * again, one shared read buffer, and a write that goes straight to the handle. Responses are found by Content-Length;
 * one that looks exactly like the one before is taken for it. Knows no rate and no clock.
 */

import { connect, type Socket } from 'node:net'
import { sendNow } from './send.ts'

export interface ExchangeOwner {
  opened(exchange: Exchange): void
  answered(exchange: Exchange): void
  /** It is over, and nobody asked for that. */
  broken(exchange: Exchange, why: string): void
}

const READ = Buffer.allocUnsafeSlow(256 * 1024)
const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_AT = 9
const TWO = 0x32

/** The bytes of a GET as clients send it: a few fields, kept alive. */
export function getRequest(path: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: app.example:8080',
    'User-Agent: lastcall-bench/1',
    'Accept: */*',
    'Accept-Encoding: gzip, br',
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Opens a connection that its owner hears of when it is there. */
export function open(port: number, owner: ExchangeOwner): Exchange {
  return new Exchange(port, owner)
}

export class Exchange {
  /** When the request under way was due; for the owner's use. */
  dueAt = 0
  /** Bytes that came. */
  received = 0
  readonly #owner: ExchangeOwner
  readonly #socket: Socket
  #usual = 0
  #head: Buffer | undefined
  /** Bytes of the body that are still to come; -1 while the head is. */
  #left = -1
  #over = false

  constructor(port: number, owner: ExchangeOwner) {
    this.#owner = owner
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: READ, callback: (count, bytes) => this.#read(count, bytes as Buffer) },
    })
    this.#socket.on('connect', () => owner.opened(this))
    this.#socket.on('error', (error) => this.#broke(error.message))
    this.#socket.on('close', () => this.#broke('closed'))
  }

  send(request: Buffer): void {
    const failed = sendNow(this.#socket, request)
    if (failed !== undefined) this.#broke(failed)
  }

  /** Sends at leisure; answers false until the socket has room again, which `drained` tells. */
  sendBody(bytes: Buffer, drained: () => void): boolean {
    if (this.#socket.write(bytes)) return true
    this.#socket.once('drain', drained)
    return false
  }

  /** Closes it from this side: FIN if all has been read. */
  close(): void {
    this.#over = true
    this.#socket.destroy()
  }

  #broke(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#socket.destroy()
    this.#owner.broken(this, why)
  }

  #read(count: number, bytes: Buffer): boolean {
    this.received += count
    if (this.#left < 0 && this.#head === undefined && count === this.#usual && bytes[STATUS_AT] === TWO) {
      this.#owner.answered(this)
      return true
    }
    this.#slowly(count, bytes)
    return true
  }

  #slowly(count: number, bytes: Buffer): void {
    if (this.#left < 0) {
      const whole =
        this.#head === undefined
          ? bytes.subarray(0, count)
          : Buffer.concat([this.#head, bytes.subarray(0, count)])
      const end = whole.indexOf(HEAD_END)
      if (end < 0) {
        this.#head = Buffer.from(whole)
        return
      }
      const text = whole.toString('latin1', 0, end)
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
      if (whole[STATUS_AT] !== TWO || length === undefined) return this.#broke(text.slice(0, 200))
      const total = end + HEAD_END.length + Number(length)
      this.#usual = total
      this.#left = total - whole.length
      this.#head = undefined
    } else {
      this.#left -= count
    }
    if (this.#left < 0) return this.#broke('more than one answer')
    if (this.#left > 0) return
    this.#left = -1
    this.#owner.answered(this)
  }
}
