/**
 * An app that does what each request asks for, and what no app should do: answers before it has read, never reads,
 * breaks off, closes while it idles, dies and comes back. Checks every upload byte by byte.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../fuzz/random.ts'
import { h2App, webSocketApp } from './app-protocols.ts'
import { streamEvents } from './streams.ts'
import type { Ledger } from './ledger.ts'
import { type Head, MessageReader } from './messages.ts'
import { matches, piece } from './pattern.ts'
import { type Plan, planOf } from './plan.ts'
import { reset } from './reset.ts'

const AWAY_MS = 150
const WITHOUT_READING_MS = 400

export class ChaosApp {
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #sockets = new Set<Socket>()
  readonly #h2: ReturnType<typeof h2App>
  readonly #webSockets = webSocketApp()
  #server: Server | undefined
  readonly port: number

  constructor(ledger: Ledger, random: Random, port: number) {
    this.#ledger = ledger
    this.#random = random
    this.port = port
    this.#h2 = h2App(ledger)
  }

  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
    this.#server = server
    server.listen({ port: this.port, host: '127.0.0.1', backlog: 4096 })
    await once(server, 'listening')
  }

  /** Dies with all that it has in hand, as a process does that is killed. */
  async stop(): Promise<void> {
    this.#ledger.epoch += 1
    const server = this.#server!
    server.close()
    for (const socket of this.#sockets) reset(socket)
    await once(server, 'close')
  }

  async restart(): Promise<void> {
    this.#ledger.count('restarts of the app')
    await this.stop()
    await sleep(this.#random.below(AWAY_MS))
    await this.start()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    const silent = () => void socket.end()
    socket.on('end', silent)
    socket.once('data', (first: Buffer) => {
      socket.off('end', silent)
      if (first.subarray(0, 3).toString('latin1') === 'PRI') {
        socket.pause()
        socket.allowHalfOpen = false
        socket.unshift(first)
        this.#h2.emit('connection', socket)
        return
      }
      const connection = new AppConnection(socket, this.#ledger, this.#random, (head, rest) =>
        this.#webSockets.upgrade(head, socket, rest),
      )
      connection.feed(first)
    })
  }
}

/** One HTTP/1.1 connection of the app. */
class AppConnection {
  readonly #socket: Socket
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #reader: MessageReader
  readonly #upgrade: (head: Head, rest: Buffer) => void
  readonly #feed = (bytes: Buffer): void => this.feed(bytes)
  readonly #end = (): void => this.#clientEnded()
  #plan: Plan | undefined
  #received = 0
  #answering = false
  #whole = false
  #ended = false
  /** It does as it likes from here on, and nothing that comes is looked at. */
  #given = false
  #upgraded: Head | undefined

  constructor(socket: Socket, ledger: Ledger, random: Random, upgrade: (head: Head, rest: Buffer) => void) {
    this.#socket = socket
    this.#ledger = ledger
    this.#random = random
    this.#upgrade = upgrade
    this.#reader = new MessageReader({
      head: (head) => this.#requested(head),
      body: (bytes) => this.#body(bytes),
      complete: () => this.#complete(),
      rest: (bytes) => this.#handOver(bytes),
    })
    socket.on('data', this.#feed)
    socket.on('end', this.#end)
  }

  feed(bytes: Buffer): void {
    if (this.#given) return
    try {
      this.#reader.feed(bytes)
    } catch (error) {
      this.#ledger.breach(`the app got what is no request: ${String(error)}`)
      this.#reset()
    }
    if (this.#upgraded !== undefined) this.#handOver(Buffer.alloc(0))
  }

  #requested(head: Head): 'fields' | 'stop' {
    const [method = '', target = ''] = head.first.split(' ')
    if (head.fields['upgrade'] !== undefined) {
      this.#upgraded = head
      return 'stop'
    }
    if (head.fields['x-forwarded-for'] === undefined)
      this.#ledger.breach(`without X-Forwarded-For: ${head.first}`)
    const plan = planOf(method, target, head.fields['transfer-encoding'] !== undefined)
    this.#plan = plan
    this.#received = 0
    this.#whole = false
    this.#ledger.arrived(plan)
    switch (plan.conduct) {
      case 'early':
        void this.#answer(plan)
        break
      case 'early-close':
        this.#given = true
        void this.#answer(plan)
        break
      case 'interim':
        this.#socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
        break
      case 'events':
        this.#given = true
        void streamEvents(this.#socket, plan, this.#random)
        break
      case 'no-read':
        this.#given = true
        this.#socket.pause()
        setTimeout(() => this.#reset(), this.#random.below(WITHOUT_READING_MS))
        break
      case 'after':
      case 'slow':
      case 'idle-close':
      case 'says-close':
      case 'reset-head':
      case 'reset-body':
      case 'short-fin':
    }
    return 'fields'
  }

  #body(bytes: Buffer): void {
    const plan = this.#plan
    if (plan === undefined || this.#given) return
    if (!matches(2 * plan.id, this.#received, bytes))
      this.#ledger.breach(`the app got other bytes from ${this.#received} on: ${JSON.stringify(plan)}`)
    this.#received += bytes.length
  }

  #complete(): void {
    const plan = this.#plan
    this.#whole = true
    if (plan === undefined || this.#given) return
    if (this.#received !== plan.up)
      this.#ledger.breach(`the app got ${this.#received} bytes as a whole body: ${JSON.stringify(plan)}`)
    this.#ledger.count('whole requests at the app')
    if (plan.conduct === 'reset-head') this.#reset()
    else if (plan.conduct !== 'early') void this.#answer(plan)
    else if (!this.#answering) this.#answered(plan)
  }

  async #answer(plan: Plan): Promise<void> {
    const { id, down, framing, conduct, method } = plan
    this.#answering = true
    const closes = framing === 'close' || conduct === 'says-close' || conduct === 'early-close'
    const fields =
      framing === 'chunked'
        ? 'Transfer-Encoding: chunked\r\n'
        : framing === 'length'
          ? `Content-Length: ${down}\r\n`
          : ''
    this.#socket.write(
      `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n${fields}${closes ? 'Connection: close\r\n' : ''}\r\n`,
    )
    if (method !== 'HEAD') {
      const breaksOff = conduct === 'reset-body' || (conduct === 'short-fin' && framing !== 'close')
      const until = breaksOff ? Math.floor(down / 2) : down
      for (let at = 0; at < until;) {
        const bytes = piece(2 * id + 1, at, Math.min(until - at, 1 + this.#random.below(60_000)))
        if (framing === 'chunked') this.#socket.write(`${bytes.length.toString(16)}\r\n`)
        this.#socket.write(bytes)
        if (framing === 'chunked') this.#socket.write('\r\n')
        at += bytes.length
        if (conduct === 'slow') await sleep(this.#random.below(10))
      }
      if (breaksOff) {
        this.#given = true
        await sleep(this.#random.below(10))
        return conduct === 'reset-body' ? this.#reset() : this.#fin()
      }
      if (framing === 'chunked') this.#socket.write('0\r\n\r\n')
    }
    this.#answering = false
    if (this.#whole || conduct === 'early-close') this.#answered(plan)
  }

  /** The answer is out, and the whole request has come, or does not matter. */
  #answered(plan: Plan): void {
    const { framing, conduct } = plan
    if (conduct === 'early-close') {
      this.#fin()
      setTimeout(() => this.#socket.destroy(), this.#random.below(50))
    } else if (framing === 'close' || conduct === 'says-close' || this.#ended) this.#fin()
    else if (conduct === 'idle-close')
      setTimeout(() => {
        if (this.#plan === plan && !this.#reader.inside) this.#fin()
      }, this.#random.below(8))
  }

  #clientEnded(): void {
    this.#ended = true
    if (this.#given) this.#fin()
    else if (this.#reader.inside && this.#plan !== undefined) {
      this.#ledger.shortEnd(this.#plan, this.#received)
      this.#given = true
      this.#socket.end()
    } else if (!this.#answering) this.#socket.end()
  }

  #fin(): void {
    if (!this.#socket.destroyed) this.#socket.end()
  }

  #reset(): void {
    this.#given = true
    reset(this.#socket)
  }

  #handOver(rest: Buffer): void {
    const head = this.#upgraded
    if (head === undefined) return
    this.#upgraded = undefined
    this.#socket.off('data', this.#feed)
    this.#socket.off('end', this.#end)
    this.#upgrade(head, rest)
  }
}
