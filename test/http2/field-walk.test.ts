/** Where each field of a block ends, and what little of it is noted, however the block is cut. RFC 7541 §5 and §6. */
import { deepStrictEqual } from 'node:assert'
import tap from 'tap'
import { FieldWalk } from '../../src/protocol/http2/field-walk.ts'

interface Field {
  readonly name: string
  readonly bytes: readonly number[]
  readonly method?: 'GET' | 'POST'
  readonly changesTable?: true
}

/** Octets of a string, which would be fields, methods and long integers if they were not skipped. */
function octets(length: number): number[] {
  return Array.from({ length }, (_, at) => [0xff, 0x82, 0x40, 0x83, 0x20][at % 5]!)
}

const [x, xy] = [octets(1), octets(2)]

const FIELDS: readonly Field[] = [
  { name: 'indexed', bytes: [0x84] },
  { name: 'indexed, zero: no decoder knows it', bytes: [0x80] },
  { name: 'GET', bytes: [0x82], method: 'GET' },
  { name: 'POST', bytes: [0x83], method: 'POST' },
  { name: 'indexed, the last of one byte', bytes: [0xfe] },
  { name: 'indexed, two bytes', bytes: [0xff, 0x00] },
  { name: 'indexed, as long as may be', bytes: [0xff, 0x80, 0x80, 0x80, 0x01] },
  { name: 'literal, name indexed', bytes: [0x01, 1, ...x] },
  { name: 'literal, name indexed, empty', bytes: [0x0e, 0] },
  { name: 'literal, long index', bytes: [0x0f, 0x80, 0x00, 2, ...xy] },
  { name: 'literal, new name', bytes: [0x00, 1, ...x, 2, ...xy] },
  { name: 'literal, new name, empty value', bytes: [0x00, 1, ...x, 0] },
  { name: 'literal, both empty', bytes: [0x00, 0, 0] },
  { name: 'never indexed, name indexed', bytes: [0x11, 2, ...xy] },
  { name: 'never indexed, long index', bytes: [0x1f, 0x05, 1, ...x] },
  { name: 'never indexed, new name', bytes: [0x10, 2, ...xy, 1, ...x] },
  { name: 'added, name indexed', bytes: [0x41, 1, ...x], changesTable: true },
  { name: 'added, the last index of one byte', bytes: [0x7e, 1, ...x], changesTable: true },
  { name: 'added, long index', bytes: [0x7f, 0x00, 1, ...x], changesTable: true },
  { name: 'added, new name', bytes: [0x40, 1, ...x, 1, ...x], changesTable: true },
  { name: 'resize to nothing', bytes: [0x20], changesTable: true },
  { name: 'resize, the last of one byte', bytes: [0x3e], changesTable: true },
  { name: 'resize, more bytes', bytes: [0x3f, 0xe1, 0x1f], changesTable: true },
  { name: 'Huffman', bytes: [0x01, 0x82, ...xy] },
  { name: 'the longest length of one byte', bytes: [0x01, 0x7e, ...octets(126)] },
  { name: 'length in two bytes', bytes: [0x01, 0x7f, 0x00, ...octets(127)] },
  { name: 'Huffman, length in three bytes', bytes: [0x01, 0xff, 0x81, 0x01, ...octets(256)] },
  {
    name: 'two long strings',
    bytes: [0x00, 0x7f, 0x81, 0x01, ...octets(256), 0x7f, 0x81, 0x02, ...octets(384)],
  },
  { name: 'a length as long as may be', bytes: [0x01, 0x7f, 0x81, 0x80, 0x80, 0x00, ...octets(128)] },
  {
    name: 'index and length as long as may be',
    bytes: [0x0f, 0x80, 0x80, 0x80, 0x00, 0x7f, 0x80, 0x80, 0x80, 0x00, ...octets(127)],
  },
]

/** The offsets behind which the walk stands between two fields, byte by byte; 'endless' where an integer has no end. */
function ends(walk: FieldWalk, bytes: Buffer): (number | 'endless')[] {
  const found: (number | 'endless')[] = []
  for (let at = 0; at < bytes.length; at++) {
    if (!walk.advance(bytes, at, at + 1)) return [...found, 'endless']
    if (walk.between) found.push(at + 1)
  }
  return found
}

for (const { name, bytes, method, changesTable = false } of FIELDS) {
  void tap.test(`a field ends where it does: ${name}`, async (t) => {
    const walk = new FieldWalk()
    t.ok(walk.between)
    const size = bytes.length
    const twice = Buffer.from([...bytes, ...bytes])
    t.same(ends(walk, twice), [size, 2 * size], 'and so does another of its kind')
    t.equal(walk.method, method)
    t.equal(walk.changesTable, changesTable)
    const lent = Buffer.from([0xff, ...bytes, 0xff])
    for (let cut = 0; cut <= size; cut++) {
      const { between, ...noted } = played(lent, [1, 1 + cut, 1 + size])
      deepStrictEqual({ between, ...noted }, { between: true, method, changesTable }, `cut at ${cut}`)
      if (cut > 0 && cut < size) deepStrictEqual(played(lent, [1, 1 + cut]).between, false, `only ${cut}`)
    }
  })
}

function played(bytes: Buffer, cuts: readonly number[]) {
  const walk = new FieldWalk()
  cuts.slice(1).forEach((end, i) => deepStrictEqual(walk.advance(bytes, cuts[i]!, end), true))
  return { between: walk.between, method: walk.method, changesTable: walk.changesTable }
}

void tap.test('all of them in one block end one after the other', async (t) => {
  let sum = 0
  const expected = FIELDS.map(({ bytes }) => (sum += bytes.length))
  const walk = new FieldWalk()
  t.same(ends(walk, Buffer.from(FIELDS.flatMap(({ bytes }) => bytes))), expected)
  t.match(walk, { method: 'POST', changesTable: true })
})

void tap.test('an integer without an end is refused at its sixth byte', async (t) => {
  for (const prefix of [[0xff], [0x7f], [0x3f], [0x0f], [0x1f], [0x01, 0x7f], [0x00, 0x01, 0x61, 0xff]]) {
    const start = Buffer.from([...prefix, 0x80, 0x80, 0x80, 0x80])
    for (const last of [0x80, 0x00]) {
      const walk = new FieldWalk()
      t.ok(walk.advance(start, 0, start.length))
      t.notOk(walk.advance(Buffer.of(last), 0, 1))
      t.notOk(new FieldWalk().advance(Buffer.from([...start, last, 0x82]), 0, start.length + 2))
    }
  }
})

void tap.test('another block begins with nothing noted, wherever the last one was cut', async (t) => {
  for (const before of [[0x82, 0x40, 0x05], [0x83, 0xff], [0x20, 0x00, 0x7f], [0x40]]) {
    const walk = new FieldWalk()
    walk.advance(Buffer.from(before), 0, before.length)
    t.notOk(walk.between)
    walk.reset()
    t.ok(walk.between)
    t.equal(walk.method, undefined)
    t.equal(walk.changesTable, false)
    t.same(ends(walk, Buffer.of(0x84, 0x01, 1, 0x82)), [1, 4])
  }
})
