/** What the tests of this folder run on: PostgREST with a real database, or a stand-in; each with a lastcall in front. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { folder } from '../fixtures/folder.ts'
import { executable, missing, postgresFolder } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { type Postgres, startPostgres } from '../fixtures/postgres.ts'
import { type Owner, type Program, startProgram } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

export interface Replica {
  readonly server: Program
  /** Where the server itself is, past lastcall. */
  readonly origin: string
  readonly sidecar: Sidecar
}

/** Some replicas of one API, with one table. */
export interface Fleet {
  readonly replicas: readonly [Replica, ...Replica[]]
  /** The names in their table. */
  readonly rows: () => string[]
  /** Reloads the schema, of all at once; settles when that is over. */
  readonly reload: () => Promise<void>
  /** Restarts the database of all; settles when it is back. */
  readonly restartDatabase: () => Promise<void>
}

export interface FleetOptions {
  readonly count?: number
  /** Of lastcall; they win over what is set here. */
  readonly flags?: readonly string[]
}

const programs = postgresFolder()
const postgrest = process.env['POSTGREST_BIN']
export const withoutDatabase = missing(programs, 'postgresql')
/** For tap's `skip`: why PostgREST itself is not tested, or why its stand-in is not. */
export const withoutPostgrest =
  withoutDatabase ||
  (postgrest === undefined
    ? 'PostgREST itself is not tested: POSTGREST_BIN is not set to its executable (Debian has no package of it)'
    : !executable(postgrest) && `POSTGREST_BIN names ${postgrest}, which is no executable`)
export const withPostgrest = postgrest !== undefined && 'POSTGREST_BIN is set: PostgREST itself is tested'

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
/** PostgREST does not say when a reload is over. */
const RELOAD_MS = 300
const STAND_IN = fileURLToPath(new URL('stand-in.ts', import.meta.url))
/** The same phases as by default, but shorter. */
const SHORT = ['--settle=300ms', '--quiet=1s', '--health-interval=50ms']

/** A PostgreSQL of its own, with the table and the function that the callers use. */
export async function startDatabase(t: Owner): Promise<Postgres> {
  const database = await startPostgres(t, programs!)
  database.query(SCHEMA)
  return database
}

/** PostgREST itself. */
export async function startPostgrest(t: Owner, { count = 1, flags = [] }: FleetOptions = {}): Promise<Fleet> {
  const database = await startDatabase(t)
  const env = {
    PGRST_DB_URI: database.uri('authenticator'),
    PGRST_DB_SCHEMAS: 'api',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_DB_POOL: '20',
    PGRST_JWT_SECRET: 'a secret of at least thirty-two characters',
  }
  return {
    replicas: await startReplicas(count, async () => start(t, postgrest!, [], env, flags)),
    rows: () => database.query('select name from api.items').split('\n'),
    reload: async () => {
      database.query("notify pgrst, 'reload schema'")
      await sleep(RELOAD_MS)
    },
    restartDatabase: () => database.restart(),
  }
}

/** `stop`: what SIGTERM does to what is in flight. */
export async function startStandIn(
  t: Owner,
  stop: 'drops' | 'finishes',
  { count = 1, flags = [] }: FleetOptions = {},
): Promise<Fleet> {
  const table = join(folder(t), 'rows')
  writeFileSync(table, '')
  const env = { STAND_IN_ROWS: table, STAND_IN_STOP: stop }
  const replicas = await startReplicas(count, async () =>
    start(t, process.execPath, [STAND_IN], env, [...SHORT, ...flags]),
  )
  const signalAll = async (signal: NodeJS.Signals) => {
    const before = replicas.map(timesReadyAgain)
    for (const { server } of replicas) server.signal(signal)
    await until('all to be ready again', () => replicas.every((one, i) => timesReadyAgain(one) > before[i]!))
  }
  return {
    replicas,
    rows: () => readFileSync(table, 'utf8').trim().split('\n'),
    reload: async () => signalAll('SIGUSR1'),
    restartDatabase: async () => signalAll('SIGUSR2'),
  }
}

function timesReadyAgain({ server }: Replica): number {
  return server.lines.filter((line) => line === 'ready again').length
}

async function startReplicas(count: number, one: () => Promise<Replica>): Promise<[Replica, ...Replica[]]> {
  return Promise.all([one(), ...Array.from({ length: count - 1 }, one)])
}

async function start(
  t: Owner,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[],
): Promise<Replica> {
  const [port, admin] = [await freePort(), await freePort()]
  const server = startProgram(t, {
    command,
    args,
    env: {
      ...env,
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_ADMIN_SERVER_PORT: String(admin),
    },
  })
  const app = `127.0.0.1:${port}`
  const sidecar = await startSidecar(t, {
    app,
    from: 'dist',
    flags: ['--health', `http://127.0.0.1:${admin}/ready`, ...flags],
  })
  await sidecar.ready()
  return { server, origin: `http://${app}`, sidecar }
}
