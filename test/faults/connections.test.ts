/** Too many connections: a flood above --max-connections, and 10,000 that come and go. DESIGN §5. */
import { connect, createServer } from 'node:net'
import tap from 'tap'
import { balanced, gauges, gaugesAtRest, memory, MIB } from '../fixtures/gauges.ts'
import { listen } from '../fixtures/listener.ts'
import { rawClient, type RawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const MAX = 50
const FLOOD = 1000

await tap.test(
  `connection flood: above --max-connections 503 and closed, or just closed; service goes on`,
  async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, { app: app.address, flags: ['--max-connections', String(MAX)] })
    await sidecar.ready()
    const start = await gaugesAtRest(sidecar)
    const members = await rawClients(t, sidecar.listen, MAX)
    for (const [i, client] of members.entries()) client.send(requestText('GET', `/gate/${i}`))
    await until('all to be in flight', async () => (await gauges(sidecar)).inFlight === MAX)

    const one = await rawClient(t, sidecar.listen)
    const { status, head, closes } = await one.answer()
    t.match({ status, closes }, { status: 503, closes: true }, 'told without being asked')
    t.match(head, /^Proxy-Status: lastcall; error=connection_limit_reached/m)
    t.match(head, /^Retry-After: \d/m)
    t.match(
      head,
      /the connection limit is reached \(--max-connections\) and no connection is idle/,
      'and what set the limit',
    )
    t.equal(await one.end(), 'fin')

    const flood = await rawClients(t, sidecar.listen, FLOOD)
    await Promise.all(flood.map(async (client) => client.end()))
    const told = [...new Set(flood.map(({ text }) => text.split('\r\n', 1)[0]))]
    const known = new Set(['', 'HTTP/1.1 503 Service Unavailable'])
    t.ok(
      told.every((line) => known.has(line!)),
      `told, or closed without a word: ${told.join(' | ')}`,
    )
    t.ok((await sidecar.metric('lastcall_refused_total{reason="max-connections"}'))! >= FLOOD + 1)

    for (const i of members.keys()) app.release(String(i))
    const answers = await Promise.all(members.map(async (client) => client.answer()))
    t.ok(
      answers.every((answer) => answer.status === 200),
      'those who were in are served',
    )
    t.equal((await gauges(sidecar)).clients, MAX)

    const next = await rawClient(t, sidecar.listen)
    next.send(requestText('POST', '/post/next', 'x'))
    t.equal((await next.answer('POST')).status, 200, 'room is given again')
    for (const { socket } of [...members, next]) socket.destroy()
    await balanced(t, sidecar, start)
  },
)

await tap.test('at the limit the connection that has idled longest makes room for a newcomer', async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: ['--max-connections', '5'] })
  await sidecar.ready()
  const start = await gaugesAtRest(sidecar)
  const members = await rawClients(t, sidecar.listen, 5)
  // The order in which they come to rest, which is not that in which they came; the last one stays busy.
  for (const i of [2, 0, 3, 1]) {
    members[i]!.send(requestText('POST', `/post/${i}`, 'x'))
    t.equal((await members[i]!.answer('POST')).status, 200)
  }
  members[4]!.send(requestText('GET', '/gate/long'))
  await app.arrived('long')

  const newcomers: RawClient[] = []
  for (const i of [2, 0, 3, 1]) {
    const newcomer = await rawClient(t, sidecar.listen)
    newcomer.send(requestText('GET', `/gate/new-${i}`))
    newcomers.push(newcomer)
    t.equal(await members[i]!.end(), 'fin', `${i} has idled longest, and sees a FIN`)
    t.equal(members[i]!.rest, '', 'without a word')
    await app.arrived(`new-${i}`)
  }
  const one = await rawClient(t, sidecar.listen)
  t.equal((await one.answer()).status, 503, 'nobody is idle now')
  for (const id of ['long', ...[2, 0, 3, 1].map((i) => `new-${i}`)]) app.release(id)
  for (const client of [members[4]!, ...newcomers]) t.equal((await client.answer()).status, 200)
  t.ok((await sidecar.metric('lastcall_pair_ends_total{who="lastcall",why="limit"}'))! >= 4)
  for (const { socket } of [...members, ...newcomers]) socket.destroy()
  await balanced(t, sidecar, start)
})

await tap.test(
  'silent clients that do not hang up when told to make room cost nothing for long',
  async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, { app: app.address, flags: ['--max-connections', String(MAX)] })
    await sidecar.ready()
    const start = await gaugesAtRest(sidecar)
    const crowd: RawClient[] = []
    for (let i = 0; i < FLOOD; i += 20) {
      crowd.push(
        ...(await Promise.all(Array.from({ length: 20 }, async () => rawClient(t, sidecar.listen, true)))),
      )
      const { fds } = sidecar.resources()
      t.ok(fds < start.fds + MAX + 2 * 64 + 20, `${fds} descriptors after ${i + 20} clients`)
    }
    // None of the crowd counts as idle in its first moment: until then there is no room.
    const last = await until('a client that asks to be served', async () => {
      const client = await rawClient(t, sidecar.listen)
      client.send(requestText('POST', '/post/last', 'x'))
      return (await client.answer('POST')).status === 200 ? client : undefined
    })
    for (const { socket } of [...crowd, last]) socket.destroy()
    await balanced(t, sidecar, start)
  },
)

await tap.test(
  'a client that never says a word has head-timeout; one that has asked has idle-timeout',
  async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, { app: app.address, flags: ['--head-timeout', '500ms'] })
    await sidecar.ready()
    const used = await rawClient(t, sidecar.listen)
    used.send(requestText('POST', '/post/1', 'x'))
    t.equal((await used.answer('POST')).status, 200)
    const began = performance.now()
    const silent = await rawClient(t, sidecar.listen)
    t.equal(await silent.end(), 'fin')
    const tookMs = performance.now() - began
    t.ok(tookMs >= 490, `not before head-timeout: ${tookMs} ms`)
    t.equal(silent.text, '', 'no 408, which would be taken for an answer to the next request')
    used.send(requestText('POST', '/post/2', 'x'))
    t.equal((await used.answer('POST')).status, 200, 'the pool of a balancer goes on')
  },
)

await tap.test(
  'with --protocol tcp a silent client stays: there the app may be the first to speak',
  async (t) => {
    const app = await listen(
      t,
      createServer((socket) => setTimeout(() => socket.end('hello'), 1500)),
    )
    const flags = ['--head-timeout', '300ms', '--protocol', 'tcp']
    const sidecar = await startSidecar(t, { app: `127.0.0.1:${app.port}`, flags })
    await sidecar.ready()
    const silent = await rawClient(t, sidecar.listen)
    await silent.until('word of the app', () => silent.text === 'hello')
  },
)

await tap.test('10,000 connections that come and go leave nothing behind', async (t) => {
  const app = await startScripted(t)
  // A small heap: how large V8 lets its own grow (by 150 MiB and more) says nothing about what is kept.
  const nodeFlags = ['--max-semi-space-size=2', '--max-old-space-size=40']
  const sidecar = await startSidecar(t, { app: app.address, from: 'dist', nodeFlags })
  await sidecar.ready()
  const request = requestText('GET', '/')
  /** So many connections, a few at a time: every second one asks something first; ends of all kinds. */
  const comeAndGo = async (count: number): Promise<void> => {
    let left = count
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const turn = left
        await new Promise<void>((resolve, reject) => {
          const socket = connect(sidecar.listen)
          const leave = (): void => void (turn % 4 < 2 ? socket.destroy() : socket.resetAndDestroy())
          socket.on('connect', () => (turn % 2 === 0 ? leave() : socket.write(request)))
          socket.on('data', leave)
          socket.on('error', reject)
          socket.on('close', () => resolve())
        })
      }
    }
    await Promise.all(Array.from({ length: 20 }, one))
  }
  await comeAndGo(2000)
  const start = await gaugesAtRest(sidecar)
  const { rss } = memory(sidecar)
  await comeAndGo(10_000)
  await balanced(t, sidecar, start)
  t.ok(memory(sidecar).rss < rss + 15 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
  t.ok((await sidecar.metric('lastcall_connections_total{side="client"}'))! >= 12_000)
})
