/** One side's connection: what it reports, and what it does not. */
import tap from 'tap'
import { BulkBuffers } from '../../src/proxy/sockets/bulk.ts'
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
