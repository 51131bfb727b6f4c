/**
 * Ends of frames are found in any split, and what is no frame is called so. Judged by the `ws` package's own receiver on
 * random streams, valid and nearly so: as long as it goes on, both stand between two frames at the same bytes.
 */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import * as ws from 'ws'
import { CLOSE_FOR_CLIENT, closeForApp } from '../../src/protocol/websocket/close.ts'
import { FrameCursor } from '../../src/protocol/websocket/frame.ts'

/** As much of ws' receiver as is looked at: it is not in its types, and the state is its own matter. */
interface Receiver {
  write(bytes: Buffer): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'conclude', listener: (code: number, reason: Buffer) => void): void
  on(event: 'message', listener: () => void): void
  readonly _state: number
  readonly _bufferedBytes: number
}
const ReceiverOfWs = (ws as unknown as { Receiver: new (options: object) => Receiver }).Receiver

interface Frame {
  readonly first: number
  readonly payload: number
  readonly mask?: Buffer
  /** More bytes for the length than needed. */
  readonly wide?: 16 | 64
}

function frame({ first, payload, mask, wide }: Frame): Buffer {
  const form = wide === 64 || payload > 0xffff ? 127 : wide === 16 || payload > 125 ? 126 : payload
  const length = Buffer.alloc(form === 127 ? 8 : form === 126 ? 2 : 0)
  if (form === 127) length.writeBigUInt64BE(BigInt(payload))
  if (form === 126) length.writeUInt16BE(payload)
  const bytes = Buffer.alloc(payload, 0x88) // looks like the beginning of a Close
  return Buffer.concat([Buffer.of(first, form | (mask ? 0x80 : 0)), length, mask ?? Buffer.alloc(0), bytes])
}

/** The offsets behind which the cursor stands between two frames, for these pieces of a stream. */
function ends(cursor: FrameCursor, pieces: Iterable<Buffer>): number[] {
  const found: number[] = []
  let before = 0
  for (const piece of pieces) {
    // Somewhere in a larger buffer, whose other bytes must not matter.
    const lent = Buffer.concat([Buffer.alloc(3, 0x88), piece, Buffer.alloc(3, 0xff)])
    for (let at = 3; at < 3 + piece.length;) {
      const to = cursor.advance(lent, at, 3 + piece.length)
      if (to <= at || to > 3 + piece.length) throw new Error(`from ${at} to ${to}`)
      at = to
      if (cursor.between) found.push(before + at - 3)
    }
    before += piece.length
  }
  return found
}

function* byteByByte(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
}

const KEY = Buffer.of(1, 2, 3, 4)
const FRAMES: readonly Frame[] = [
  { first: 0x81, payload: 0 },
  { first: 0x81, payload: 1, mask: KEY },
  { first: 0x01, payload: 125 },
  { first: 0x89, payload: 125, mask: KEY },
  { first: 0x00, payload: 126 },
  { first: 0x80, payload: 300, mask: KEY },
  { first: 0xc2, payload: 7, wide: 16 },
  { first: 0xf3, payload: 7, wide: 64, mask: KEY },
  { first: 0x82, payload: 0, wide: 64 },
  { first: 0x8f, payload: 5 },
]

void tap.test('ends of frames are found, whole, byte by byte and at every split', async (t) => {
  const all = FRAMES.map(frame)
  const stream = Buffer.concat(all)
  let sum = 0
  const expected = all.map(({ length }) => (sum += length))
  t.same(ends(new FrameCursor(), [stream]), expected)
  t.same(ends(new FrameCursor(), byteByByte(stream)), expected)
  for (let at = 1; at < stream.length; at++) {
    const cut = ends(new FrameCursor(), [stream.subarray(0, at), stream.subarray(at)])
    deepStrictEqual(cut, expected, `split at ${at}`)
  }
})

void tap.test('a payload of 5 GiB is skipped by arithmetic', async (t) => {
  const cursor = new FrameCursor()
  const head = Buffer.from('827f0000000140000000', 'hex')
  t.same(ends(cursor, [head]), [])
  const piece = Buffer.alloc(64 * 1024 * 1024, 0x88)
  for (let count = 1; count <= 80; count++) {
    t.equal(cursor.advance(piece, 0, piece.length), piece.length)
    if (cursor.between !== (count === 80)) t.fail(`after ${count} times 64 MiB`)
  }
  t.equal(cursor.closing, false)
})

void tap.test('a Close is known from its first byte, masked or not', async (t) => {
  for (const mask of [undefined, KEY]) {
    const cursor = new FrameCursor()
    ends(cursor, [frame({ first: 0x81, payload: 2, ...(mask && { mask }) })])
    t.equal(cursor.closing, false)
    ends(cursor, [Buffer.of(0x88)])
    t.match(cursor, { closing: true, between: false })
    ends(cursor, [frame({ first: 0x88, payload: 2, ...(mask && { mask }) }).subarray(1)])
    t.match(cursor, { closing: true, between: true, nonsense: false })
  }
})

const NONSENSE = {
  'an oversized control frame': '89fe007e',
  'an oversized Close': '887f0000000000000080',
  'a fragmented control frame': '0980',
  'a fragmented Close': '0802',
  'the highest bit of a length': '82ff8000000000000000',
  'a length above 2^53': '82ff0020000000000000',
}
void tap.test('what cannot be a frame is nonsense, for good, however it dribbles in', async (t) => {
  for (const [name, hex] of Object.entries(NONSENSE)) {
    const bytes = Buffer.concat([frame({ first: 0x81, payload: 3 }), Buffer.from(hex, 'hex')])
    for (const pieces of [[bytes], byteByByte(bytes)]) {
      const cursor = new FrameCursor()
      t.same(ends(cursor, pieces), [5], name)
      t.equal(cursor.nonsense, true, name)
      t.same(ends(cursor, [FRAMES.map(frame)[0]!]), [], `${name}: and nothing after it counts`)
    }
  }
  const longest = new FrameCursor()
  ends(longest, [Buffer.from('827f001fffffffffffff', 'hex')])
  t.equal(longest.nonsense, false, 'a length of 2^53-1 is only long')
})

void tap.test('Close 1001 is what the ws package reads on either side', async (t) => {
  for (const [isServer, bytes] of [
    [false, CLOSE_FOR_CLIENT],
    [true, closeForApp(Buffer.of(0xde, 0xad, 0xbe, 0xef))],
  ] as const) {
    const receiver = new ReceiverOfWs({ isServer })
    const told: { code: number; reason: string }[] = []
    receiver.on('conclude', (code, reason) => told.push({ code, reason: reason.toString() }))
    receiver.on('error', (error) => t.fail(error.message))
    receiver.write(bytes)
    t.same(told, [{ code: 1001, reason: 'this server is going away' }])
    t.same(ends(new FrameCursor(), [bytes]), [bytes.length])
  }
})

/** A small generator of numbers that a seed determines (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let z = Math.imul(state ^ (state >>> 15), 1 | state)
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z
    return ((z ^ (z >>> 14)) >>> 0) % below
  }
}

/** Frames as a peer would send them, one in eight with something wrong; then, sometimes, a byte changed anywhere. */
function randomStream(random: (below: number) => number, masked: boolean): Buffer {
  const parts: Buffer[] = []
  let fragmented = false
  for (let count = 1 + random(6); count > 0; count--) {
    const control = random(4) === 0
    const last = random(3) > 0
    const opcode = control ? [9, 10][random(2)]! : fragmented ? 0 : 2
    const payload = [0, 1, random(126), 125, 126, random(600), 66_000][
      random(control ? 4 : random(20) === 0 ? 7 : 6)
    ]!
    const odd = random(8) === 0
    const first = (control || last ? 0x80 : 0) | opcode
    const mask = masked !== (odd && random(4) === 0) && Buffer.of(random(256), random(256), random(256), 0)
    const wide = odd ? ([16, 64] as const)[random(2)]! : undefined
    parts.push(
      frame({
        first: odd && random(2) === 0 ? random(256) : first,
        payload,
        ...(mask && { mask }),
        ...(wide && payload <= 0xffff && { wide }),
      }),
    )
    if (!control) fragmented = !last
  }
  if (random(5) === 0) parts.push(frame({ first: 0x88, payload: 0, ...(masked && { mask: KEY }) }))
  const stream = Buffer.concat(parts)
  if (random(6) === 0) stream[random(stream.length)] = random(256)
  return stream
}

void tap.test('agrees with the receiver of ws on where frames end', async (t) => {
  const seed = Number(process.env['LASTCALL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  t.comment(`seed ${seed}`)
  const random = randomOf(seed)
  const seen = { streams: 0, ends: 0, refusedByWs: 0, nonsense: 0, closes: 0 }
  for (; seen.streams < 20_000; seen.streams++) {
    const isServer = random(2) === 0
    const stream = randomStream(random, isServer)
    const receiver = new ReceiverOfWs({ isServer, skipUTF8Validation: true, maxPayload: 0 })
    const heard = { over: false }
    receiver.on('error', () => {
      heard.over = true
      seen.refusedByWs += 1
    })
    receiver.on('conclude', () => {
      heard.over = true
      seen.closes += 1
    })
    receiver.on('message', () => undefined)
    const cursor = new FrameCursor()
    for (let at = 0; at < stream.length && !heard.over;) {
      const to = Math.min(stream.length, at + 1 + random(random(2) === 0 ? 3 : 300))
      // Node's streams tell of an error a tick later; ws keeps it in its state until then.
      const piece = Buffer.from(stream.subarray(at, to))
      receiver.write(piece)
      const failed = (receiver as unknown as { errored: Error | null }).errored !== null
      for (let from = at; from < to;) from = cursor.advance(stream, from, to)
      if (failed || heard.over) break
      const theirs = receiver._state === 0 && receiver._bufferedBytes === 0
      if (cursor.nonsense || cursor.between !== theirs) {
        t.fail(`seed ${seed}, stream ${seen.streams}, after ${to} bytes of ${stream.toString('hex')}`)
        return
      }
      if (theirs) seen.ends += 1
      at = to
    }
    if (cursor.nonsense) seen.nonsense += 1
    // Its events are told in later ticks: they have to be let out now and then.
    if (seen.streams % 100 === 0) await new Promise(setImmediate)
  }
  await new Promise(setImmediate)
  t.comment(JSON.stringify(seen))
  t.ok(
    seen.ends > 10_000 && seen.refusedByWs > 2000 && seen.nonsense > 100 && seen.closes > 1000,
    'it saw enough',
  )
})
