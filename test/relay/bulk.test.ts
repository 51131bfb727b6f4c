/** The buffers of bulk transfers: who has one, and that there are never too many. */
import tap from 'tap'
import { BulkBuffers } from '../../src/proxy/sockets/bulk.ts'

await tap.test('the one given back last is taken next', async (t) => {
  const bulk = new BulkBuffers()
  const first = bulk.take()!
  const second = bulk.take()!
  t.not(first, second)
  t.ok(bulk.holds(first) && bulk.holds(second))
  bulk.giveBack(first)
  t.notOk(bulk.holds(first), 'nobody reads into it')
  t.equal(bulk.take(), first)
  bulk.giveBack(second)
  bulk.giveBack(second)
  t.equal(bulk.take(), second)
  t.not(bulk.take(), second, 'given back twice, and there only once')
})

await tap.test('a buffer that a write keeps is not reused until the write is done', async (t) => {
  const bulk = new BulkBuffers()
  const kept = bulk.take()!
  bulk.keep(kept)
  t.notOk(bulk.holds(kept), 'a second write from it is copied')
  bulk.giveBack(kept)
  t.not(bulk.take(), kept)
  bulk.written(kept)
  t.equal(bulk.take(), kept)
})

await tap.test('memory is bounded, whichever sides have the buffers', async (t) => {
  const bulk = new BulkBuffers()
  const taken: Buffer[] = []
  for (let buffer = bulk.take(); buffer !== undefined; buffer = bulk.take()) {
    taken.push(buffer)
    if (taken.length % 2 === 0) bulk.keep(buffer)
  }
  const bytes = taken.reduce((sum, { length }) => sum + length, 0)
  t.ok(bytes > 0 && bytes <= 8 * 1024 * 1024, `${bytes} bytes`)
  bulk.written(taken[1]!)
  t.equal(bulk.take(), taken[1], 'a write is done')
  t.equal(bulk.take(), undefined)
  bulk.giveBack(taken[0]!)
  t.equal(bulk.take(), taken[0], 'a burst is over')
  t.equal(bulk.take(), undefined)
})

await tap.test('a buffer that is not one of them', async (t) => {
  const bulk = new BulkBuffers()
  const other = Buffer.alloc(9)
  t.notOk(bulk.holds(other))
  bulk.giveBack(other)
  bulk.keep(other)
  t.not(bulk.take(), other)
})

await tap.test(
  'a stream’s own buffer is written in place, and its memory is freed as soon as possible',
  async (t) => {
    const bulk = new BulkBuffers()
    const read = Buffer.from(new ArrayBuffer(64 * 1024))
    bulk.lend(read)
    t.ok(bulk.holds(read))
    bulk.giveBack(read)
    t.notOk(bulk.holds(read))
    t.equal(read.length, 0, 'freed after the read')

    const waiting = Buffer.from(new ArrayBuffer(64 * 1024))
    bulk.lend(waiting)
    bulk.keep(waiting)
    t.notOk(bulk.holds(waiting), 'a second write from it is copied')
    bulk.giveBack(waiting)
    t.equal(waiting.length, 64 * 1024, 'the write still needs it')
    bulk.written(waiting)
    t.equal(waiting.length, 0, 'freed when it is written')

    const part = Buffer.from(new ArrayBuffer(64 * 1024), 0, 32 * 1024)
    bulk.lend(part)
    bulk.giveBack(part)
    t.equal(part.length, 32 * 1024, 'memory that others may share is left alone')
  },
)

await tap.test('buffers of streams do not use up the places of bulk buffers', async (t) => {
  const bulk = new BulkBuffers()
  for (let i = 0; i < 100; i++) {
    const chunk = Buffer.from(new ArrayBuffer(64 * 1024))
    bulk.lend(chunk)
    bulk.keep(chunk)
  }
  t.ok(bulk.take())
})
