/**
 * Much of everything: 100,000 requests, 20,000 clients that come and go, and a body of 1 GiB in each direction within
 * 80 MiB of memory. Of what the image runs (dist: `npm run build` first), as stripping types takes memory of its own.
 * DESIGN §1: memory does not grow with body size.
 */
import { connect, createServer, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { balanced, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { listen } from '../fixtures/listener.ts'
import { requestText } from '../fixtures/raw.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'

const REQUESTS = 100_000
const CONNECTIONS = 50
const COMERS = 20_000
/** What V8's young generation grows to if it is let (src/proxy/process/heap.ts) does not fit. */
const COMERS_BOUND = 130 * MIB
const BODY = 1024 * MIB
const PIECE = Buffer.alloc(MIB, 'x')
const BOUND = 80 * MIB

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')

/** An app that answers at once, whatever it was asked; no more than one request is with it at a time. */
async function quickApp(t: Test): Promise<string> {
  const server = createServer((socket) => socket.on('data', () => socket.write(ANSWER)))
  return `127.0.0.1:${(await listen(t, server)).port}`
}

await tap.test(
  `${REQUESTS} requests on ${CONNECTIONS} connections: memory is flat, the gauges balance`,
  async (t) => {
    const sidecar = await startSidecar(t, { app: await quickApp(t), from: 'dist' })
    await sidecar.ready()
    const start = await gaugesAtRest(sidecar)
    await ask(sidecar, REQUESTS / 5)
    const { rss } = memory(sidecar)
    const began = performance.now()
    await ask(sidecar, REQUESTS)
    t.comment(`${Math.round(REQUESTS / ((performance.now() - began) / 1000))} requests a second`)
    t.ok(memory(sidecar).rss < rss + 25 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
    await balanced(t, sidecar, start)
    const finished = await sidecar.metric('lastcall_request_duration_seconds_count')
    t.equal(finished, REQUESTS + REQUESTS / 5, 'each was counted')
  },
)

await tap.test(`${COMERS} connections of one request each: memory stays small`, async (t) => {
  const sidecar = await startSidecar(t, { app: await quickApp(t), from: 'dist' })
  await sidecar.ready()
  const start = await gaugesAtRest(sidecar)
  let left = COMERS
  const one = async (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(sidecar.listen)
      socket.on('connect', () => socket.write(requestText('GET', '/')))
      socket.on('data', () => socket.end())
      socket.on('error', reject)
      socket.on('close', () => resolve())
    })
  const comeAndGo = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: 16 }, comeAndGo))
  within(t, sidecar, COMERS_BOUND)
  await balanced(t, sidecar, start)
})

await tap.test('1 GiB from the app to the client within 80 MiB', async (t) => {
  const app = await listen(
    t,
    createServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\n\r\n`)
        pour(socket)
      })
    }),
  )
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}`, from: 'dist' })
  await sidecar.ready()
  const received = await new Promise<number>((resolve, reject) => {
    let bytes = 0
    const socket = connect(sidecar.listen)
    socket.write(requestText('GET', '/'))
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes >= BODY) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(bytes))
  })
  t.ok(received > BODY && received < BODY + 200)
  within(t, sidecar)
})

await tap.test('1 GiB from the client to the app within 80 MiB', async (t) => {
  let received = 0
  const app = await listen(
    t,
    createServer((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.length
        if (received >= BODY) socket.write(ANSWER)
      })
    }),
  )
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}`, from: 'dist' })
  await sidecar.ready()
  await new Promise<void>((resolve, reject) => {
    const socket = connect(sidecar.listen)
    socket.write(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${BODY}\r\n\r\n`)
    pour(socket)
    socket.once('data', () => socket.end())
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
  t.ok(received > BODY && received < BODY + 300)
  within(t, sidecar)
})

/** Asks so many times, on all connections at once, each time as soon as the answer is there. */
async function ask({ listen: place }: Sidecar, count: number): Promise<void> {
  const request = requestText(
    'GET',
    '/some/path?of=a#request'.replace('#', '&'),
    undefined,
    'User-Agent: volume\r\nAccept: */*\r\n',
  )
  let left = count
  const one = async (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ ...place, noDelay: true })
      let bytes = 0
      const next = (): void => {
        if (left <= 0) return void socket.end()
        left -= 1
        bytes = 0
        socket.write(request)
      }
      socket.on('connect', next)
      socket.on('data', (chunk) => {
        bytes += chunk.length
        if (bytes === ANSWER.length) next()
        else if (bytes > ANSWER.length) reject(new Error('more than was asked for'))
      })
      socket.on('error', reject)
      socket.on('close', () => resolve())
    })
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
}

/** Writes a whole body, as fast as the other side takes it. */
function pour(socket: Socket): void {
  let left = BODY
  const more = (): void => {
    while (left > 0) {
      left -= PIECE.length
      if (!socket.write(PIECE)) return
    }
    socket.off('drain', more)
  }
  socket.on('drain', more)
  more()
}

function within(t: Test, sidecar: Sidecar, bound = BOUND): void {
  const { peak } = memory(sidecar)
  t.ok(peak < bound, `at its highest ${(peak / MIB).toFixed(1)} MiB`)
}
