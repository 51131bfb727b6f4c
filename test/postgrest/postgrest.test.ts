/**
 * PostgREST, the app that lastcall is made for, drained under reads, inserts and slow calls, and reloaded under load.
 * POSTGREST_BIN names its executable; it runs with a database of its own. Where it is not set, a stand-in takes its place,
 * once for each way in which PostgREST treats SIGTERM, so that the tests themselves run everywhere.
 */
import tap, { type Test } from 'tap'
import { failures, load, stopAll, watchReadiness } from './load.ts'
import {
  type Fleet,
  startDatabase,
  startPostgrest,
  startStandIn,
  withoutDatabase,
  withoutPostgrest,
  withPostgrest,
} from './stages.ts'

const RELOADS = 10

await tap.test('the database of these tests', { skip: withoutDatabase }, async (t) => {
  const database = await startDatabase(t)
  database.query("set role anon; insert into api.items (name) values ('tea')")
  await database.restart()
  t.equal(
    database.query('select count(*) from api.items'),
    '1',
    'the role of the requests may insert and read, and a restart loses nothing',
  )
  t.equal(database.query('set role anon; select api.slow(0.01)'), '0.01', 'and call the slow function')
})

await tap.test('PostgREST', { skip: withoutPostgrest }, async (t) => {
  await t.test('drained under reads, inserts and slow calls, loses none', async (t2) =>
    drain(t2, await startPostgrest(t2)),
  )
  await t.test('a schema reload under load does not make it unready', async (t2) =>
    reloadSchema(t2, await startPostgrest(t2)),
  )
})

await tap.test('a stand-in for PostgREST', { skip: withPostgrest, jobs: 4 }, async (t) => {
  const tests = (['drops', 'finishes'] as const).map(async (stop) =>
    t.test(`that ${stop} what is in flight at SIGTERM: drained under load, loses none`, async (t2) =>
      drain(t2, await startStandIn(t2, stop)),
    ),
  )
  const reload = t.test('a schema reload under load does not make it unready', async (t2) =>
    reloadSchema(t2, await startStandIn(t2, 'drops')),
  )
  const bare = t.test('without lastcall, the callers lose requests and say so', async (t2) => {
    const [{ server, origin }] = (await startStandIn(t2, 'drops')).replicas
    const callers = await load([origin])
    server.signal('SIGTERM')
    await Promise.all(callers.map((caller) => caller.done))
    const lost = failures(callers).map(({ text }) => text)
    t2.ok(
      lost.some((failure) => failure.startsWith('POST /rpc/slow: ')),
      lost.join('; '),
    )
  })
  await Promise.all([...tests, reload, bare])
})

async function drain(t: Test, { replicas: [{ server, sidecar }], rows }: Fleet): Promise<void> {
  const callers = await load([sidecar.url])

  // What the kubelet does with a plain pod: SIGTERM to lastcall, and to the app when its hook is answered.
  const hook = sidecar.ask('GET', '/prestop/app')
  sidecar.signal('SIGTERM')
  t.equal((await hook).status, 200)
  server.signal('SIGTERM')
  const exit = await sidecar.end(10_000)
  await Promise.all(callers.map((caller) => caller.done))

  t.same(exit, { code: 0, signal: null }, 'nothing was cut')
  t.same(failures(callers), [], 'no request was lost')
  const inserted = callers.flatMap((caller) => caller.inserted)
  t.same(rows().toSorted(), inserted.toSorted(), 'the rows are those that were acknowledged')
}

async function reloadSchema(t: Test, { replicas, reload }: Fleet): Promise<void> {
  const callers = await load([replicas[0].sidecar.url])
  const readiness = watchReadiness(replicas)
  for (let count = 0; count < RELOADS; count += 1) await reload()
  t.equal(await readiness.least(), 1, 'ready all the time')
  await stopAll(callers)
  t.same(failures(callers), [], 'no request failed')
}
