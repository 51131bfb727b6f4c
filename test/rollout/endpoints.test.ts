/** The stand-in for kube-proxy: late, pinned, and faithful to FIN and RST, or the rollout test would prove nothing. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type EndpointState, Service } from '../../src/tools/rehearsal/endpoints.ts'
import { Random } from '../../src/tools/rehearsal/random.ts'
import { until } from '../fixtures/until.ts'

/** A pod: says its name to each connection, then does what `then` says. */
async function pod(test: Test, name: string, then: (socket: Socket) => void = () => {}) {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write(name)
    then(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => end(server, sockets))
  return { pod: name, host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function end(server: Server, sockets: Set<Socket>): void {
  for (const socket of sockets) socket.destroy()
  server.close()
}

async function open(test: Test, lagMs: readonly [number, number] = [0, 1]) {
  const service = new Service({ random: new Random(1), lagMs, choose: 'round-robin' })
  const { port } = new URL(await service.listen())
  test.teardown(() => service.close())
  const dial = () => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    test.teardown(() => socket.destroy())
    return socket
  }
  const know = async (...changes: readonly [Awaited<ReturnType<typeof pod>>, EndpointState][]) => {
    for (const [endpoint, state] of changes) service.announce(endpoint, state)
    await until('the changes are known', () => service.pending === 0, 5000, 5)
  }
  return { service, dial, know }
}

async function said(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

void t.test('spreads new connections over the ready endpoints', async (test) => {
  const { dial, know } = await open(test)
  await know([await pod(test, 'a'), 'ready'], [await pod(test, 'b'), 'ready'])
  const names = await Promise.all(Array.from({ length: 10 }, () => said(dial())))
  test.same(names.toSorted().join(''), 'aaaaabbbbb')
})

void t.test('learns of a change after its lag, and of changes in their order', async (test) => {
  const { service, know, dial } = await open(test, [100, 300])
  const [a, b] = [await pod(test, 'a'), await pod(test, 'b')]
  await know([a, 'ready'])
  const announcedAt = performance.now()
  service.announce(b, 'ready')
  service.announce(a, 'out')
  test.equal(await said(dial()), 'a', 'still the old state')
  await until('both are known', () => service.pending === 0, 5000, 5)
  const tookMs = performance.now() - announcedAt
  test.ok(tookMs >= 95 && tookMs < 3000, `${tookMs} ms`)
  test.same([await said(dial()), await said(dial())], ['b', 'b'])
})

void t.test('keeps an established connection pinned when its endpoint leaves', async (test) => {
  const { dial, know } = await open(test)
  const echo = await pod(test, 'a', (socket) => socket.pipe(socket))
  await know([echo, 'ready'])
  const socket = dial()
  await said(socket)
  await know([echo, 'out'], [await pod(test, 'b'), 'ready'])
  socket.write('still there?')
  test.equal(await said(socket), 'still there?')
  test.equal(await said(dial()), 'b')
})

void t.test('falls back to terminating endpoints that still serve when none is ready', async (test) => {
  const { dial, know } = await open(test)
  const [a, b] = [await pod(test, 'a'), await pod(test, 'b')]
  await know([a, 'serving'], [b, 'ready'])
  test.same([await said(dial()), await said(dial())], ['b', 'b'])
  await know([b, 'out'])
  test.equal(await said(dial()), 'a')
})

void t.test('carries a half-close both ways', async (test) => {
  const { dial, know, service } = await open(test)
  const late = await pod(test, '', (socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end(`got ${Buffer.concat(chunks).toString()}`))
  })
  await know([late, 'ready'])
  const socket = dial()
  socket.end('all')
  test.equal(await said(socket), 'got all')
  await once(socket, 'end')
  await until('the record is closed', () => service.connections[0]?.firstEnd !== undefined)
  await until('nothing is left open', () => service.open === 0)
  test.match(service.connections[0], { firstEnd: 'client-fin', clientBytes: 3, podBytes: 7, pod: '' })
})

void t.test('turns the reset of one side into a reset of the other', async (test) => {
  const { dial, know, service } = await open(test)
  const fates: Promise<unknown>[] = []
  const endpoint = await pod(test, 'a', (socket) => {
    fates.push(new Promise((resolve) => socket.on('error', resolve)))
    socket.on('data', () => socket.resetAndDestroy())
  })
  await know([endpoint, 'ready'])
  const first = dial()
  await said(first)
  first.write('reset me')
  const [error] = (await once(first, 'error')) as [NodeJS.ErrnoException]
  test.equal(error.code, 'ECONNRESET')
  test.equal(service.connections[0]?.firstEnd, 'pod-rst')

  const second = dial()
  await said(second)
  second.resetAndDestroy()
  test.match(await fates[1], { code: 'ECONNRESET' })
  test.equal(service.connections[1]?.firstEnd, 'client-rst')
  await until('nothing is left open', () => service.open === 0)
})

void t.test('resets a client whose endpoint refuses, and one without any endpoint', async (test) => {
  const { dial, know, service } = await open(test)
  const nobody = dial()
  test.match(await once(nobody, 'error'), [{ code: 'ECONNRESET' }])
  await know([{ pod: 'dead', host: '127.0.0.1', port: 1 }, 'ready'])
  test.match(await once(dial(), 'error'), [{ code: 'ECONNRESET' }])
  test.same(
    service.connections.map((record) => record.firstEnd),
    ['no-endpoint', 'refused'],
  )
  await until('nothing is left open', () => service.open === 0)
})

void t.test('carries a large body whole, however slowly it is read', async (test) => {
  const { dial, know } = await open(test)
  const bytes = 8 * 1024 * 1024
  const big = await pod(test, '', (socket) => socket.end(Buffer.alloc(bytes, 'x')))
  await know([big, 'ready'])
  const socket = dial()
  let got = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got += chunk.length
    if (got < 1024 * 1024) await new Promise((resolve) => setImmediate(resolve))
  }
  test.equal(got, bytes)
})
