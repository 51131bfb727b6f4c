/** A client's HTTP/1.1 connection: sends what plans ask for, checks each answer byte by byte, tells how each one ended. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from '../fixtures/sidecar.ts'
import type { Random } from '../fuzz/random.ts'
import { type Ledger, type Outcome, show } from './ledger.ts'
import { type Head, MessageReader } from './messages.ts'
import { matches, piece } from './pattern.ts'
import { headOf, isUnkind, type Plan } from './plan.ts'

/**
 * Nobody waits longer for the next byte while an answer is due: longer than any plan of the app, and than a drain that is
 * taken back. Not for a whole answer: that of the last of twenty pipelined requests took longer on a busy machine, though
 * none of them had been held up.
 */
const PATIENCE_MS = 12_000
const LEAVING_MS = 3000

interface Pending {
  readonly plan: Plan
  readonly epoch: number
  /** It may fail for what was before it on this connection. */
  readonly excused: boolean
  readonly done: PromiseWithResolvers<Outcome>
  readonly askedAt: number
  sent: boolean
  received: number
  refused: number
}

export class Http1Client {
  readonly socket: Socket
  /** It does all that a client has to do; others have no right to an answer. */
  behaves = true
  /** No request may follow on this connection. */
  over = false
  readonly #ledger: Ledger
  readonly #by: string
  readonly #pending: Pending[] = []
  /** The ids of all that was asked for here, for those who look into a breach. */
  readonly #asked: number[] = []
  readonly #reader: MessageReader
  readonly #epoch: number
  readonly #patienceMs: number
  #interim = false
  #tainted = false
  /** When the other side last said something, or was asked something. */
  #heardAt = 0
  #patience: NodeJS.Timeout | undefined
  #closed = false

  constructor(socket: Socket, ledger: Ledger, by: string, patienceMs = PATIENCE_MS) {
    this.socket = socket
    this.#patienceMs = patienceMs
    this.#ledger = ledger
    this.#by = by
    this.#epoch = ledger.epoch
    this.#reader = new MessageReader({
      head: (head) => this.#head(head),
      body: (bytes) => this.#body(bytes),
      complete: () => this.#complete(),
    })
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('end', () => this.#gone('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#gone(error.code ?? error.message))
    socket.on('close', () => this.#gone('closed'))
  }

  /** Sends a request whole, and resolves with how it ended. */
  async exchange(plan: Plan, random: Random): Promise<Outcome> {
    const outcome = this.expect(plan)
    this.socket.write(headOf(plan))
    await this.sendBody(plan, random, plan.up)
    return outcome
  }

  /** From now on an answer to this plan is waited for; its request is to be sent next. */
  async expect(plan: Plan): Promise<Outcome> {
    const done = Promise.withResolvers<Outcome>()
    const fresh = plan.up === 0 && plan.method !== 'PUT' && plan.method !== 'POST'
    this.#asked.push(plan.id)
    this.#pending.push({
      plan,
      epoch: this.#ledger.epoch,
      excused: this.over || (!fresh && (this.#tainted || this.#epoch !== this.#ledger.epoch)),
      done,
      askedAt: performance.now(),
      sent: plan.up === 0 && !plan.chunkedUp,
      received: 0,
      refused: 0,
    })
    this.#tainted ||= plan.conduct === 'idle-close'
    if (this.#closed) this.#gone('closed')
    if (isUnkind(plan) || plan.conduct === 'says-close' || plan.framing === 'close') this.over = true
    this.#heardAt = performance.now()
    this.#patience ??= setTimeout(() => void this.#lookWhetherSilent(), this.#patienceMs)
    return done.promise
  }

  /** Nothing was heard for as long as anybody waits: a breach. Heard, but not all: it goes on waiting. */
  async #lookWhetherSilent(): Promise<void> {
    // A timer that fires late may come before what has arrived meanwhile is read.
    for (let turn = 0; turn < 2; turn += 1) await nextTurn()
    this.#patience = undefined
    const [first] = this.#pending
    if (first === undefined) return
    const silentMs = performance.now() - this.#heardAt
    if (silentMs < this.#patienceMs) {
      this.#patience = setTimeout(() => void this.#lookWhetherSilent(), this.#patienceMs - silentMs)
      return
    }
    if (this.behaves && !this.#ledger.excuses)
      this.#ledger.breach(
        `${this.#by}: no answer, ${Math.round(silentMs)} ms without a byte, ${this.#pending.length} of ` +
          `${this.#asked.length} requests of its connection open: ${show(first.plan)}`,
      )
    this.socket.destroy()
  }

  /** Sends so many bytes of the body, and its end if that is all of it. */
  async sendBody(plan: Plan, random: Random, bytes: number): Promise<void> {
    for (let at = 0; at < bytes && !this.#closed;) {
      const part = piece(2 * plan.id, at, Math.min(bytes - at, 1 + random.below(50_000)))
      if (plan.chunkedUp) this.socket.write(`${part.length.toString(16)}\r\n`)
      const flows = this.socket.write(part)
      if (plan.chunkedUp) this.socket.write('\r\n')
      at += part.length
      if (at === plan.up && !plan.chunkedUp) this.#sentWhole(plan)
      if (!flows)
        await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(() => undefined)
      if (random.chance(10)) await sleep(random.below(5))
    }
    if (bytes < plan.up) return
    if (!plan.chunkedUp || this.#closed) return
    this.socket.write('0\r\n\r\n')
    this.#sentWhole(plan)
  }

  #sentWhole(plan: Plan): void {
    const pending = this.#pending.find((one) => one.plan === plan)
    if (pending !== undefined) pending.sent = true
  }

  /** Leaves as one should: FIN, and waits for the other side's. */
  async leave(): Promise<void> {
    if (this.socket.destroyed) return
    this.socket.end()
    const late = sleep(LEAVING_MS)
    await Promise.race([once(this.socket, 'close').catch(() => undefined), late])
    this.socket.destroy()
  }

  #read(bytes: Buffer): void {
    this.#heardAt = performance.now()
    try {
      this.#reader.feed(bytes)
    } catch (error) {
      this.#ledger.breach(`${this.#by}: what is no answer: ${String(error)}`)
      this.socket.destroy()
    }
  }

  #head(head: Head): 'fields' | 'none' | 'until-close' {
    const status = Number(head.first.split(' ')[1])
    this.#interim = status < 200
    if (this.#interim) return 'none'
    const pending = this.#pending[0]
    if (pending === undefined) {
      if (this.behaves && head.fields['proxy-status'] === undefined)
        this.#ledger.breach(`${this.#by}: an answer to nothing: ${head.first}`)
      this.over = true
      return 'fields'
    }
    const { plan } = pending
    if (head.fields['proxy-status'] !== undefined) {
      pending.refused = status
      this.over = true
      return plan.method === 'HEAD' ? 'none' : 'fields'
    }
    if (head.fields['x-id'] !== String(plan.id))
      this.#ledger.breach(`${this.#by}: the answer of ${head.fields['x-id']} for ${show(plan)}`)
    if (head.fields['connection'] === 'close') this.#toldToClose(pending)
    if (plan.method === 'HEAD') return 'none'
    return plan.framing === 'close' ? 'until-close' : 'fields'
  }

  /** Whoever is told so in an answer has to stop sending (RFC 9112 §9.6): lastcall may not say it in the middle of a request. */
  #toldToClose({ plan, sent }: Pending): void {
    this.over = true
    const byApp = plan.framing === 'close' || plan.conduct === 'says-close' || plan.conduct === 'early-close'
    if (!byApp && !sent) this.#ledger.breach(`${this.#by}: told to close within its request: ${show(plan)}`)
  }

  #body(bytes: Buffer): void {
    const pending = this.#pending[0]
    if (pending === undefined || pending.refused !== 0) return
    if (!matches(2 * pending.plan.id + 1, pending.received, bytes))
      this.#ledger.breach(`${this.#by}: other bytes from ${pending.received} on: ${show(pending.plan)}`)
    pending.received += bytes.length
  }

  #complete(): void {
    if (this.#interim) return
    const pending = this.#pending[0]
    if (pending === undefined) return
    const { plan, received, refused, epoch } = pending
    // A process that dies may leave a FIN behind: where that is what ends an answer, nobody can tell.
    const short = plan.method !== 'HEAD' && received < plan.down
    if (short && plan.framing === 'close' && epoch !== this.#ledger.epoch)
      return this.#end({ kind: 'cut', how: 'fin' })
    if (refused !== 0) return this.#end({ kind: 'refused', status: refused })
    if (plan.method !== 'HEAD' && received !== plan.down)
      this.#ledger.breach(`${this.#by}: ${received} bytes look complete: ${show(plan)}`)
    this.#end({ kind: 'whole' })
  }

  #gone(how: string): void {
    this.#closed = true
    if (how === 'fin' && this.#reader.untilClose) this.#complete()
    while (this.#pending.length > 0) this.#end({ kind: 'cut', how })
    clearTimeout(this.#patience)
    this.#patience = undefined
  }

  #end(outcome: Outcome): void {
    const { plan, epoch, excused, done, askedAt } = this.#pending.shift()!
    if (outcome.kind === 'whole' && performance.now() - askedAt > this.#patienceMs)
      this.#ledger.count(`${this.#by}: whole after more than ${this.#patienceMs / 1000} s`)
    const entitled = this.behaves && !excused && epoch === this.#ledger.epoch
    this.#ledger.ended(plan, outcome, entitled, `${this.#by} (${this.#asked.join(' ')})`)
    // What is behind the last answer of a connection has no right to one.
    if (this.over) for (const later of this.#pending) Object.assign(later, { excused: true })
    done.resolve(outcome)
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Connects; undefined if that fails, which is a breach. */
export async function open(place: Place, ledger: Ledger, by: string): Promise<Http1Client | undefined> {
  const { epoch } = ledger
  const socket = connect({ ...place, noDelay: true, allowHalfOpen: true })
  const client = new Http1Client(socket, ledger, by)
  try {
    await once(socket, 'connect')
    return client
  } catch (error) {
    if (!ledger.excuses && ledger.epoch === epoch) ledger.breach(`${by}: could not connect: ${String(error)}`)
    return undefined
  }
}
