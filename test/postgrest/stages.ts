/** What the tests of this folder run on: PostgREST with a real database, or a stand-in; each with a lastcall in front. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { folder } from '../fixtures/folder.ts'
import { freePort } from '../fixtures/ports.ts'
import { type Postgres, startPostgres } from '../fixtures/postgres.ts'
import { type Owner, type Program, startProgram } from '../fixtures/program.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

export interface Stage {
  readonly server: Program
  /** Where the server itself is, past lastcall. */
  readonly origin: string
  readonly sidecar: Sidecar
  /** The names in its table. */
  readonly rows: () => string[]
  /** Reloads the schema; settles when that is over. */
  readonly reload: () => Promise<void>
}

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
export async function startDatabase(t: Owner, programs: string): Promise<Postgres> {
  const database = await startPostgres(t, programs)
  database.query(SCHEMA)
  return database
}

/** `command`: the executable of PostgREST; `programs`: the folder of PostgreSQL's. */
export async function startPostgrest(t: Owner, command: string, programs: string): Promise<Stage> {
  const database = await startDatabase(t, programs)
  const env = {
    PGRST_DB_URI: database.uri('authenticator'),
    PGRST_DB_SCHEMAS: 'api',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_DB_POOL: '20',
  }
  return {
    ...(await start(t, command, [], env, [])),
    rows: () => database.query('select name from api.items').split('\n'),
    reload: async () => {
      database.query("notify pgrst, 'reload schema'")
      await sleep(RELOAD_MS)
    },
  }
}

/** `stop`: what SIGTERM does to what is in flight. */
export async function startStandIn(t: Owner, stop: 'drops' | 'finishes'): Promise<Stage> {
  const table = join(folder(t), 'rows')
  writeFileSync(table, '')
  const env = { STAND_IN_ROWS: table, STAND_IN_STOP: stop }
  const both = await start(t, process.execPath, [STAND_IN], env, SHORT)
  const { server } = both
  const loaded = () => server.lines.filter((line) => line === 'Schema cache loaded').length
  return {
    ...both,
    rows: () => readFileSync(table, 'utf8').trim().split('\n'),
    reload: async () => {
      const before = loaded()
      server.signal('SIGUSR1')
      await until('the schema to be loaded', () => loaded() > before)
    },
  }
}

async function start(
  t: Owner,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[],
): Promise<Pick<Stage, 'server' | 'origin' | 'sidecar'>> {
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
    flags: ['--health', `http://127.0.0.1:${admin}/ready`, ...flags],
  })
  await sidecar.ready()
  return { server, origin: `http://${app}`, sidecar }
}
