/** One side's connection: what it reports, and what it does not. */
import tap, { type Test } from 'tap'
import { BulkBuffers } from '../../src/proxy/sockets/bulk.ts'
import { Burst } from '../../src/proxy/sockets/burst.ts'
import { findWriter } from '../../src/proxy/sockets/native.ts'
import { Port } from '../../src/proxy/sockets/port.ts'
import { Slab } from '../../src/proxy/sockets/slab.ts'
import { startRawApp } from '../fixtures/raw-app.ts'
import { until } from '../fixtures/until.ts'

for (const native of [true, false]) {
  void tap.test(
    `${native ? 'native' : 'portable'}: what a reset takes back is not reported as taken`,
    async (t) => {
      const app = await startRawApp(t, { paused: true })
      const reported: string[] = []
      const port = new Port(
        'app',
        {
          slab: new Slab(),
          shared: Buffer.alloc(1024),
          bulk: new BulkBuffers(),
          burst: new Burst(),
          writer: native ? findWriter() : undefined,
        },
        {
          portRead: () => reported.push('read'),
          portDrained: () => reported.push('drained'),
          portOpen: () => reported.push('open'),
          portEnded: () => reported.push('ended'),
          portClosed: () => reported.push('closed'),
        },
      )
      port.dial({ kind: 'tcp', host: '127.0.0.1', port: app.port })
      await until('it is open', () => reported.length > 0)
      const bytes = Buffer.alloc(16 * 1024 * 1024)
      port.write(bytes, 0, bytes.length)
      t.ok(port.backlog, 'the app does not read')
      port.reset()
      await until('it is closed', () => reported.includes('closed'))
      t.strictSame(reported, ['open', 'closed'])
    },
  )
}

const KIB = 1024

/** A portable port to an app, and what it has reported. */
async function portable(t: Test, paused: boolean) {
  const app = await startRawApp(t, { paused })
  const reported: string[] = []
  const kit = {
    slab: new Slab(),
    shared: Buffer.alloc(KIB),
    bulk: new BulkBuffers(),
    burst: new Burst(),
    writer: undefined,
  }
  const port = new Port('app', kit, {
    portRead: () => reported.push('read'),
    portDrained: () => reported.push('drained'),
    portOpen: () => reported.push('open'),
    portEnded: () => reported.push('ended'),
    portClosed: () => reported.push('closed'),
  })
  t.teardown(() => port.destroy())
  port.dial({ kind: 'tcp', host: '127.0.0.1', port: app.port })
  await until('it is open', () => reported.includes('open'))
  /** As if a stream had read it, in full. */
  const read = (letter: string): Buffer => {
    const chunk = Buffer.from(new ArrayBuffer(64 * KIB)).fill(letter)
    kit.bulk.lend(chunk)
    port.write(chunk, 0, chunk.length)
    kit.bulk.giveBack(chunk)
    return chunk
  }
  return { app, kit, port, read, reported }
}

void tap.test('portable: gathered bytes do not count as taken, and do not stop reading', async (t) => {
  const { app, port, read, reported } = await portable(t, false)
  const chunk = read('a')
  t.ok(port.backlog, 'still in flight')
  t.notOk(port.stalled, 'the kernel has refused nothing')
  t.equal(chunk.length, 64 * KIB, 'its memory is still needed')
  await until('it is reported', () => reported.includes('drained'))
  t.notOk(port.backlog)
  t.equal(chunk.length, 0, 'its memory is freed')
  const call = await app.call()
  await until('the app has it', () => call.text === 'a'.repeat(64 * KIB))
})

void tap.test('portable: what is written later stays behind what is gathered', async (t) => {
  const { app, kit, port, read } = await portable(t, false)
  read('a')
  read('b')
  port.write(Buffer.from('end'), 0, 3)
  kit.slab.flush()
  port.fin()
  const call = await app.call()
  await until('the app has its end', () => call.ended)
  t.equal(call.text, `${'a'.repeat(64 * KIB)}${'b'.repeat(64 * KIB)}end`)
})

void tap.test('portable: a FIN is sent behind what is gathered', async (t) => {
  const { app, port, read } = await portable(t, false)
  read('a')
  port.fin()
  const call = await app.call()
  await until('the app has its end', () => call.ended)
  t.equal(call.text, 'a'.repeat(64 * KIB))
})

void tap.test('portable: a connection that departs delivers what is gathered', async (t) => {
  const { app, port, read } = await portable(t, false)
  read('a')
  port.depart(() => undefined)
  const call = await app.call()
  await until('the app has its end', () => call.ended)
  t.equal(call.text, 'a'.repeat(64 * KIB))
})

void tap.test(
  'portable: what is gathered for a connection that is reset is freed, and not reported',
  async (t) => {
    const { port, read, reported } = await portable(t, true)
    const chunk = read('a')
    port.reset()
    await until('it is closed', () => reported.includes('closed'))
    t.strictSame(reported, ['open', 'closed'])
    t.equal(chunk.length, 0)
    t.notOk(port.backlog)
  },
)
