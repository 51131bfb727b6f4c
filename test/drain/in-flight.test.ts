/** Whatever is in flight when the pod stops is finished, by whatever client it was asked for. DESIGN §3. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { type Ask, KINDS, type Reply } from '../fixtures/clients.ts'
import { endAfterApp, inFlight, PHASE, refused, serving, verdictOf } from '../fixtures/drain.ts'
import { rawClient, type RawClient, rawClients, requestText } from '../fixtures/raw.ts'
import { FIRST_HALF, SECOND_HALF } from '../fixtures/scripted.ts'
import { until } from '../fixtures/until.ts'

const MIB = 1024 * 1024
const PIECE = 'a piece of an upload '.repeat(1000)

for (const { name, skip, start } of KINDS) {
  await tap.test(`finishes what ${name} has in flight at SIGTERM`, { skip }, async (t) => {
    const { app, sidecar } = await serving(t)
    const ask: Ask = start(t, sidecar.listen)
    const go = Promise.withResolvers<void>()
    async function* upload(): AsyncGenerator<string> {
      yield PIECE
      await go.promise
      yield PIECE
    }

    const answers: Promise<Reply>[] = [
      ask({ method: 'GET', path: '/gate/head' }),
      ask({ method: 'GET', path: '/gate/mid-body/body' }),
      ask({ method: 'GET', path: '/gate/mid-chunks/chunks' }),
      ask({ method: 'PUT', path: '/upload/1', body: upload() }),
    ]
    const all = Promise.all(answers)
    all.catch(() => undefined) // judged below
    for (const gate of ['head', 'mid-body', 'mid-chunks']) await app.arrived(gate)
    await until('four in flight', async () => (await inFlight(sidecar)) === 4)

    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    await refused(sidecar)
    go.resolve()
    for (const gate of ['head', 'mid-body', 'mid-chunks']) app.release(gate)

    const whole = { status: 200, body: FIRST_HALF + SECOND_HALF }
    const sha256 = createHash('sha256')
      .update(PIECE + PIECE)
      .digest('hex')
    t.same(await all, [whole, whole, whole, { status: 200, body: `${2 * PIECE.length} ${sha256}` }])
    t.equal(await endAfterApp(app, sidecar), 0, 'nothing was cut')
    t.match(verdictOf(sidecar), { inFlight: 4, finished: 4, cut: 0 })
    t.same(app.journal, ['PUT 1'])
  })
}

await tap.test(
  'a head of which half was sent at SIGTERM is completed while draining, and served',
  async (t) => {
    const { app, sidecar } = await serving(t)
    const text = requestText('POST', '/post/1', 'the body')
    const cuts = [1, 20, text.indexOf('\r\n\r\n') + 1, text.length - 3]
    const clients = await Promise.all(cuts.map(async () => rawClient(t, sidecar.listen)))
    clients.forEach((client, i) => client.send(text.replace('post/1', `post/${i}`).slice(0, cuts[i])))
    await until('all in flight', async () => (await inFlight(sidecar)) === cuts.length)

    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    clients.forEach((client, i) => client.send(text.replace('post/1', `post/${i}`).slice(cuts[i])))
    for (const [i, client] of clients.entries()) {
      const { status, body, closes } = await client.answer('POST')
      t.match({ status, body, closes }, { status: 200, body: `applied ${i}`, closes: true })
      t.equal(await client.end(), 'fin')
    }
    t.equal(await endAfterApp(app, sidecar), 0)
    t.same(
      app.journal.toSorted(),
      cuts.map((_, i) => `POST ${i}`),
    )
  },
)

await tap.test('a head that is never completed ends with 408, not with the grace period', async (t) => {
  const { app, sidecar } = await serving(t, ['--head-timeout', '1s'])
  const client = await rawClient(t, sidecar.listen)
  client.send('GET / HTTP/1.1\r\nHo')
  await until('it is in flight', async () => (await inFlight(sidecar)) === 1)
  sidecar.signal('SIGTERM')
  t.equal((await client.answer()).status, 408)
  t.equal(await endAfterApp(app, sidecar), 0)
})

await tap.test('clients that read late get their whole last response', async (t) => {
  const { app, sidecar } = await serving(t, ['--grace-period', '60s', '--quiet', '3s'])
  const fromApp = async () => (await sidecar.metric('lastcall_bytes_total{direction="from_app"}'))!
  const atRest = async (): Promise<number> => {
    let last = 0
    return until(
      'the bytes to stand still',
      async () => {
        const before = last
        last = await fromApp()
        return last > 0 && last === before ? last : undefined
      },
      20_000,
      200,
    )
  }
  // What the kernel takes for a client that does not read; and a little more, which lastcall holds.
  const probe = silent(await rawClient(t, sidecar.listen), 64 * MIB)
  const taken = await atRest()
  probe.client.socket.destroy()

  const clients = await rawClients(t, sidecar.listen, 32)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.lameDuck)
  // Lengths around that, as it is never quite the same; the last is so long that something is in flight in any case.
  const late = clients.map((client, i) =>
    silent(client, taken + (i === 31 ? 16 * MIB : (i - 16) * 16 * 1024)),
  )
  const before = await atRest()
  // Longer than a client that was told goodbye is given to leave (2 s): these are not slow to leave, but to read.
  await sleep(2500)
  t.equal(await fromApp(), before)
  for (const { client } of late) client.socket.resume()
  const ends = await Promise.all(late.map(async ({ client }) => client.end(30_000)))
  t.same(
    ends.filter((end) => end !== 'fin'),
    [],
  )
  t.same(
    late.map(({ received }) => received),
    late.map(({ bytes }) => bytes),
  )
  t.equal(await endAfterApp(app, sidecar), 0)
})

/** Asks for so many bytes, and reads none of them before its socket is resumed. */
function silent(client: RawClient, bytes: number): { client: RawClient; bytes: number; received: number } {
  const late = { client, bytes, received: 0 }
  client.socket.removeAllListeners('data')
  client.socket.on('data', (text: string) => {
    if (late.received === 0) late.received = -text.indexOf('\r\n\r\n') - 4
    late.received += text.length
  })
  client.socket.pause()
  client.send(requestText('GET', `/bytes/${bytes}`))
  return late
}
