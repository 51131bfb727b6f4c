/** A dial to a free port of the ephemeral range, which Linux may connect to itself: nobody may take that for the app. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import tap from 'tap'
import { systemClock } from '../../src/proxy/process/clock.ts'
import { dial, type Dialled } from '../../src/proxy/health/dial.ts'
import { BulkBuffers } from '../../src/proxy/sockets/bulk.ts'
import { Burst } from '../../src/proxy/sockets/burst.ts'
import { Port } from '../../src/proxy/sockets/port.ts'
import { Slab } from '../../src/proxy/sockets/slab.ts'
import { isSelfConnection } from '../../src/proxy/sockets/self-connection.ts'
import { ephemeralPort } from '../fixtures/ports.ts'

/** Linux goes through the ports of this parity one by one: so many dials are sure to meet each of them. */
const DIALS = 60_000
const AT_ONCE = 64
const linux = process.platform === 'linux' ? false : 'only Linux connects a socket to itself'

for (const host of ['127.0.0.1', '::1']) {
  void tap.test(
    `a socket that is connected to itself is known as such: ${host}`,
    { skip: linux },
    async (t) => {
      const port = await ephemeralPort(host)
      const socket = connect({ host, port, localAddress: host, localPort: port })
      t.teardown(() => socket.destroy())
      await once(socket, 'connect')
      t.ok(isSelfConnection(socket))
      socket.resetAndDestroy()
    },
  )
}

void tap.test('other connections are not: the same port at another address, a unix socket', async (t) => {
  const ends = {
    localAddress: '127.0.0.1',
    localPort: 40_000,
    remoteAddress: '127.0.0.1',
    remotePort: 40_000,
  }
  t.ok(isSelfConnection(ends))
  t.notOk(isSelfConnection({ ...ends, remoteAddress: '127.0.0.2' }))
  t.notOk(isSelfConnection({ ...ends, localPort: 40_002 }))
  t.notOk(isSelfConnection({}))
})

/** Dials, many at a time, until an attempt says that this is enough, or `most` times; returns how often it was. */
async function dialOften(most: number, attempt: () => Promise<boolean>): Promise<number> {
  let dials = 0
  let enough = false
  const dialOn = async (): Promise<void> => {
    while (!enough && dials < most) {
      dials += 1
      if (await attempt()) enough = true
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, dialOn))
  return dials
}

void tap.test(
  'the relay never takes itself for the app, however often it dials',
  { skip: linux },
  async (t) => {
    const port = await ephemeralPort('127.0.0.1')
    const kit = {
      slab: new Slab(),
      shared: Buffer.alloc(1024),
      bulk: new BulkBuffers(),
      burst: new Burst(),
      writer: undefined,
    }
    let opened = 0
    let itself = 0
    const dials = await dialOften(DIALS, async () => {
      await new Promise<void>((resolve) => {
        const app = new Port('app', kit, {
          portRead: () => undefined,
          portDrained: () => undefined,
          portEnded: () => undefined,
          portOpen: () => {
            opened += 1
            app.destroy()
          },
          portClosed: (_, error) => {
            if (error === undefined) itself += 1
            resolve()
          },
        })
        app.dial({ kind: 'tcp', host: '127.0.0.1', port })
      })
      return itself > 0
    })
    t.comment(`${dials} dials`)
    t.ok(itself > 0, 'it did happen')
    t.equal(opened, 0, 'and was not taken for the app')
  },
)

void tap.test(
  'a health check takes it for a refusal, and leaves the port free',
  { skip: linux },
  async (t) => {
    const port = await ephemeralPort('127.0.0.1')
    const kinds = new Set<string>()
    await dialOften(DIALS / 3, async () => {
      const { kind } = await new Promise<Dialled>((resolve) => {
        dial({ kind: 'tcp', host: '127.0.0.1', port }, 1000, systemClock, resolve)
      })
      kinds.add(kind)
      return kind === 'connected'
    })
    t.same([...kinds], ['refused'])
    const taken = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      // Connected to itself: what another connection of this machine had as its far end is not ours.
      .filter((line) => line.split(`:${port.toString(16).toUpperCase().padStart(4, '0')} `).length > 2)
    t.same(taken, [], 'no TIME-WAIT keeps the port from the app')
  },
)
