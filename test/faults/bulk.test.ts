/**
 * Bytes in bulk, many transfers at once, read into and written from shared buffers: each receiver gets the sender's
 * bytes and no other's, in order, however the others stall. DESIGN §1: one client's bytes cannot reach another.
 */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { listen } from '../fixtures/listener.ts'
import { seeded } from '../fixtures/random.ts'
import { startRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/until.ts'

/** More than there are buffers for writes that wait. */
const STALLED = 36
const MOVING = 8
/** Send what fills a read exactly, later a few bytes more, and as the last thing what fills a read again. */
const EXACT = 8
const FLOWS = STALLED + MOVING + EXACT
/** Of the buffer that everybody reads into. */
const FILL = 32 * 1024
/** So many buffers there are (src/proxy/sockets/bulk.ts). */
const MOST = 16
const MIB = 1024 * 1024
/** Long and odd, so that a byte in the wrong place, or of somebody else, is another byte. */
const PERIOD = 1_000_003
const random = seeded(20261121)
const PATTERN = Buffer.alloc(2 * PERIOD)
for (let at = 0; at < PERIOD; at += 1) PATTERN[at] = PATTERN[at + PERIOD] = Math.floor(random() * 256)

function patternOf(flow: number, at: number, count: number): Buffer {
  const start = (flow * 104_729 + at) % PERIOD
  return PATTERN.subarray(start, start + Math.min(count, PERIOD))
}

const isExact = (flow: number): boolean => flow >= STALLED + MOVING

/** Sends pieces of all sizes until it is told to stop. */
class Sender {
  sent = 0
  over = false
  readonly socket: Socket
  readonly #flow: number

  constructor(socket: Socket, flow: number) {
    this.socket = socket
    this.#flow = flow
  }

  /** `before`: how many bytes went out with the first piece that are not of the pattern. */
  async run(before: number): Promise<void> {
    let first = FILL - before
    while (!this.over && !this.socket.destroyed) {
      const size = isExact(this.#flow) ? first : 1 + Math.floor(random() * 200_000)
      await this.#send(size)
      if (!isExact(this.#flow)) continue
      await sleep(5)
      await this.#send(1 + Math.floor(random() * 9))
      await sleep(5)
      first = FILL
    }
    if (isExact(this.#flow)) await this.#send(FILL)
  }

  async #send(size: number): Promise<void> {
    const piece = patternOf(this.#flow, this.sent, size)
    this.sent += piece.length
    await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()))
  }
}

/** Compares what comes with what should. */
class Receiver {
  received = 0
  wrongAt: number | undefined
  readonly socket: Socket
  readonly #flow: number

  constructor(socket: Socket, flow: number) {
    this.socket = socket
    this.#flow = flow
    socket.on('data', (bytes: Buffer) => {
      this.take(bytes)
      if (flow < STALLED || isExact(flow) || random() > 0.2) return
      socket.pause()
      setTimeout(() => socket.resume(), random() * 20)
    })
    if (flow < STALLED) socket.pause()
  }

  take(bytes: Buffer): void {
    const expected = patternOf(this.#flow, this.received, bytes.length)
    if (this.wrongAt === undefined && !bytes.equals(expected)) this.wrongAt = this.received
    this.received += bytes.length
  }
}

/** Splits off a head: what is behind it goes on to `take`. */
function behindHead(socket: Socket, then: (head: string, rest: Buffer) => void): void {
  let gathered = Buffer.alloc(0)
  const look = (bytes: Buffer): void => {
    gathered = Buffer.concat([gathered, bytes])
    const end = gathered.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', look)
    then(gathered.toString('latin1', 0, end), gathered.subarray(end + 4))
  }
  socket.on('data', look)
}

const ANSWER = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'
const flowOf = (head: string): number => Number(/^\w+ \/(\d+) /.exec(head)?.[1])
const put = (flow: number): string =>
  `PUT /${flow} HTTP/1.1\r\nHost: test\r\nContent-Length: ${2 ** 40}\r\n\r\n`

/** Every third one that stalls never goes on. */
const isLost = (flow: number): boolean => flow < STALLED && flow % 3 === 0

for (const native of [true, false])
  for (const direction of ['download', 'upload'] as const) {
    const name = `${direction}, ${native ? 'native' : 'fallback'}: ${FLOWS} at once, of which ${STALLED} stall`
    await tap.test(name, async (t) => {
      const senders: Sender[] = []
      const receivers: Receiver[] = []
      const send = (socket: Socket, flow: number, head: string): void => {
        const sender = (senders[flow] = new Sender(socket, flow))
        socket.write(head)
        void sender.run(head.length)
      }
      const receive = (socket: Socket, flow: number, rest: Buffer): void => {
        receivers[flow] = new Receiver(socket, flow)
        receivers[flow].take(rest)
      }
      const server = createServer((socket) =>
        behindHead(socket, (head, rest) => {
          if (direction === 'download') send(socket, flowOf(head), ANSWER)
          else receive(socket, flowOf(head), rest)
        }),
      )
      const app = await listen(t, server)
      const { relay, place } = await startRelay(t, app.port, native)
      for (let flow = 0; flow < FLOWS; flow += 1) {
        const socket = connect(place)
        t.teardown(() => socket.destroy())
        socket.on('error', () => undefined)
        if (direction === 'upload') send(socket, flow, put(flow))
        else {
          socket.write(`GET /${flow} HTTP/1.1\r\nHost: test\r\n\r\n`)
          behindHead(socket, (_head, rest) => receive(socket, flow, rest))
        }
      }

      let last = -1
      const stalled = (): boolean => {
        const before = last
        last = senders.slice(0, STALLED).reduce((sum, { sent }) => sum + sent, 0)
        return before === last && receivers.filter(() => true).length === FLOWS
      }
      await until('stalled', stalled, 30_000, 200)
      t.ok(last > STALLED * MIB, `${Math.round(last / STALLED / MIB)} MiB each until they stalled`)
      const others = receivers.slice(STALLED)
      await until('others go on', () => others.every(({ received }) => received > 4 * FILL))
      for (const sender of senders) sender.over = true
      for (const [flow, { socket }] of receivers.entries()) {
        if (isLost(flow)) socket.resetAndDestroy()
        else socket.resume()
      }
      const whole = (flow: number): boolean => receivers[flow]!.received === senders[flow]!.sent
      await until('all is there', () => receivers.every((_, flow) => isLost(flow) || whole(flow)), 30_000)
      t.same(
        receivers.filter(({ wrongAt }) => wrongAt !== undefined),
        [],
        'not a byte in the wrong place',
      )
      for (const { socket } of [...senders, ...receivers]) socket.destroy()
      await until('its end', () => relay.facts.connections === 0 && relay.counters.apps === 0)
      const back = Array.from({ length: MOST + 1 }, () => relay.kit.bulk.take())
      t.equal(new Set(back).size, MOST + 1, 'all buffers have come back, each of them once')
      t.equal(back[MOST], undefined)
    })
  }
