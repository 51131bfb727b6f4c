/**
 * The trial of the native path at start-up: it is passed on this Node, and whatever else a Node might do leads to the
 * portable path, never to a stall, an abort or an exception.
 */
import { connect, type Server, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { systemClock } from '../../src/proxy/process/clock.ts'
import {
  type AskedRequest,
  AskingWriter,
  findWriter,
  type Handle,
  type NativeWays,
  NODE,
  type Writer,
  type WriteRequest,
} from '../../src/proxy/sockets/native.ts'
import { type Proof, proveNative } from '../../src/proxy/sockets/proof.ts'
import { Transit } from '../../src/proxy/sockets/transit.ts'
import { HandClock } from '../fixtures/clock.ts'
import { until } from '../fixtures/until.ts'

type Write = (handle: Handle, bytes: Uint8Array, real: Writer) => number | WriteRequest

/** A Node whose writes do something else. */
function writing(write: Write): NativeWays {
  const findBroken = (): Writer => {
    const real = findWriter()!
    return { write: (handle, bytes) => write(handle, bytes, real), forget: () => real.forget() }
  }
  return { ...NODE, findWriter: findBroken }
}

/** A Node whose accepted handles are changed before anybody sees them. */
function accepting(change: (handle: Handle) => void): NativeWays {
  return {
    ...NODE,
    takeHandles: (server, accept, failed) =>
      NODE.takeHandles(
        server,
        (handle) => {
          change(handle)
          accept(handle)
        },
        failed,
      ),
  }
}

/** The request of a write that never reports. */
function silent(): WriteRequest {
  return { oncomplete: () => undefined, buffer: undefined }
}

function isWaiting(outcome: number | WriteRequest): outcome is WriteRequest {
  return typeof outcome !== 'number'
}

async function leavesNothing(t: Test): Promise<void> {
  await until('all of the trial is closed', () =>
    process.getActiveResourcesInfo().every((name) => !name.startsWith('TCP')),
  )
  t.pass('nothing is left open')
}

await tap.test('this Node passes', async (t) => {
  t.match(await proveNative(systemClock), { kind: 'native' })
  await leavesNothing(t)
})

/** Each way in which a Node might differ, and why the portable path is then used. */
const BROKEN: readonly (readonly [string, NativeWays, RegExp])[] = [
  ['the way to write is not found', { ...NODE, findWriter: () => undefined }, /found no way to write/],
  [
    'every write looks as if it was taken',
    writing((handle, bytes, real) => {
      const outcome = real.write(handle, bytes)
      return isWaiting(outcome) ? 0 : outcome
    }),
    /no write had to wait/,
  ],
  [
    'every write looks as if it waits',
    writing((handle, bytes, real) => {
      const outcome = real.write(handle, bytes)
      return outcome === 0 ? silent() : outcome
    }),
    /a small write was not taken at once/,
  ],
  [
    'only the first write that waits looks so',
    (() => {
      let waited = false
      return writing((handle, bytes, real) => {
        const outcome = real.write(handle, bytes)
        if (!isWaiting(outcome) || !waited) {
          waited ||= isWaiting(outcome)
          return outcome
        }
        return 0
      })
    })(),
    /did not wait for the one before it/,
  ],
  [
    'handles cannot be written to',
    accepting((handle) => void Object.assign(handle, { writeBuffer: undefined })),
    /writeBuffer/,
  ],
  ['a write fails', writing(() => -32), /a write failed with -32/],
  [
    'a write throws',
    writing(() => {
      throw new Error('Illegal invocation')
    }),
    /Illegal invocation/,
  ],
  [
    'a write that waits reports an error',
    writing((handle, bytes, real) => {
      const outcome = real.write(handle, bytes)
      if (!isWaiting(outcome)) return outcome
      const request = silent()
      outcome.oncomplete = () => request.oncomplete(-71)
      return request
    }),
    /failed with -71/,
  ],
  [
    'a write loses a byte',
    writing((handle, bytes, real) => real.write(handle, bytes.subarray(1))),
    /the bytes read differ/,
  ],
  [
    'a byte arrives twice',
    writing((handle, bytes, real) => {
      real.write(handle, bytes.subarray(0, 1))
      return real.write(handle, bytes)
    }),
    /the bytes read differ/,
  ],
  ['a listener gives out no handles', { ...NODE, canTakeHandles: () => false }, /does not give out handles/],
  [
    'accepting fails',
    {
      ...NODE,
      takeHandles: (server, _, failed) =>
        NODE.takeHandles(server, (handle) => (closing(handle), failed()), failed),
    },
    /could not be accepted/,
  ],
  [
    'the buffer to read into is ignored',
    accepting((handle) => void Object.assign(handle, { useUserBuffer: () => undefined })),
    /the bytes read differ/,
  ],
  [
    'reads go into another buffer',
    {
      ...NODE,
      adopt: (handle, onread) =>
        NODE.adopt(handle, {
          buffer: () => onread.buffer(),
          callback: (count, bytes) => onread.callback(count, Buffer.from(bytes)),
        }),
    },
    /a different buffer/,
  ],
  [
    'handles cannot be adopted',
    {
      ...NODE,
      adopt: (handle) => {
        closing(handle)
        throw new TypeError('no such option')
      },
    },
    /no such option/,
  ],
]

function closing(handle: Handle): void {
  ;(handle as unknown as { close(): void }).close()
}

for (const [name, ways, why] of BROKEN)
  await tap.test(`portable where ${name}`, async (t) => {
    t.match(await proveNative(systemClock, ways), { kind: 'portable', why })
    await leavesNothing(t)
  })

/** Each way in which nothing comes any more: what has been waited for, and that it has been. */
const SILENT: readonly (readonly [string, NativeWays, RegExp])[] = [
  [
    'a write that waits never reports',
    writing((handle, bytes, real) => {
      const outcome = real.write(handle, bytes)
      return isWaiting(outcome) ? silent() : outcome
    }),
    /write: \d+ bytes not read, 2 writes not done/,
  ],
  ['a write does nothing', writing(() => 0), /read: 16 bytes not read/],
  [
    'connections are not given out',
    { ...NODE, takeHandles: (server) => NODE.takeHandles(server, closing, () => undefined) },
    /meet: 0 bytes not read|loopback/,
  ],
]

for (const [name, ways, why] of SILENT)
  await tap.test(`portable within a second where ${name}`, async (t) => {
    const clock = new HandClock()
    let proof: Proof | undefined
    void proveNative(clock, ways).then((outcome) => (proof = outcome))
    // It cannot be known when nothing more will come: time goes on until it is enough, but slowly.
    await until(
      'the end of it',
      () => {
        clock.advance(10)
        return proof !== undefined
      },
      10_000,
      5,
    )
    t.match(proof, { kind: 'portable', why })
    t.ok(clock.now() <= 1100, `${clock.now()} ms`)
    t.equal(clock.armed, 0)
    await leavesNothing(t)
  })

await tap.test(
  'a stranger who connects to the port of the trial is not mistaken for its other end',
  async (t) => {
    const strangers: Socket[] = []
    const ways: NativeWays = {
      ...NODE,
      canTakeHandles: (server: Server) => {
        const { port, address } = server.address() as { port: number; address: string }
        for (let i = 0; i < 5; i++) {
          const stranger = connect({ port, host: address })
          stranger.on('error', () => undefined)
          stranger.write('GET / HTTP/1.1\r\n\r\n')
          strangers.push(stranger)
        }
        return true
      },
    }
    t.match(await proveNative(systemClock, ways), { kind: 'native' })
    for (const stranger of strangers) stranger.destroy()
    await leavesNothing(t)
  },
)

await tap.test('a request that was not needed serves again, and one that is in use never', async (t) => {
  class Request implements AskedRequest {
    used = false
    buffer = undefined
    oncomplete = (): void => undefined
    getAsyncId(): number {
      return this.used ? 7 : -1
    }
  }
  const seen: Request[] = []
  let waits = false
  const handle: Handle = {
    setNoDelay: () => undefined,
    writeBuffer(request) {
      seen.push(request as Request)
      ;(request as Request).used = waits
      return 0
    },
  }
  const writer = new AskingWriter(Request)
  t.equal(writer.write(handle, Buffer.of(1)), 0)
  t.equal(writer.write(handle, Buffer.of(2)), 0)
  t.equal(seen[0], seen[1])
  waits = true
  const bytes = Buffer.of(3)
  t.equal(writer.write(handle, bytes), seen[2], 'the request that will report')
  t.equal(seen[2]!.buffer, bytes, 'it keeps the bytes alive')
  waits = false
  t.equal(writer.write(handle, Buffer.of(4)), 0)
  t.not(seen[3], seen[2])
  writer.forget()
  writer.write(handle, Buffer.of(5))
  t.not(seen[4], seen[3])
})

await tap.test('what is under way is compared byte by byte', async (t) => {
  const transit = new Transit()
  transit.sent(Buffer.from('abc'))
  transit.sent(Buffer.from('defg'))
  t.equal(transit.left, 7)
  t.ok(transit.received(Buffer.from('ab--'), 2))
  t.ok(transit.received(Buffer.from('cdef'), 4), 'across two writes')
  t.notOk(transit.isEmpty)
  t.notOk(transit.received(Buffer.from('x'), 1))
  t.ok(transit.received(Buffer.from('g'), 1))
  t.ok(transit.isEmpty)
  t.notOk(transit.received(Buffer.from('g'), 1), 'more than was sent')
})
