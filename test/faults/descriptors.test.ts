/** Few file descriptors: hooks, probes and the health check work whatever clients do, and EMFILE is called EMFILE. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import tap, { type Test } from 'tap'
import { balanced, gauges, gaugesAtRest } from '../fixtures/gauges.ts'
import { startProgram } from '../fixtures/program.ts'
import { rawClient, type RawClient, requestText } from '../fixtures/raw.ts'
import { type ScriptedApp, startScripted } from '../fixtures/scripted.ts'
import { entry, listening, type Sidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const linux = process.platform === 'linux' ? false : 'needs prlimit'

/** lastcall with so many file descriptors: Node raises the soft limit to the hard one, so both are set. */
async function startWith(t: Test, app: ScriptedApp, descriptors: number, flags: readonly string[] = []) {
  const options = ['--app', app.address, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...flags]
  const command = `ulimit -n ${descriptors}; exec "$@"`
  return listening(
    startProgram(t, {
      command: 'sh',
      args: ['-c', command, 'sh', process.execPath, entry('dist'), ...options],
    }),
  )
}

/** A client that stays in flight at a gate, or is told that there is no room, or is closed without a word. */
async function busyClient(t: Test, sidecar: Sidecar, id: number): Promise<RawClient> {
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', `/gate/${id}`))
  return client
}

/** The number that its next descriptor would have, once they have stood still for a moment. */
async function lowestFree(pid: number): Promise<number> {
  let last = ''
  let same = 0
  const { free } = await until(
    'the descriptors to stand still',
    () => {
      const numbers = readdirSync(`/proc/${pid}/fd`)
      const before = last
      last = numbers.toSorted().join(' ')
      // A busy machine may close a connection late: several looks have to agree.
      same = last === before ? same + 1 : 0
      let lowest = 0
      while (numbers.includes(String(lowest))) lowest += 1
      return same >= 4 ? { free: lowest } : undefined
    },
    10_000,
    200,
  )
  return free
}

for (const descriptors of [120, 256]) {
  await tap.test(
    `ulimit -n ${descriptors}: full of clients, the hook and the health check work`,
    { skip: linux },
    async (t) => {
      const app = await startScripted(t)
      const sidecar = await startWith(t, app, descriptors)
      await sidecar.ready()
      const start = await gaugesAtRest(sidecar)
      const limit = await sidecar.log('max connections: ')
      t.equal(limit['setBy'], `limit of open files ${descriptors}`)
      const most = Number(limit['maxConnections'])

      const clients: RawClient[] = []
      for (let i = 0; i < most; i++) clients.push(await busyClient(t, sidecar, i))
      for (let i = 0; i < most; i++) await app.arrived(String(i))
      const crowd = await Promise.all(
        Array.from({ length: 2 * descriptors }, async () => rawClient(t, sidecar.listen)),
      )
      const told = await crowd[0]!.answer()
      t.equal(told.status, 503)
      t.match(
        told.head,
        new RegExp(`the connection limit is reached \\(limit of open files ${descriptors}\\)`),
      )
      t.match(await sidecar.log('refused a client because no connection is idle'), {
        level: 'warn',
        setBy: undefined,
      })

      // Strangers at the admin port as well.
      const strangers = await Promise.all(
        Array.from({ length: descriptors }, async () => rawClient(t, sidecar.admin)),
      )
      const hook = sidecar.ask('GET', '/prestop/app')
      await sidecar.phase(['settling', 'lame-duck'])
      t.equal((await sidecar.ask('GET', '/livez')).status, 200)
      t.equal((await sidecar.ask('POST', '/resume')).status, 200)
      t.equal((await hook).status, 200, 'the hook is answered')
      await sidecar.ready()
      t.notOk(
        sidecar.logs.some(({ msg }) => msg.startsWith('app: down')),
        'a healthy app does not look dead',
      )
      for (let i = 0; i < most; i++) app.release(String(i))
      for (const client of clients) t.equal((await client.answer()).status, 200)
      for (const { socket } of [...clients, ...crowd, ...strangers]) socket.destroy()
      t.equal(await sidecar.metric('lastcall_refused_total{reason="descriptors"}'), 0)
      t.equal(await sidecar.metric('lastcall_refused_total{reason="app-unavailable"}'), 0)
      await balanced(t, sidecar, start)
    },
  )
}

await tap.test(
  'below a useful minimum it does not start, and says what it needs',
  { skip: linux },
  async (t) => {
    const program = startProgram(t, {
      command: 'sh',
      args: [
        '-c',
        'ulimit -n 64; exec "$@"',
        'sh',
        process.execPath,
        entry('dist'),
        '--admin',
        '127.0.0.1:0',
      ],
    })
    t.equal((await program.end(10_000)).code, 2)
    t.match(program.lines.join('\n'), /the limit of open files is 64: lastcall needs at least 96 /)
  },
)

await tap.test(
  'the limit is lowered while it runs: what is lacking is called so, and the app is not blamed',
  { skip: linux },
  async (t) => {
    const app = await startScripted(t)
    // Few health checks: each has a socket for a moment, which would be one to spare.
    const flags = ['--connect-wait', '5s', '--health-interval', '600s']
    const sidecar = await startWith(t, app, 1024, flags)
    await sidecar.ready()
    const idle = await rawClient(t, sidecar.listen)
    idle.send(requestText('POST', '/post/1', 'x'))
    t.equal((await idle.answer('POST')).status, 200)
    const busy = await busyClient(t, sidecar, 1)
    await app.arrived('1')
    const asking = await rawClient(t, sidecar.listen)
    await until('all to be in', async () => (await gauges(sidecar)).clients === 3)
    // Not one more: neither for the app, nor to read what the limit is.
    const free = await lowestFree(sidecar.pid)
    execFileSync('prlimit', ['--pid', String(sidecar.pid), `--nofile=${free}:`])
    asking.send(requestText('GET', '/gate/2'))
    t.equal(await idle.end(), 'fin', 'the idle connection makes room')
    await app.arrived('2')
    app.release('1')
    app.release('2')
    t.equal((await busy.answer()).status, 200)
    t.equal((await asking.answer()).status, 200)
    t.match((await sidecar.log('out of file descriptors')).msg, /EMFILE/)
  },
)

await tap.test(
  'nothing is idle and there is no descriptor: 503 names EMFILE, and the log does once a second',
  { skip: linux },
  async (t) => {
    const app = await startScripted(t)
    const flags = ['--connect-wait', '1s', '--health-interval', '600s']
    const sidecar = await startWith(t, app, 1024, flags)
    await sidecar.ready()
    const asking = await Promise.all(Array.from({ length: 20 }, async () => rawClient(t, sidecar.listen)))
    for (const client of asking) client.send('POST /post/1 HTTP/1.1\r\nHost: te')
    await until('all to be in flight', async () => (await gauges(sidecar)).inFlight === 20)
    const free = await lowestFree(sidecar.pid)
    execFileSync('prlimit', ['--pid', String(sidecar.pid), `--nofile=${free}:`])
    for (const client of asking) client.send('st\r\nContent-Length: 0\r\n\r\n')
    const answers = await Promise.all(asking.map(async (client) => client.answer('POST')))
    for (const { status, head } of answers) {
      t.equal(status, 503)
      t.match(head, /error=connection_limit_reached; details="lastcall is out of file descriptors \(EMFILE\)/)
    }
    execFileSync('prlimit', ['--pid', String(sidecar.pid), '--nofile=1024:'])
    t.equal(await sidecar.metric('lastcall_refused_total{reason="descriptors"}'), 20)
    t.equal(await sidecar.metric('lastcall_refused_total{reason="app-unavailable"}'), 0)
    const lines = sidecar.logs.filter(({ msg }) => msg.startsWith('out of file descriptors'))
    t.ok(lines.length >= 1 && lines.length <= 2, `${lines.length} lines in a little more than a second`)
    const one = await rawClient(t, sidecar.listen)
    one.send(requestText('POST', '/post/2', 'x'))
    t.equal((await one.answer('POST')).status, 200, 'once there are some again')
  },
)
