/**
 * POSTs that PostgREST answers before it has read them, as a token is wrong. Of a short body its server reads the rest; at
 * a longer one it closes the connection on what it has not read, which resets it: a client that sends all before it
 * reads has lost the answer. Through lastcall it gets the whole answer, and no reset.
 */
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import tap, { type Test } from 'tap'
import { inFlight, PHASE, verdictOf } from '../fixtures/drain.ts'
import { type RawAnswer, type RawClient, rawClient, requestText } from '../fixtures/raw.ts'
import type { Place, Sidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { type Fleet, startPostgrest, startStandIn, withoutPostgrest, withPostgrest } from './stages.ts'

const SHORT_BYTES = 8000
/** More than the kernel takes for an app that does not read. */
const LONG_BYTES = 8_000_000
const PART = Buffer.alloc(64 * 1024, 'x')
const AT_ONCE = 3

await tap.test('PostgREST', { skip: withoutPostgrest }, async (t) => {
  await t.test('a long upload with a wrong token: its answer arrives whole', async (t2) =>
    longUploads(t2, await startPostgrest(t2)),
  )
})

await tap.test('a stand-in for PostgREST', { skip: withPostgrest }, async (t) => {
  await t.test('a long upload with a wrong token: its answer arrives whole', async (t2) =>
    longUploads(t2, await startStandIn(t2, 'drops')),
  )

  await t.test('a long upload with a wrong token, without lastcall: a reset eats the answer', async (t2) => {
    const [{ origin }] = (await startStandIn(t2, 'drops')).replicas
    const { hostname, port } = new URL(origin)
    const place = { host: hostname, port: Number(port) }
    const uploads = Array.from({ length: AT_ONCE }, async () => uploaded(t2, place))
    const outcomes = await Promise.allSettled(uploads)
    t2.same(
      outcomes.filter(({ status }) => status === 'fulfilled'),
      [],
    )
  })

  await t.test('a short upload is answered before its end, and the connection serves on', async (t2) => {
    const [{ sidecar }] = (await startStandIn(t2, 'drops')).replicas
    const client = await rawClient(t2, sidecar.listen)
    await answeredEarly(t2, client)
    t2.equal(await inFlight(sidecar), 1, 'it is in flight as long as its body is')
    client.send('x'.repeat(SHORT_BYTES / 2))
    client.send(requestText('POST', '/items', JSON.stringify({ name: 'tea' })))
    t2.match(await client.answer('POST'), { status: 201, closes: false })
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
  })

  await t.test('a drain waits for an upload that was answered early, and cuts nothing', async (t2) => {
    const { client, sidecar, hook } = await draining(t2, [])
    t2.equal(await inFlight(sidecar), 1)
    client.send('x'.repeat(SHORT_BYTES / 2))
    t2.equal((await hook).status, 200)
    t2.equal(await client.end(), 'fin')
    t2.same(await sidecar.end(10_000), { code: 0, signal: null })
    t2.match(verdictOf(sidecar), { finished: 1, cut: 0 })
  })

  await t.test(
    'answered early, and a grace period that is too short for its end: cut, and counted',
    async (t2) => {
      const { client, sidecar } = await draining(t2, ['--grace-period=5s', '--app-stop=500ms'])
      t2.same(await sidecar.end(10_000), { code: 1, signal: null })
      t2.equal(await client.end(), 'reset')
      t2.match(verdictOf(sidecar), { finished: 0, cut: 1 })
    },
  )
})

/** Many at once: each gets its answer, and no reset, although the connection to the app has been reset. */
async function longUploads(t: Test, { replicas: [{ sidecar }] }: Fleet): Promise<void> {
  const uploads = Array.from({ length: AT_ONCE }, async () => {
    const { client, answer } = await uploaded(t, sidecar.listen)
    client.socket.end()
    return { ...answer, end: await client.end() }
  })
  for (const { status, body, end } of await Promise.all(uploads)) {
    t.match({ status, end }, { status: 401, end: 'fin' })
    t.match(JSON.parse(body), { code: 'PGRST301' })
  }
  const held = async () => {
    const { inFlight: requests, connections } = await sidecar.status()
    return { total: (requests as { total: number }).total, connections }
  }
  const nothing = { total: 0, connections: { client: 0, app: 0 } }
  await until('nothing held', async () => isDeepStrictEqual(await held(), nothing)).catch(() => undefined)
  t.same(await held(), nothing, 'nothing is left of them')
}

/**
 * A client that sends all before it reads, as many do. Resolves with the answer; rejects if a reset was faster, as a
 * socket that cannot write any more is destroyed with what is unread.
 */
async function uploaded(t: Test, place: Place): Promise<{ client: RawClient; answer: RawAnswer }> {
  const client = await rawClient(t, place, true)
  const closed = once(client.socket, 'close').catch(() => undefined)
  client.socket.pause()
  client.send(wrongToken(LONG_BYTES))
  for (let left = LONG_BYTES; left > 0 && client.socket.writable; left -= PART.length) {
    const flows = client.socket.write(PART.subarray(0, Math.min(left, PART.length)))
    if (!flows) await Promise.race([once(client.socket, 'drain').catch(() => undefined), closed])
  }
  client.socket.resume()
  return { client, answer: await client.answer('POST') }
}

/** A drain, when it waits for nothing but the end of a body that was answered early in lame duck. */
async function draining(
  t: Test,
  flags: readonly string[],
): Promise<{ client: RawClient; sidecar: Sidecar; hook: ReturnType<Sidecar['ask']> }> {
  const [{ server, sidecar }] = (await startStandIn(t, 'drops', { flags })).replicas
  const client = await rawClient(t, sidecar.listen)
  const hook = sidecar.ask('GET', '/prestop/app')
  void hook.then(() => server.signal('SIGTERM'))
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.lameDuck)
  await answeredEarly(t, client)
  await sidecar.log(PHASE.draining)
  return { client, sidecar, hook }
}

/** Sends a head and half of its body, and takes the answer, which must not tell it to stop (RFC 9112 §9.6). */
async function answeredEarly(t: Test, client: RawClient): Promise<void> {
  client.send(wrongToken(SHORT_BYTES) + 'x'.repeat(SHORT_BYTES / 2))
  const answer = await client.answer('POST')
  t.match(answer, { status: 401, closes: false })
  t.match(JSON.parse(answer.body), { code: 'PGRST301' })
}

function wrongToken(length: number): string {
  const fields = ['Host: test', 'Authorization: Bearer wrong', 'Content-Type: application/json']
  return `POST /items HTTP/1.1\r\n${fields.join('\r\n')}\r\nContent-Length: ${length}\r\n\r\n`
}
