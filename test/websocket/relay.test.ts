/** A WebSocket through lastcall is the WebSocket that it is without: the same messages, pings and ends on both sides. */
import tap, { type Test } from 'tap'
import { rawClient } from '../fixtures/raw.ts'
import { type Place, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import {
  call,
  type CallerKind,
  CALLERS,
  closed,
  type EchoApp,
  startByHand,
  startEcho,
} from '../fixtures/websocket.ts'

const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 1024 * 1024]

/** One conversation, and what both sides saw of it. */
async function talk(t: Test, app: EchoApp, place: Place, kind: CallerKind): Promise<object> {
  const before = { received: app.received.length, ended: app.ended.length }
  const one = await call(t, place, kind)
  for (const size of SIZES) {
    // Half random, half not: deflate has something to do, and something it cannot do.
    const data = Buffer.alloc(size, 'lastcall')
    for (let at = 0; at < size / 2; at++) data[at] = (at * 2_654_435_761) >>> 24
    one.send(data)
    one.send(data.toString('base64'))
  }
  one.send('fragments')
  one.sendFragments(['in ', 'three', ' pieces'])
  one.send('ping')
  await until('all answers', () => one.seen.messages.length === 2 * SIZES.length + 3, 20_000)
  one.close(4000)
  const end = await closed(one)

  const other = await call(t, place, kind)
  other.send('bye 4001')
  const otherEnd = await closed(other)
  await until('both ends at the app', () => app.ended.length === before.ended + 2)
  return {
    messages: one.seen.messages,
    pings: one.seen.pings,
    ends: [end, otherEnd].map(({ code, reason, clean }) => ({ code, reason, clean })),
    atApp: { received: app.received.slice(before.received), ended: app.ended.slice(before.ended) },
  }
}

for (const kind of CALLERS) {
  void tap.test(`${kind}: the same outcome direct and through lastcall`, async (t) => {
    const app = await startEcho(t, { threshold: 0 })
    const [host, port] = app.address.split(':')
    const sidecar = await startSidecar(t, { app: app.address })
    await sidecar.ready()
    const direct = await talk(t, app, { host: host!, port: Number(port) }, kind)
    const through = await talk(t, app, sidecar.listen, kind)
    t.same(through, direct)
    t.match(through, { ends: [{ code: 4000 }, { code: 4001 }] })
    await until(
      'nothing in flight',
      async () => (await sidecar.metric('lastcall_in_flight{kind="websocket"}')) === 0,
    )
    t.equal(
      await sidecar.metric('lastcall_requests_total{protocol="websocket",method="GET",status_class="1xx"}'),
      2,
    )
  })
}

void tap.test('attacks pass to the app, whose business they are, and end with it', async (t) => {
  const app = await startEcho(t)
  const sidecar = await startSidecar(t, { app: app.address })
  await sidecar.ready()
  const attacks = {
    'an oversized control frame': Buffer.from('89fe007e00000000', 'hex'),
    'a fragmented control frame': Buffer.from('098000000000', 'hex'),
    'an unmasked frame': Buffer.from('81026869', 'hex'),
    'the highest bit of a length': Buffer.from('82ff8000000000000000', 'hex'),
    'a reserved opcode': Buffer.from('838000000000', 'hex'),
    'reserved bits': Buffer.from('f18000000000', 'hex'),
  }
  const codes: Record<string, number> = {}
  for (const [name, bytes] of Object.entries(attacks)) {
    const client = await rawClient(t, sidecar.listen)
    client.send(
      'GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await client.until('the 101', () => client.text.includes('\r\n\r\n'))
    client.send(bytes)
    await client.until('a Close', () => client.text.slice(client.text.indexOf('\r\n\r\n') + 4).length >= 4)
    const frame = Buffer.from(client.text.slice(client.text.indexOf('\r\n\r\n') + 4), 'latin1')
    t.equal(frame[0], 0x88, name)
    codes[name] = frame.readUInt16BE(2)
    client.socket.destroy()
  }
  t.same(codes, {
    'an oversized control frame': 1002,
    'a fragmented control frame': 1002,
    'an unmasked frame': 1002,
    'the highest bit of a length': 1009,
    'a reserved opcode': 1002,
    'reserved bits': 1002,
  })
  await until('nothing in flight', async () => {
    const kinds = await Promise.all(
      ['websocket', 'tunnel'].map(async (kind) => sidecar.metric(`lastcall_in_flight{kind="${kind}"}`)),
    )
    return kinds.every((count) => count === 0)
  })
})

void tap.test('a header that dribbles in passes as it comes', async (t) => {
  const app = await startByHand(t)
  const sidecar = await startSidecar(t, { app: app.address })
  await sidecar.ready()
  const one = await call(t, sidecar.listen, 'ws')
  const { socket } = app.connections[0]!
  const frame = Buffer.concat([Buffer.from('817e0080', 'hex'), Buffer.alloc(128, 'x')])
  for (const byte of frame) {
    socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  await until('the message', () => one.seen.messages.length === 1)
  socket.end(Buffer.from('880203e8', 'hex'))
  t.match(await closed(one), { code: 1000, clean: true })
  await until('the end at the app', () => socket.closed)
})
