/**
 * Node's own HTTP/2 (nghttp2) as the judge, on both sides: what it says to itself, relayed at random splits, comes out as
 * it went in plus one field, and it understands every word; and its frames, mutated, never break us, never make us keep
 * more than a little, and mean the same however they are cut.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  connect,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import tap from 'tap'
import * as f from '../fixtures/frames.ts'
import { ADDRESS, Http2Scene } from '../fixtures/http2-scene.ts'
import { End } from '../fixtures/two-ends.ts'

const SEED = Number(process.env['LASTCALL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const FIELD = f.forwarded(ADDRESS)

/** mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const STATUSES = [200, 201, 404, 500, 503]

/** All that comes; unlike an iterator it leaves the other half of the stream alone. */
async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

interface Heard {
  headers: IncomingHttpHeaders
  body: string
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A client and a server of Node, with a relay between them that cuts at random. Returns what was said, and heard. */
async function converse(seed: number, relayed: boolean, settings = {}) {
  const roll = random(seed)
  const scene = new Http2Scene()
  const [clientEnd, serverEnd] = [new End(), new End()]
  const said = { client: [] as Buffer[], app: [] as Buffer[] }
  const got = { client: [] as Buffer[], app: [] as Buffer[] }
  const deliver = () => {
    if (scene.app === 'dialling') {
      serve()
      scene.open()
    }
    const { toApp, toClient } = scene.took()
    got.app.push(toApp)
    got.client.push(toClient)
    if (toApp.length > 0) serverEnd.give(toApp)
    if (toClient.length > 0) clientEnd.give(toClient)
  }
  const pieces = function* (bytes: Buffer) {
    for (let at = 0; at < bytes.length;) {
      const size = roll(4) === 0 ? 1 + roll(12) : 1 + roll(5000)
      yield bytes.subarray(at, at + size)
      at += size
    }
  }
  clientEnd.onWritten = (bytes) => {
    said.client.push(bytes)
    if (!relayed) return serverEnd.give(bytes)
    for (const piece of pieces(bytes)) {
      scene.fromClient(piece)
      deliver()
    }
  }
  serverEnd.onWritten = (bytes) => {
    said.app.push(bytes)
    if (!relayed) return clientEnd.give(bytes)
    for (const piece of pieces(bytes)) {
      scene.fromApp(piece)
      deliver()
    }
  }

  const seen: Heard[] = []
  let session: ServerHttp2Session | undefined
  const serve = () => {
    session = performServerHandshake(serverEnd, { settings })
    session.on('error', () => undefined)
    session.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void answer(stream, headers),
    )
  }
  const answer = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const body = await whole(stream)
    seen.push({ headers, body: sha(body) })
    const status = STATUSES[body.length % STATUSES.length]
    stream.respond({ ':status': status, 'x-back': String(headers['x-n']) }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sha': sha(body) }))
    stream.end(body)
  }
  if (!relayed) serve()
  // Nothing here keeps the process alive.
  const alive = setInterval(() => undefined, 1000)
  const client = connect('http://test', { createConnection: () => clientEnd, paddingStrategy: roll(3) })
  client.on('error', () => undefined)
  await once(client, 'remoteSettings')

  const ask = async (n: number): Promise<Heard & { sha: string }> => {
    const large = roll(3) === 0 ? { 'x-large': 'é$x'.repeat(roll(9000)) } : {}
    const stream = client.request({ ':method': 'POST', ':path': `/${n}`, 'x-n': String(n), ...large })
    const trailers = once(stream, 'trailers') as Promise<[IncomingHttpHeaders]>
    const response = once(stream, 'response') as Promise<[IncomingHttpHeaders]>
    stream.end(Buffer.alloc(roll(40_000), n))
    const [[headers], body, [last]] = await Promise.all([response, whole(stream), trailers])
    return { headers, body: sha(body), sha: String(last['x-sha']) }
  }
  const heard: (Heard & { sha: string })[] = []
  for (let i = 0; i < 4; i++)
    heard.push(...(await Promise.all(Array.from({ length: 5 }, (_, n) => ask(5 * i + n)))))
  client.close()
  // What they still have to say is said in the next turns.
  for (let i = 0; i < 20; i++) await turn()
  client.destroy()
  session?.destroy()
  clearInterval(alive)
  return {
    scene,
    seen,
    heard,
    said: { client: Buffer.concat(said.client), app: Buffer.concat(said.app) },
    got: { client: Buffer.concat(got.client), app: Buffer.concat(got.app) },
  }
}

/** A request's blocks as the app would get them without us: without our field, at the ends where it was put. */
function withoutField(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (const { type, flags, stream, payload } of f.framesOf(bytes)) {
    const at = payload.indexOf(FIELD)
    const isBlock = type === f.TYPE.headers || type === f.TYPE.continuation
    if (isBlock && at === 0 && payload.length === FIELD.length && type === f.TYPE.continuation) {
      const open = frames.pop()!
      open[4]! |= f.FLAG.endHeaders
      frames.push(open)
    } else if (isBlock && at >= 0)
      frames.push(
        f.frame(
          type,
          flags,
          stream,
          Buffer.concat([payload.subarray(0, at), payload.subarray(at + FIELD.length)]),
        ),
      )
    else frames.push(f.frame(type, flags, stream, payload))
  }
  return frames
}

await tap.test(`Node talks to Node through us, and all is heard (seed ${SEED})`, async (t) => {
  for (const [i, settings] of [{}, { maxFrameSize: 65_536 }, { headerTableSize: 0 }, {}].entries()) {
    const { scene, seen, heard, said, got } = await converse(SEED + i, true, settings)
    t.equal(seen.length, 20)
    t.ok(seen.every(({ headers }) => headers['x-forwarded-for'] === ADDRESS))
    t.ok(heard.every((one) => one.sha === one.body && one.headers['x-back'] !== undefined))
    t.ok(got.client.equals(said.app), 'what the app said, the client got')
    t.ok(
      Buffer.concat([f.PREFACE, ...withoutField(got.app)]).equals(said.client),
      'what the client said, the app got, but for one field',
    )
    t.equal(scene.ends.length, 20)
    t.same(scene.refusals, [])
    t.equal(scene.streams.size, 0)
  }
})

await tap.test(`mutated frames (seed ${SEED})`, async (t) => {
  const { said } = await converse(SEED, false)
  const hello = f.framesOf(said.client)
  const client = [
    f.PREFACE,
    ...hello.map(({ type, flags, stream, payload }) => f.frame(type, flags, stream, payload)),
  ]
  const roll = random(SEED)
  const ends = { good: 0, refused: 0 }
  for (let run = 0; run < 400; run++) {
    const bytes = mutated(client, roll)
    const play = (most: number) => {
      const scene = new Http2Scene()
      const cut = random(SEED + run)
      for (let at = 0; at < bytes.length;) {
        const size = 1 + cut(most)
        scene.fromClient(bytes.subarray(at, at + size))
        if (scene.app === 'dialling') {
          scene.open()
          scene.fromApp(f.SETTINGS)
        }
        at += size
      }
      const { toApp, toClient } = scene.took()
      const { refusals, end } = scene
      return {
        toApp,
        toClient: f.named(toClient.subarray(0, toClient.indexOf('HTTP/1.1') < 0 ? undefined : 0)),
        refusals,
        end,
      }
    }
    const inOne = play(bytes.length)
    const cut = play(600)
    t.same({ ...cut, toApp: 0 }, { ...inOne, toApp: 0 }, `run ${run}`)
    // Of the frame that ends it, how much the app got depends on the packets.
    const least = Math.min(cut.toApp.length, inOne.toApp.length)
    if (!cut.toApp.subarray(0, least).equals(inOne.toApp.subarray(0, least)))
      t.fail(`run ${run}: another order`)
    if (inOne.end === '') {
      ends.good += 1
      t.equal(cut.toApp.length, inOne.toApp.length)
      t.ok(bytes.length - inOne.toApp.length < 20 + 16_384, 'all but a head has gone on')
    } else ends.refused += 1
  }
  t.comment(`${ends.good} passed, ${ends.refused} refused`)
  t.ok(ends.good > 20 && ends.refused > 20)
})

/** One to three frames or bytes changed, left out, said twice, or put elsewhere. */
function mutated(frames: readonly Buffer[], roll: (below: number) => number): Buffer {
  const all = frames.map((bytes) => Buffer.from(bytes))
  for (let n = roll(3); n >= 0; n--) {
    const at = 2 + roll(all.length - 2)
    const one = all[at]!
    switch (roll(6)) {
      case 0:
        one[roll(Math.min(9, one.length))] = roll(256)
        break
      case 1:
        if (one.length > 0) one[roll(one.length)]! ^= 1 << roll(8)
        break
      case 2:
        all.splice(at, 1)
        break
      case 3:
        all.splice(at, 0, Buffer.from(one))
        break
      case 4:
        all.splice(2 + roll(all.length - 2), 0, ...all.splice(at, 1))
        break
      default:
        all[at] = one.subarray(0, roll(one.length + 1))
    }
  }
  return Buffer.concat(all)
}
