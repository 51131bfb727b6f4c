/**
 * WebSockets when the pod stops: every connection is closed with 1001 on both sides, between frames, one after the other,
 * and whoever does not answer holds nobody up for long. DESIGN §1, §3.
 */
import tap, { type Test } from 'tap'
import { PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { rawClient } from '../fixtures/raw.ts'
import {
  type ByHand,
  call,
  type Caller,
  CALLERS,
  closed,
  startByHand,
  startEcho,
} from '../fixtures/websocket.ts'

const GOING_AWAY = { code: 1001, reason: 'this server is going away' }
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

async function inFrontOf(t: Test, app: { address: string }, flags: readonly string[] = []): Promise<Sidecar> {
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults(flags) })
  await sidecar.ready()
  return sidecar
}

void tap.test('each message is answered or its connection closed with 1001, never 1006', async (t) => {
  const app = await startEcho(t, true)
  const sidecar = await inFrontOf(t, app)
  const callers = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => call(t, sidecar.listen, CALLERS[i % CALLERS.length]!)),
  )
  const sent = callers.map(() => 0)
  /** Sends, waits for the answer, sends the next; until its connection is closed. */
  const chat = async (caller: Caller, i: number): Promise<void> => {
    while (caller.seen.closed === undefined) {
      sent[i]! += 1
      caller.send(`${i}: ${sent[i]}`)
      await until(
        'an answer',
        () => caller.seen.closed ?? caller.seen.messages.length === sent[i],
        10_000,
        1 + (i % 7),
      )
    }
  }
  const chats = Promise.all(callers.map(chat))
  await until('a thousand messages', () => sent.reduce((sum, count) => sum + count) > 1000)

  sidecar.signal('SIGTERM')
  await chats
  await sidecar.log(PHASE.drained)
  for (const [i, { seen }] of callers.entries()) {
    t.match(seen.closed, { ...GOING_AWAY, clean: true })
    const missing = sent[i]! - seen.messages.length
    t.ok(missing === 0 || missing === 1, `at most the last message was not answered: ${missing}`)
    t.same(
      seen.messages,
      Array.from(seen.messages, (_, n) => `${i}: ${n + 1}`),
      'all answers, in order',
    )
  }
  await until('all ends at the app', () => app.ended.length === callers.length)
  t.ok(app.ended.every(({ code, reason }) => code === GOING_AWAY.code && reason === GOING_AWAY.reason))
  await app.stop()
  t.equal((await sidecar.end(10_000)).code, 0)
  t.match(verdictOf(sidecar), { inFlight: callers.length, finished: callers.length, cut: 0 })
})

void tap.test('Closes are spread over --websocket-spread', async (t) => {
  const app = await startEcho(t)
  const sidecar = await inFrontOf(t, app, ['--websocket-spread', '2s'])
  const callers = await Promise.all(Array.from({ length: 100 }, async () => call(t, sidecar.listen, 'ws')))
  sidecar.signal('SIGTERM')
  const ends = await Promise.all(callers.map(async (caller) => closed(caller)))
  const at = ends.map((end) => end.at).toSorted((a, b) => a - b)
  const tookMs = at.at(-1)! - at[0]!
  t.comment(`first to last: ${tookMs.toFixed(0)} ms`)
  t.ok(tookMs > 1800 && tookMs < 3000, `${tookMs} ms`)
  for (let quarter = 0; quarter < 4; quarter++) {
    const count = at.filter((one) => Math.floor((one - at[0]!) / 500) === quarter).length
    t.ok(count >= 15 && count <= 35, `${count} in quarter ${quarter + 1}`)
  }
  t.ok(ends.every(({ code }) => code === 1001))
  await sidecar.log(PHASE.drained)
})

void tap.test('an app that never answers the Close holds nobody up', async (t) => {
  const app = await startByHand(t)
  const sidecar = await inFrontOf(t, app)
  const caller = await call(t, sidecar.listen, 'ws')
  sidecar.signal('SIGTERM')
  const draining = await sidecar.log(PHASE.draining).then(() => performance.now())
  t.match(await closed(caller), { ...GOING_AWAY, clean: true })
  t.ok(performance.now() - draining < 3000)
  const { connections } = app
  await until('the end at the app', () => connections[0]!.ended)
  t.same(unmasked(connections[0]!.bytes), Buffer.from('\x03\xe9this server is going away', 'latin1'))
  await sidecar.log(PHASE.drained, 5000)
})

void tap.test('a client that never answers is waited for 5 s', async (t) => {
  const app = await startEcho(t)
  const sidecar = await inFrontOf(t, app)
  const client = await rawClient(t, sidecar.listen, true)
  client.send(UPGRADE)
  await client.until('the 101', () => client.text.endsWith('\r\n\r\n'))
  sidecar.signal('SIGTERM')
  await client.until('a Close', () => client.text.endsWith('\x88\x1b\x03\xe9this server is going away'))
  const told = performance.now()
  t.same(
    await until('the Close at the app', () => app.ended[0] ?? app.ended.length > 0, 8000).catch(() => 0),
    GOING_AWAY,
  )
  t.equal(await client.end(), 'fin')
  const tookMs = performance.now() - told
  t.ok(tookMs > 4500 && tookMs < 6500, `${tookMs} ms`)
  t.equal(client.text.split('going away').length - 1, 1, 'told once')
  await sidecar.log(PHASE.drained)
})

void tap.test('a frame that is under way is completed, on either side, before the Close', async (t) => {
  const app = await startByHand(t)
  const sidecar = await inFrontOf(t, app)
  const caller = await call(t, sidecar.listen, 'ws')
  const raw = await rawClient(t, sidecar.listen)
  raw.send(UPGRADE)
  await until('two connections', () => app.connections.length === 2)
  const [first, second] = app.connections as [ByHand, ByHand]
  first.socket.write(Buffer.concat([Buffer.from('827e0400', 'hex'), Buffer.alloc(500, 'a')]))
  raw.send(Buffer.concat([Buffer.from('82fe040000000000', 'hex'), Buffer.alloc(500, 'b')]))
  await until('half a frame at the app', () => second.bytes.length === 508)

  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  await raw.until('a Close', () => raw.text.endsWith('going away'))
  t.equal(second.bytes.length, 508, 'nothing is put into the frame of the client')
  t.equal(caller.seen.closed, undefined, 'nothing is put into the frame of the app')
  first.socket.write(Buffer.concat([Buffer.alloc(524, 'a'), Buffer.from('8103bye', 'latin1')]))
  raw.send(Buffer.concat([Buffer.alloc(524, 'b'), Buffer.from('81820000000068698882000000000000', 'hex')]))
  t.match(await closed(caller), { ...GOING_AWAY, clean: true })
  t.match(caller.seen.messages, [/^1024 bytes/], 'whole, and nothing after it')
  t.equal(await raw.end(), 'fin')
  await until('the Close at the app', () => second.ended)
  t.same(second.bytes.subarray(8, 8 + 1024), Buffer.alloc(1024, 'b'))
  t.match(
    unmasked(second.bytes.subarray(8 + 1024)).toString('latin1'),
    /^..this server/,
    'and then its Close, no "hi"',
  )
  await sidecar.log(PHASE.drained)
})

void tap.test('whoever closes by himself is left to it', async (t) => {
  const app = await startByHand(t)
  const sidecar = await inFrontOf(t, app)
  const [one, other] = [await call(t, sidecar.listen, 'ws'), await call(t, sidecar.listen, 'undici')]
  app.connections[0]!.socket.write(Buffer.from('88020bb8', 'hex').subarray(0, 3)) // 3000, but for its last byte
  other.close(3001)
  await until('its Close at the app', () => app.connections[1]!.bytes.length > 0)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  app.connections[0]!.socket.write(Buffer.of(0xb8))
  app.connections[1]!.socket.end(Buffer.from('88020bb9', 'hex'))
  t.match(await closed(one), { code: 3000, clean: true })
  t.match(await closed(other), { code: 3001, clean: true })
  app.connections[0]!.socket.end()
  await sidecar.log(PHASE.drained)
})

void tap.test('in a drain without proof a WebSocket that is opened late is told at once', async (t) => {
  const app = await startByHand(t)
  const sidecar = await inFrontOf(t, app)
  const holding = await rawClient(t, sidecar.listen)
  holding.send('GET / HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n')
  await until('a tunnel', () => app.connections.length === 1)
  await sidecar.ask('POST', '/drain')
  await sidecar.log(PHASE.draining)
  const late = await call(t, sidecar.listen, 'ws')
  t.match(await closed(late), { ...GOING_AWAY, clean: true })
  t.equal((await sidecar.ask('POST', '/resume')).status, 200)
  await sidecar.log(PHASE.serving)
  const after = await call(t, sidecar.listen, 'ws')
  app.connections.at(-1)!.socket.write(Buffer.from('81026869', 'hex'))
  await until('a message', () => after.seen.messages.includes('hi'))
  t.equal(after.seen.closed, undefined)
})

/** The payload of the one masked Close frame that these bytes are. */
function unmasked(frame: Buffer): Buffer {
  const [first, length] = frame
  if (first !== 0x88 || length !== (0x80 | (frame.length - 6)))
    throw new Error(`no Close: ${frame.toString('hex')}`)
  return Buffer.from(frame.subarray(6).map((byte, i) => byte ^ frame[2 + (i % 4)]!))
}
