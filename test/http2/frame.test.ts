/**
 * How much of each frame belongs to its head, wherever the bytes are cut: a byte more would be held back without need, a byte
 * less would leave a decision without what it needs. RFC 9113 §4.1 and §6.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import tap from 'tap'
import { FrameCursor, headWith, paddingOf } from '../../src/protocol/http2/frame.ts'
import { FLAG, frame, TYPE } from '../fixtures/frames.ts'

const { endStream, padded, priority } = FLAG

/** A type, its flags, the length of its payload, and how much of that belongs to the head. */
const HEADS: readonly (readonly [type: number, flags: number, length: number, peek: number])[] = [
  [TYPE.data, 0, 300, 0],
  [TYPE.data, endStream, 0, 0],
  [TYPE.data, padded, 300, 1],
  [TYPE.data, padded | endStream, 1, 1],
  [TYPE.data, padded, 0, 0],
  [TYPE.data, priority, 300, 0],
  [TYPE.headers, 0, 70_000, 0],
  [TYPE.headers, padded, 20, 1],
  [TYPE.headers, priority, 20, 5],
  [TYPE.headers, padded | priority, 20, 6],
  [TYPE.headers, padded | priority, 6, 6],
  [TYPE.headers, padded | priority, 3, 3],
  [TYPE.priority, padded, 5, 0],
  [TYPE.rst, 0, 4, 4],
  [TYPE.rst, 0, 3, 3],
  [TYPE.rst, padded, 9, 4],
  [TYPE.settings, padded, 12, 0],
  [TYPE.push, 0, 20, 4],
  [TYPE.push, padded, 20, 5],
  [TYPE.push, padded, 5, 5],
  [TYPE.push, 0, 2, 2],
  [TYPE.ping, 0, 8, 8],
  [TYPE.ping, padded, 9, 8],
  [TYPE.ping, 0, 7, 7],
  [TYPE.goaway, 0, 8, 8],
  [TYPE.goaway, padded, 40, 8],
  [TYPE.goaway, 0, 0, 0],
  [TYPE.windowUpdate, padded, 4, 0],
  [TYPE.continuation, padded, 10, 0],
  [0x10, 0xff, 10, 0],
  [0xff, 0xff, 10, 0],
]

const BEFORE = 3

for (const [type, flags, length, peek] of HEADS) {
  const name = Object.keys(TYPE)[type] ?? `type ${type}`
  void tap.test(
    `${peek} bytes of ${name} belong to its head: flags ${flags}, length ${length}`,
    async (t) => {
      const stream = 0x7a_bc_de_f1
      const bytes = frame(type, flags, stream, Buffer.alloc(length, 7))
      bytes[5]! |= 0x80 // Reserved, and ignored (§4.1).
      const size = 9 + peek
      // Other bytes lie around those that are lent.
      const lent = Buffer.concat([
        Buffer.alloc(BEFORE, 0xff),
        bytes.subarray(0, size + 1),
        Buffer.alloc(20, 0xff),
      ])
      const fields = {
        type,
        flags,
        length,
        stream,
        left: length - peek,
        open: true,
        kept: 0,
        at: BEFORE + size,
      }
      for (let cut = 0; cut <= size; cut++) {
        const cursor = new FrameCursor()
        if (cut > 0 && cut < size) {
          const begun = cursor.begin(lent, BEFORE, BEFORE + cut)
          deepStrictEqual(
            [begun, cursor.kept, cursor.open],
            [false, cut, false],
            `all is kept of ${cut} bytes`,
          )
        }
        // The last round gives the head alone, the others what lies behind it as well.
        const whole = cut === 0 || cut === size
        ok(cursor.begin(lent, whole ? BEFORE : BEFORE + cut, cut === size ? BEFORE + size : lent.length))
        const { headBytes, headStart, headEnd, payloadStart, left, open, kept, at } = cursor
        const found = { type: cursor.type, flags: cursor.flags, length: cursor.length, stream: cursor.stream }
        deepStrictEqual({ ...found, left, open, kept, at }, fields, `cut at ${cut}`)
        deepStrictEqual(headBytes.subarray(headStart, headEnd), bytes.subarray(0, size), `cut at ${cut}`)
        strictEqual(payloadStart, headStart + 9)
        strictEqual(headBytes === lent, whole, 'what comes whole is not copied')
      }
      t.pass('at every split')
    },
  )
}

void tap.test('a head in three pieces is gathered, and the next frame begins anew', async (t) => {
  const bytes = frame('ping', 0, 0, Buffer.from('12345678'))
  const cursor = new FrameCursor()
  t.notOk(cursor.begin(bytes, 0, 4))
  t.notOk(cursor.begin(bytes, 4, 4), 'no bytes')
  t.notOk(cursor.begin(bytes, 4, 12))
  t.equal(cursor.kept, 12)
  t.ok(cursor.begin(bytes, 12, 17))
  t.equal(cursor.at, 17)
  const next = frame('goaway', 0, 0, Buffer.from('abcdefgh!'))
  t.ok(cursor.begin(next, 0, next.length))
  t.equal(cursor.headBytes, next)
  t.match(cursor, { type: TYPE.goaway, left: 1, at: 17 })
})

void tap.test('padding counts the byte that tells its length', async (t) => {
  const of = (flags: number) => {
    const cursor = new FrameCursor()
    t.ok(cursor.begin(frame('data', flags, 1, Buffer.of(5, 1, 1, 1, 1, 1)), 0, 15))
    return paddingOf(cursor)
  }
  t.equal(of(0), 0)
  t.equal(of(endStream), 0)
  t.equal(of(padded), 6)
})

void tap.test('another head is written into a copy', async (t) => {
  const bytes = Buffer.concat([Buffer.alloc(2, 0xff), frame('headers', padded, 5, Buffer.of(1, 2, 3))])
  const before = Buffer.from(bytes)
  const head = headWith(bytes, 2, 12, { length: 0x01_02_03, flags: 4 })
  t.same(head, Buffer.of(1, 2, 3, TYPE.headers, 4, 0, 0, 0, 5, 1))
  t.same(bytes, before, 'the bytes lent are as they were')
})
