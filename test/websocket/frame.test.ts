/**
 * Ends of frames are found in any split, and what is no frame is called so. On random streams the receiver of the `ws`
 * package is the judge: test/fuzz/websocket.test.ts.
 */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import { CLOSE_FOR_CLIENT, closeForApp } from '../../src/protocol/websocket/close.ts'
import { FrameCursor } from '../../src/protocol/websocket/frame.ts'
import { frame, type FrameParts } from '../fixtures/websocket-frames.ts'
import { ReceiverOfWs } from '../fixtures/websocket-receiver.ts'

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
const FRAMES: readonly FrameParts[] = [
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
  for (const bytes of all)
    t.equal(new FrameCursor().advance(bytes, 0, bytes.length), bytes.length, 'in one call')
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
