/**
 * PostgREST, the app that lastcall is made for, with a real database: drained under reads, inserts and slow calls, and
 * reloaded under load. Needs PostgREST itself: POSTGREST_BIN names its executable. The database part needs only
 * PostgreSQL, and runs without PostgREST, too.
 */
import tap from 'tap'
import { executable, missing, postgresFolder } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { type Postgres, startPostgres } from '../fixtures/postgres.ts'
import { type Owner, type Program, startProgram } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import { type Caller, startCallers } from './callers.ts'

const SCHEMA = `
  create role anon nologin;
  create role authenticator noinherit login;
  grant anon to authenticator;
  create schema api;
  create table api.items (id bigint generated always as identity primary key, name text not null unique);
  create function api.slow(seconds float) returns float language plpgsql
    as $$ begin perform pg_sleep(seconds); return seconds; end $$;
  grant usage on schema api to anon;
  grant select, insert on api.items to anon;
  grant execute on function api.slow to anon;
`

const programs = postgresFolder()
const postgrest = process.env['POSTGREST_BIN']
const withoutDatabase = missing(programs, 'postgresql')
const withoutPostgrest =
  postgrest === undefined
    ? 'PostgREST is not tested: POSTGREST_BIN is not set to its executable (Debian has no package of it)'
    : !executable(postgrest) && `POSTGREST_BIN names ${postgrest}, which is no executable`

await tap.test('the database of these tests', { skip: withoutDatabase }, async (t) => {
  const database = await startDatabase(t)
  database.query("set role anon; insert into api.items (name) values ('tea')")
  t.equal(
    database.query('select count(*) from api.items'),
    '1',
    'the role of the requests may insert and read',
  )
  t.equal(database.query('set role anon; select api.slow(0.01)'), '0.01', 'and call the slow function')
})

await tap.test('PostgREST', { skip: withoutDatabase || withoutPostgrest }, async (t) => {
  await t.test('drained under reads, inserts and slow calls, loses none', async (t2) => {
    const database = await startDatabase(t2)
    const { server, sidecar } = await startBoth(t2, database)
    const callers = startCallers(sidecar.url)
    await until('load of every kind', () => callers.every((caller) => caller.answered >= 3), 20_000)

    // What the kubelet does with a plain pod: SIGTERM to lastcall, and to the app when its hook is answered.
    const hook = sidecar.ask('GET', '/prestop/app')
    sidecar.signal('SIGTERM')
    t2.equal((await hook).status, 200)
    server.signal('SIGTERM')
    const exit = await sidecar.end(10_000)
    await Promise.all(callers.map((caller) => caller.done))

    t2.same(exit, { code: 0, signal: null }, 'nothing was cut')
    t2.same(failures(callers), [], 'no request was lost')
    const inserted = callers.flatMap((caller) => caller.inserted)
    const rows = database.query('select name from api.items').split('\n')
    t2.same(rows.toSorted(), inserted.toSorted(), 'the rows are those that were acknowledged')
  })

  await t.test('a schema reload under load does not make it unready', async (t2) => {
    const database = await startDatabase(t2)
    const { sidecar } = await startBoth(t2, database)
    const callers = startCallers(sidecar.url)
    const readiness = new Set<number>()
    for (let reload = 0; reload < 10; reload += 1) {
      database.query("notify pgrst, 'reload schema'")
      const enough = performance.now() + 300
      while (performance.now() < enough) readiness.add((await sidecar.ask('GET', '/readyz')).status)
    }
    for (const caller of callers) caller.stop()
    await Promise.all(callers.map((caller) => caller.done))
    t2.same([...readiness], [200], 'ready all the time')
    t2.same(failures(callers), [], 'no request failed')
  })
})

function failures(callers: readonly Caller[]): string[] {
  return callers.flatMap((caller) => caller.failures)
}

async function startDatabase(t: Owner): Promise<Postgres> {
  const database = await startPostgres(t, programs!)
  database.query(SCHEMA)
  return database
}

async function startBoth(t: Owner, database: Postgres): Promise<{ server: Program; sidecar: Sidecar }> {
  const [port, admin] = [await freePort(), await freePort()]
  const server = startProgram(t, {
    command: postgrest!,
    env: {
      PGRST_DB_URI: database.uri('authenticator'),
      PGRST_DB_SCHEMAS: 'api',
      PGRST_DB_ANON_ROLE: 'anon',
      PGRST_DB_POOL: '20',
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_ADMIN_SERVER_PORT: String(admin),
    },
  })
  const sidecar = await startSidecar(t, {
    app: `127.0.0.1:${port}`,
    flags: ['--health', `http://127.0.0.1:${admin}/ready`],
  })
  await sidecar.ready()
  return { server, sidecar }
}
