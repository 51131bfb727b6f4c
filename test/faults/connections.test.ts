/** Too many connections: a flood above --max-connections, and 10,000 that come and go. DESIGN §5. */
import { connect } from 'node:net'
import tap from 'tap'
import { balanced, books, booksAtRest, memory, MIB } from '../fixtures/books.ts'
import { rawClient, rawClients, requestText } from '../fixtures/raw.ts'
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
    const start = await booksAtRest(sidecar)
    const members = await rawClients(t, sidecar.listen, MAX)
    await until('all to be in', async () => (await books(sidecar)).clients === MAX)

    const one = await rawClient(t, sidecar.listen)
    const { status, head, closes } = await one.answer()
    t.match({ status, closes }, { status: 503, closes: true }, 'told without being asked')
    t.match(head, /^Proxy-Status: lastcall; error=connection_limit_reached/m)
    t.match(head, /^Retry-After: \d/m)
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

    for (const [i, client] of members.entries()) client.send(requestText('POST', `/post/${i}`, 'x'))
    const answers = await Promise.all(members.map(async (client) => client.answer('POST')))
    t.ok(
      answers.every((answer) => answer.status === 200),
      'those who were in are served',
    )
    t.equal((await books(sidecar)).clients, MAX)

    members.pop()!.socket.destroy()
    await until('room for one', async () => (await books(sidecar)).clients < MAX)
    const next = await rawClient(t, sidecar.listen)
    next.send(requestText('POST', '/post/next', 'x'))
    t.equal((await next.answer('POST')).status, 200, 'room is given again')
    for (const { socket } of [...members, next]) socket.destroy()
    await balanced(t, sidecar, start)
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
  const start = await booksAtRest(sidecar)
  const { rss } = memory(sidecar)
  await comeAndGo(10_000)
  await balanced(t, sidecar, start)
  t.ok(memory(sidecar).rss < rss + 15 * MIB, `memory: ${rss} -> ${memory(sidecar).rss}`)
  t.ok((await sidecar.metric('lastcall_connections_total{side="client"}'))! >= 12_000)
})
