/**
 * Who is read from has one table, and two things follow from it whatever both sides do: what is held for a client stays
 * below a bound, and nobody is kept waiting whose reason is gone. DESIGN §2.
 */
import * as fc from 'fast-check'
import tap from 'tap'
import { READ_APP, READ_CLIENT, readsFrom } from '../../src/proxy/relay/flow.ts'
import { MAX_BUFFERED } from '../../src/proxy/conversation/pipelined.ts'
import { ByteStore } from '../../src/protocol/http1/byte-store.ts'
import { Scene } from '../fixtures/conversation.ts'
import { holds } from '../fixtures/property.ts'
import type { Setting } from '../fixtures/transcript.ts'

const SETTING: Setting = {
  lameDuck: false,
  lbHealthy: true,
  lbHealthPath: Buffer.from('/health'),
  maxHeadBytes: 32 * 1024,
  forwardedFor: false,
  clientAddress: '203.0.113.7',
}

void tap.test('a side is read from only while its bytes can go somewhere', async (t) => {
  for (const [clientBacklog, appBacklog, full, client, app] of [
    [false, false, false, true, true],
    [true, false, false, true, false],
    [false, true, false, false, true],
    [true, true, false, false, false],
    [false, false, true, false, true],
    [true, false, true, false, false],
    [false, true, true, false, true],
    [true, true, true, false, false],
  ] as const) {
    const reads = readsFrom(clientBacklog, appBacklog, full)
    t.equal((reads & READ_CLIENT) > 0, client, `client: ${clientBacklog} ${appBacklog} ${full}`)
    t.equal((reads & READ_APP) > 0, app, `app: ${clientBacklog} ${appBacklog} ${full}`)
  }
})

const HEALTH = Buffer.from('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')
const GET = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
const POST = Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9000)}`)
const REQUESTS = { health: HEALTH, get: GET, post: POST }
const RESPONSE = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'y'.repeat(5000)}`)
const NO_CONTENT = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')
/** What a client may say in one read, in bytes. */
const MOST_READ = 16 * 1024
/** An answer of our own. */
const MOST_ANSWER = 512

/** A pair without sockets: kernels that take what they are told to, reading by the table. */
class Model {
  readonly scene = new Scene(SETTING)
  readonly #toSend: Buffer
  readonly #response: Buffer
  #sent = 0
  #toAnswer: Buffer = Buffer.alloc(0)
  #answered = 0
  #asked = 0
  clientPending = 0
  appPending = 0
  toApp = 0
  toClient = 0

  constructor(requests: readonly Buffer[], response = RESPONSE) {
    this.#toSend = Buffer.concat(requests)
    this.#response = response
    this.scene.takesNothing = true
  }

  get done(): boolean {
    return this.#sent === this.#toSend.length && this.scene.talk.idle && this.clientPending === 0
  }

  get reads(): number {
    return readsFrom(this.clientPending > 0, this.appPending > 0, this.scene.talk.buffered > MAX_BUFFERED)
  }

  /** What has been read from the client and has gone nowhere yet. */
  get held(): number {
    const health = this.scene.probes * HEALTH.length
    return this.#sent - health - this.toApp
  }

  clientSends(count: number): boolean {
    const end = Math.min(this.#toSend.length, this.#sent + count)
    if ((this.reads & READ_CLIENT) === 0 || end === this.#sent) return false
    const bytes = this.#toSend.subarray(this.#sent, end)
    this.#sent = end
    this.scene.fromClient(bytes)
    this.#collect()
    return true
  }

  clientTakes(count: number): boolean {
    if (this.clientPending === 0) return false
    this.clientPending -= Math.min(this.clientPending, count)
    this.scene.clientBacklog = this.clientPending > 0
    if (this.clientPending === 0) this.scene.talk.clientDrained()
    // The app accepts, if it is dialled thereby.
    this.scene.feed({ kind: 'wait', ms: 0 }, () => [])
    this.#collect()
    return true
  }

  appTakes(count: number): boolean {
    if (this.appPending === 0) return false
    this.appPending -= Math.min(this.appPending, count)
    return true
  }

  /** The app answers one request at a time, as it has seen them. */
  appSends(count: number): boolean {
    if ((this.reads & READ_APP) === 0 || this.scene.app !== 'open') return false
    if (this.#toAnswer.length === 0 && this.#answered < this.#asked) {
      this.#toAnswer = this.#response
      this.#answered += 1
    }
    if (this.#toAnswer.length === 0) return false
    const bytes = this.#toAnswer.subarray(0, count)
    this.#toAnswer = this.#toAnswer.subarray(count)
    this.scene.fromApp(Buffer.from(bytes))
    this.#collect()
    return true
  }

  #collect(): void {
    const { toApp, toClient } = this.scene.take()
    this.toApp += toApp.length
    this.appPending += toApp.length
    this.toClient += toClient.length
    this.clientPending += toClient.length
    this.scene.clientBacklog = this.clientPending > 0
    // What it has been asked that was no health check.
    this.#asked = this.scene.asked - this.scene.probes
  }
}

void tap.test('bytes held stay below the bound, and no client waits forever', async (t) => {
  const request = fc.oneof(
    { weight: 3, arbitrary: fc.constant('health' as const) },
    { weight: 2, arbitrary: fc.constant('get' as const) },
    { weight: 1, arbitrary: fc.constant('post' as const) },
  )
  const step = fc.record({
    who: fc.constantFrom('clientSends', 'clientTakes', 'appTakes', 'appSends' as const),
    count: fc.integer({ min: 1, max: MOST_READ }),
  })
  let fullest = 0
  let paused = 0
  holds(
    t,
    'any requests, any order of steps',
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 100 }),
      fc.array(step, { maxLength: 200 }),
      (requests, steps) => {
        const model = new Model(requests.map((name) => REQUESTS[name]))
        for (const { who, count } of steps) {
          model[who](count)
          fullest = Math.max(fullest, model.held)
          if (model.reads !== (READ_CLIENT | READ_APP)) paused += 1
          if (model.held > MAX_BUFFERED + MOST_READ) throw new Error(`holds ${model.held} bytes`)
          if (model.clientPending > MOST_READ + RESPONSE.length + MOST_ANSWER)
            throw new Error(`${model.clientPending} bytes wait for the client`)
        }
        // From now on everybody does what he can: all is answered, and nobody is kept waiting.
        const all = ['clientTakes', 'appTakes', 'appSends', 'clientSends'] as const
        while (all.map((who) => model[who](MOST_READ)).some(Boolean));
        if (!model.done) throw new Error('somebody waits for ever')
        return model.reads === (READ_CLIENT | READ_APP) && model.scene.finishes === requests.length
      },
    ),
  )
  t.ok(fullest > 1000 && paused > 1000, `held up to ${fullest} bytes, somebody not read from ${paused} times`)
})

void tap.test(
  'a client that never reads its health checks costs one answer, and what may be held',
  async (t) => {
    const model = new Model(Array.from({ length: 10_000 }, () => HEALTH))
    while (model.clientSends(MOST_READ));
    t.ok(model.held > MAX_BUFFERED && model.held <= MAX_BUFFERED + MOST_READ, `${model.held} bytes held`)
    t.ok(model.clientPending < MOST_ANSWER, `${model.clientPending} bytes of answers`)
    while (model.clientTakes(MOST_READ) || model.clientSends(MOST_READ));
    t.equal(model.scene.finishes, 10_000)
  },
)

void tap.test('held requests are copied once each, however many are held', async (t) => {
  const copied = (count: number): number => {
    const model = new Model(
      Array.from({ length: count }, () => GET),
      NO_CONTENT,
    )
    const add = Object.getOwnPropertyDescriptor(ByteStore.prototype, 'add')!.value as ByteStore['add']
    let bytes = 0
    ByteStore.prototype.add = function counted(this: ByteStore, chunk, start, end) {
      bytes += end - start
      add.call(this, chunk, start, end)
    }
    try {
      while (
        model.clientSends(MOST_READ) ||
        model.appSends(MOST_READ) ||
        model.clientTakes(MOST_READ) ||
        model.appTakes(MOST_READ)
      );
    } finally {
      ByteStore.prototype.add = add
    }
    t.equal(model.scene.finishes, count)
    return bytes / count
  }
  const few = copied(20)
  const many = copied(5000)
  t.ok(many < 2 * few, `${few} bytes copied a request with 20, ${many} with 5,000`)
})
