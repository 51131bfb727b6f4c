/**
 * `--protocol tcp`: any bytes, both ways, with their ends; connections count as in flight, and a drain waits for them.
 * DESIGN §2, §3.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import tap, { type Test } from 'tap'
import { inFlight, PHASE, refused, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { installed, missing, postgresFolder } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { startPostgres } from '../fixtures/postgres.ts'
import { rawClient } from '../fixtures/raw.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const MIB = 1024 * 1024

async function serve(
  t: Test,
  handle: (socket: Socket) => void,
): Promise<Server & { readonly where: string }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return Object.assign(server, { where: `127.0.0.1:${(server.address() as AddressInfo).port}` })
}

async function inFrontOf(t: Test, app: string, flags: readonly string[] = []): Promise<Sidecar> {
  // An address of its own: here every connection counts, also that of a test beside this one which still asks after a
  // port that it had, and that the system has given to us since.
  const own = ['--listen', '127.77.0.1:0']
  const sidecar = await startSidecar(t, { app, flags: ['--protocol', 'tcp', ...own, ...withDefaults(flags)] })
  await sidecar.ready()
  return sidecar
}

async function connected(t: Test, sidecar: Sidecar): Promise<Socket> {
  const socket = connect({ ...sidecar.listen, allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Sends so many bytes, as fast as they are taken, and returns their hash. */
async function pour(socket: Socket, bytes: number, seed: number): Promise<string> {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(60_000)
  for (let sent = 0; sent < bytes;) {
    const size = Math.min(piece.length, bytes - sent)
    const part = Buffer.from(piece.subarray(0, size)).fill(`${seed} ${sent} `)
    hash.update(part)
    sent += size
    if (!socket.write(part)) await once(socket, 'drain')
  }
  return hash.digest('hex')
}

/** All that comes until its end. */
async function soak(socket: Socket): Promise<{ bytes: number; hash: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, hash: hash.digest('hex') }
}

void tap.test(
  'a client that keeps sending after the app has closed and gone does not stay in flight',
  async (t) => {
    const ends = Promise.withResolvers<Socket>()
    const server = await serve(t, (socket) => {
      socket.once('data', () => {
        socket.end('all that I had to say')
        ends.resolve(socket)
      })
    })
    const sidecar = await inFrontOf(t, server.where)
    const client = await rawClient(t, sidecar.listen, true)
    client.send('hello')
    t.equal(await client.end(), 'fin')
    t.equal(client.text, 'all that I had to say')
    const app = await ends.promise
    app.destroy()
    const talking = setInterval(() => client.send('still there?'), 5)
    t.teardown(() => clearInterval(talking))
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
    t.match(
      await sidecar.metric('lastcall_pair_ends_total{who="app",why="closed"}'),
      1,
      'the app has closed: what it said was complete',
    )
  },
)

void tap.test('the server speaks first, and a connection counts from its first moment', async (t) => {
  const server = await serve(t, (socket) => {
    socket.write('220 ready\r\n')
    socket.resume().on('end', () => socket.end())
  })
  const sidecar = await inFrontOf(t, server.where)
  const client = await rawClient(t, sidecar.listen)
  await client.until('the greeting', () => client.text === '220 ready\r\n')
  t.equal(await sidecar.metric('lastcall_in_flight{kind="tcp"}'), 1)
  client.socket.destroy()
  await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
})

for (const first of ['client', 'app'] as const) {
  void tap.test(`64 MiB each way, the ${first} ends first, and both ends are faithful`, async (t) => {
    const ofApp = Promise.withResolvers<{ sent: string; got: { bytes: number; hash: string } }>()
    const clientEnded = Promise.withResolvers<void>()
    const appEnded = Promise.withResolvers<void>()
    const server = await serve(t, (socket) => {
      const answer = async (): Promise<void> => {
        await once(socket, 'readable')
        if (socket.readableLength === 0) return // a health check
        const got = soak(socket)
        got.then(() => clientEnded.resolve(), ofApp.reject)
        const sent = await pour(socket, 64 * MIB, 2)
        if (first === 'client') await clientEnded.promise
        socket.end()
        ofApp.resolve({ sent, got: await got })
      }
      answer().catch(ofApp.reject)
    })
    const sidecar = await inFrontOf(t, server.where)
    const client = await connected(t, sidecar)
    const got = soak(client)
    got.then(() => appEnded.resolve(), appEnded.reject)
    const sent = await pour(client, 64 * MIB, 1)
    if (first === 'app') await appEnded.promise
    client.end()
    const theirs = await ofApp.promise
    t.same(await got, { bytes: 64 * MIB, hash: theirs.sent })
    t.same(theirs.got, { bytes: 64 * MIB, hash: sent })
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
    t.equal(await sidecar.metric('lastcall_connections{side="app"}'), 0)
    t.ok(sidecar.resources().rssBytes < 250 * MIB, 'memory does not grow with what passes')
  })
}

void tap.test('after the end of one side the other goes on as long as it likes', async (t) => {
  const server = await serve(t, (socket) => {
    socket.end('that is all from me')
    let heard = ''
    socket.on('data', (chunk) => (heard += chunk.toString()))
    // A health check connects and says nothing.
    socket.on('end', () => heard !== '' && heardAll.resolve(heard))
  })
  const heardAll = Promise.withResolvers<string>()
  const sidecar = await inFrontOf(t, server.where)
  const client = await rawClient(t, sidecar.listen, true)
  t.equal(await client.end(), 'fin')
  for (const word of ['and ', 'I ', 'go ', 'on']) {
    client.send(word)
    await new Promise(setImmediate)
  }
  t.equal(await inFlight(sidecar), 1)
  client.socket.end()
  t.equal(await heardAll.promise, 'and I go on')
  await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
})

void tap.test('a drain waits for connections, refuses new ones, and says nothing', async (t) => {
  const sockets: Socket[] = []
  const server = await serve(t, (socket) => {
    sockets.push(socket)
    socket.pipe(socket)
  })
  const sidecar = await inFrontOf(t, server.where)
  const client = await rawClient(t, sidecar.listen)
  client.send('one ')
  await client.until('an echo', () => client.text === 'one ')
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  await refused(sidecar)
  client.send('two ')
  await client.until('another', () => client.text === 'one two ')
  t.equal(await inFlight(sidecar), 1)
  client.socket.end()
  t.equal(await client.end(), 'fin')
  await sidecar.log(PHASE.drained)
  server.close()
  t.equal((await sidecar.end(10_000)).code, 0)
  // Those who asked whether the door is closed before it was have been let in, and count as finished, too.
  t.match(verdictOf(sidecar), { inFlight: 1, cut: 0 })
  t.ok(verdictOf(sidecar).finished >= 1)
})

void tap.test(
  'a connection that said something is evidence; one that said nothing was a probe',
  async (t) => {
    const server = await serve(t, (socket) => socket.pipe(socket))
    const sidecar = await inFrontOf(t, server.where, ['--settle', '0s', '--quiet', '3s'])
    sidecar.signal('SIGTERM')
    await sidecar.log('phase: serving -> settling')
    const lameDuck = sidecar.log('phase: settling -> lame-duck').then(() => performance.now())
    const draining = sidecar.log(PHASE.draining).then(() => performance.now())
    const began = await lameDuck
    const user = await rawClient(t, sidecar.listen)
    user.send('hello')
    await user.until('an echo', () => user.text === 'hello')
    const said = performance.now()
    user.socket.end()
    await user.end()
    await until('it is gone', async () => (await inFlight(sidecar)) === 0)
    for (let count = 0; count < 5; count++) {
      const probe = await rawClient(t, sidecar.listen)
      probe.socket.destroy()
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const quietFor = (await draining) - said
    t.ok(said - began < 2500, 'the machine is fast enough for this test')
    t.ok(quietFor > 2800 && quietFor < 4800, `draining ${Math.round(quietFor)} ms after the user came`)
  },
)

void tap.test('the deadline cuts what does not end', async (t) => {
  const server = await serve(t, (socket) => socket.write('hello'))
  const sidecar = await inFrontOf(t, server.where, ['--grace-period', '6s', '--app-stop', '1s'])
  const client = await rawClient(t, sidecar.listen)
  await client.until('hello', () => client.text === 'hello')
  sidecar.signal('SIGTERM')
  t.equal(await client.end(), 'reset')
  t.equal((await sidecar.end(10_000)).code, 1)
  t.match(verdictOf(sidecar), { cut: 1 })
})

void tap.test('an app that is away is waited for; one that stays away resets the client', async (t) => {
  const port = await freePort()
  const args = ['--connect-wait', '1s', '--health-failures', '1000']
  const first = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
  await once(first, 'listening')
  const sidecar = await inFrontOf(t, `127.0.0.1:${port}`, args)
  first.close()
  await once(first, 'close')

  const lost = await rawClient(t, sidecar.listen)
  t.equal(await lost.end(), 'reset')
  t.equal(lost.text, '', 'not a word of HTTP')

  const early = await rawClient(t, sidecar.listen)
  early.send('are you there?')
  const second = createServer((socket) => socket.pipe(socket)).listen(port, '127.0.0.1')
  t.teardown(() => second.close())
  await early.until('an echo', () => early.text === 'are you there?')
  early.socket.destroy()
})

void tap.test('one connection too many is closed without a word of HTTP', async (t) => {
  const server = await serve(t, (socket) => socket.write('hello'))
  const sidecar = await inFrontOf(t, server.where, ['--max-connections', '1'])
  const one = await rawClient(t, sidecar.listen)
  await one.until('hello', () => one.text === 'hello')
  const other = await rawClient(t, sidecar.listen)
  await other.end()
  t.equal(other.text, '')
})

const folder = postgresFolder()
const psql = installed('psql')
void tap.test(
  'PostgreSQL behind it: a query that is running at SIGTERM is finished',
  { skip: missing(folder && psql, 'postgresql') },
  async (t) => {
    const postgres = await startPostgres(t, folder!)
    const socketFolder = new URL(postgres.uri('postgres').replace('@/', '@x/')).searchParams.get('host')!
    const sidecar = await inFrontOf(t, `unix:${socketFolder}/.s.PGSQL.5432`)
    const { host, port } = sidecar.listen
    const run = async (sql: string) =>
      promisify(execFile)(psql!, ['-h', host, '-p', String(port), '-U', 'postgres', '-qAtX', '-c', sql])
    t.equal((await run('select 6 * 7')).stdout.trim(), '42')
    const slow = run("select 'done' from pg_sleep(3)")
    await until(
      'it is running',
      () =>
        postgres.query(
          "select count(*) from pg_stat_activity where query like '%pg_sleep(3)%' and pid <> pg_backend_pid()",
        ) === '1',
    )
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    t.equal((await slow).stdout.trim(), 'done')
    await sidecar.log(PHASE.drained)
  },
)
