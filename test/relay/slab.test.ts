/** Where bytes are laid out before they are written: whole, in order, and in as few writes as can be. */
import tap from 'tap'
import { Slab, type SlabWriter } from '../../src/proxy/sockets/slab.ts'

/** Takes everything at once, or nothing. */
class Taker implements SlabWriter {
  readonly writes: Uint8Array[] = []
  takes = true

  send(bytes: Uint8Array): boolean {
    this.writes.push(this.takes ? Buffer.from(bytes) : bytes)
    return this.takes
  }

  get all(): Buffer {
    return Buffer.concat(this.writes)
  }
}

const KIB = 1024
const bytesOf = (count: number, first: number): Buffer => Buffer.alloc(count, Buffer.from([first, 7, 8, 9]))

await tap.test('what is said in one callback leaves in one write', async (t) => {
  const slab = new Slab()
  const one = new Taker()
  slab.add(one, Buffer.from('Hello, '), 0, 7)
  slab.add(one, Buffer.from('the world'), 4, 9)
  t.same(one.writes, [])
  slab.flush()
  slab.flush()
  t.same(one.writes.map(String), ['Hello, world'])
})

await tap.test('another writer goes behind what is laid out', async (t) => {
  const slab = new Slab()
  const order: string[] = []
  const writer = (name: string): SlabWriter => ({
    send(bytes) {
      order.push(`${name}: ${Buffer.from(bytes).toString()}`)
      return true
    },
  })
  slab.add(writer('one'), Buffer.from('first'), 0, 5)
  slab.add(writer('two'), Buffer.from('second'), 0, 6)
  slab.flush()
  t.same(order, ['one: first', 'two: second'])
})

await tap.test('bytes of a write that waits stay as they are', async (t) => {
  const slab = new Slab()
  const slow = new Taker()
  slow.takes = false
  const quick = new Taker()
  const said: Buffer[] = []
  for (let i = 0; i < 40; i += 1) {
    const bytes = bytesOf(20 * KIB + i, i)
    said.push(bytes)
    slab.add(slow, bytes, 0, bytes.length)
    slab.flush()
    slab.add(quick, bytesOf(50 * KIB, 255), 0, 50 * KIB)
    slab.flush()
  }
  t.ok(slow.all.equals(Buffer.concat(said)))
  t.equal(quick.all.length, 40 * 50 * KIB)
})

await tap.test('writes that wait do not cut the others into pieces', async (t) => {
  const slab = new Slab()
  const slow = new Taker()
  slow.takes = false
  for (let left = 256 * KIB - 3; left > 0; left -= 32 * KIB) {
    slab.add(slow, bytesOf(32 * KIB, 1), 0, Math.min(left, 32 * KIB))
    slab.flush()
  }
  for (let i = 0; i < 10; i += 1) {
    const quick = new Taker()
    const bytes = bytesOf(60 * KIB, i)
    slab.add(quick, bytes, 0, bytes.length)
    slab.flush()
    t.equal(quick.writes.length, 1)
    t.ok(quick.all.equals(bytes))
  }
})

await tap.test('more than there is room for goes out in order', async (t) => {
  for (const takes of [true, false]) {
    const slab = new Slab()
    const one = new Taker()
    one.takes = takes
    const bytes = bytesOf(1000 * KIB, 3)
    slab.add(one, bytes, 0, bytes.length)
    slab.flush()
    t.ok(one.all.equals(bytes))
    t.ok(one.writes.length <= 5, `${one.writes.length} writes`)
  }
})
