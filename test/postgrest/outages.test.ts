/**
 * What happens to every replica at the same moment, as all have one database: its restart, and a schema reload. lastcall
 * adds no failure to those of PostgREST itself, which clients beside it see as well, and no replica leaves the endpoints.
 * With `--health-failures 1` all of them would: that shows that the tests can fail.
 */
import tap, { type Test } from 'tap'
import type { Failure } from './callers.ts'
import { failures, load, stopAll, succeeding, watchReadiness } from './load.ts'
import { type Fleet, startPostgrest, startStandIn, withoutPostgrest, withPostgrest } from './stages.ts'

const REPLICAS = 3
const RELOADS = 5
const HASTY = ['--health-failures=1']

await tap.test('PostgREST', { skip: withoutPostgrest }, async (t) => {
  await t.test('its database restarts under load: the failures are its own, and it stays ready', async (t2) =>
    restart(t2, await startPostgrest(t2), 1),
  )
  await t.test('three replicas reload their schema at once: none fails, and all stay ready', async (t2) =>
    reloadAll(t2, await startPostgrest(t2, { count: REPLICAS }), REPLICAS),
  )
})

await tap.test('a stand-in for PostgREST', { skip: withPostgrest }, async (t) => {
  await t.test('its database restarts under load: the failures are its own, and it stays ready', async (t2) =>
    restart(t2, await startStandIn(t2, 'drops'), 1),
  )
  await t.test('its database restarts, and one failed check is enough: it leaves the endpoints', async (t2) =>
    restart(t2, await startStandIn(t2, 'drops', { flags: HASTY }), 0),
  )
  await t.test('three replicas reload their schema at once: none fails, and all stay ready', async (t2) =>
    reloadAll(t2, await startStandIn(t2, 'drops', { count: REPLICAS }), REPLICAS),
  )
  await t.test('three reload at once, and one failed check is enough: all leave together', async (t2) =>
    reloadAll(t2, await startStandIn(t2, 'drops', { count: REPLICAS, flags: HASTY }), 0),
  )
})

async function restart(t: Test, { replicas, rows, restartDatabase }: Fleet, ready: number): Promise<void> {
  const [{ sidecar, origin }] = replicas
  const [through, direct] = await Promise.all([load([sidecar.url], 'through'), load([origin], 'direct')])
  const readiness = watchReadiness(replicas)
  await restartDatabase()
  await succeeding([...through, ...direct])
  t.equal(await readiness.least(), ready, 'ready, at the least')
  await stopAll([...through, ...direct])

  const [seen, besides] = [failures(through), failures(direct)]
  t.ok(seen.length > 0 && besides.length > 0, 'it was felt')
  t.same(
    seen.filter(({ by }) => by !== 'app'),
    [],
    'each failure is an answer of PostgREST',
  )
  if (withPostgrest === false)
    t.same(codes(seen), codes(besides), 'of the kinds that are seen beside lastcall')
  const stored = rows()
  t.equal(new Set(stored).size, stored.length, 'nothing is inserted twice')
  const acknowledged = through.flatMap(({ inserted }) => inserted)
  t.same(
    acknowledged.filter((name) => !stored.includes(name)),
    [],
    'what was acknowledged is there',
  )
}

async function reloadAll(t: Test, { replicas, reload }: Fleet, ready: number): Promise<void> {
  const [through, direct] = await Promise.all([
    load(
      replicas.map(({ sidecar }) => sidecar.url),
      'through',
      1,
    ),
    load(
      replicas.map(({ origin }) => origin),
      'direct',
      1,
    ),
  ])
  const readiness = watchReadiness(replicas)
  for (let count = 0; count < RELOADS; count += 1) await reload()
  t.equal(await readiness.least(), ready, 'ready at once, at the least')
  await stopAll([...through, ...direct])
  t.same(failures(direct), [], 'no request fails beside lastcall')
  t.same(failures(through), [], 'nor through it')
}

/** The stand-in has two, of which each caller sees at least one. PostgREST has more, by chance. */
function codes(of: readonly Failure[]): string[] {
  return [...new Set(of.map(({ code }) => code))].toSorted()
}
