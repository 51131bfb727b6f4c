/** The health checker (DESIGN §4) against real listeners: what is healthy, the pace, timeouts, and that stop stops. */
import { createServer as createHttp, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import tap from 'tap'
import { systemClock } from '../../src/proxy/process/clock.ts'
import type { Address, HealthCheck } from '../../src/proxy/config/config.ts'
import { type Checker, type CheckerOptions, startChecker } from '../../src/proxy/health/checker.ts'
import { folder } from '../fixtures/folder.ts'
import { listen } from '../fixtures/listener.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { until } from '../fixtures/until.ts'

const NOWHERE: Address = { kind: 'tcp', host: '127.0.0.1', port: 1 }

interface Observed {
  readonly checker: Checker
  /** `up`, or `down: why`, in the order they were told. */
  readonly told: string[]
}

function observe(t: Owner, app: Address, health: HealthCheck, more: Partial<CheckerOptions> = {}): Observed {
  const told: string[] = []
  const checker = startChecker(
    {
      app,
      health,
      headers: [],
      healthPolicy: 'always',
      intervalMs: 20,
      timeoutMs: 1000,
      failures: 3,
      successes: 1,
      clock: systemClock,
      ...more,
    },
    { onUp: () => told.push('up'), onDown: (why) => told.push(`down: ${why}`) },
  )
  t.teardown(() => checker.stop())
  return { checker, told }
}

/** An http app whose answer to every request can be changed. */
async function httpApp(t: Owner, answer: (response: ServerResponse) => void) {
  const state = { answer, paths: [] as string[], headers: {} as IncomingHttpHeaders }
  const server = createHttp((request, response) => {
    state.paths.push(request.url ?? '')
    state.headers = request.headers
    state.answer(response)
  })
  const app = await listen(t, server)
  return {
    ...app,
    state,
    health: { kind: 'http', url: `http://127.0.0.1:${app.port}/ready?deep=1` } as const,
  }
}

const status = (code: number) => (response: ServerResponse) => response.writeHead(code).end('body')

void tap.test(
  'tcp: an app that refuses is down, one that listens up, one that leaves down again',
  async (t) => {
    const port = await freePort()
    const { checker, told } = observe(t, { kind: 'tcp', host: '127.0.0.1', port }, { kind: 'tcp' })
    const why = `connect ECONNREFUSED 127.0.0.1:${port}`
    await until('a check', () => checker.status.lastError)
    t.match(checker.status, { up: false, kind: 'tcp', lastError: why, lastCheckAt: /^\d{4}-.*Z$/ })
    t.same(told, [], 'it was never up, so nothing is told')

    const app = await listen(t, createServer(), port)
    await until('up', () => told.length === 1)
    t.same(told, ['up'])
    t.match(checker.status, { up: true, lastError: undefined })

    await app.stop()
    await until('down', () => told.length === 2)
    t.same(told, ['up', `down: ${why}`])
    t.equal(checker.status.up, false)
  },
)

void tap.test('tcp: its connections are closed at once', async (t) => {
  const app = await listen(t, createServer())
  const { checker } = observe(t, app.address, { kind: 'tcp' })
  await until('some checks', () => app.accepted() >= 5)
  checker.stop()
  await until('all closed', () => app.open() === 0)
})

void tap.test('tcp over a Unix socket: missing file, then listening', async (t) => {
  const path = join(folder(t), 'app.sock')
  const { checker, told } = observe(t, { kind: 'unix', path }, { kind: 'tcp' })
  await until('a check', () => checker.status.lastError)
  t.match(checker.status.lastError, /ENOENT/)
  await listen(t, createServer(), path)
  await until('up', () => told.length > 0)
  t.same(told, ['up'])
})

void tap.test('tcp on another port than the app: that port decides', async (t) => {
  const other = await listen(t, createServer())
  const { told } = observe(t, NOWHERE, { kind: 'tcp', address: other.address }, { failures: 1 })
  await until('up', () => told.length === 1)
  await other.stop()
  await until('down', () => told.length === 2)
  // A connection that waited to be accepted is reset; a later one is refused.
  t.match(told, ['up', new RegExp(`^down: connect ECONN(REFUSED|RESET) 127\\.0\\.0\\.1:${other.port}$`)])
})

void tap.test('http: header fields of the user are sent, Host among them', async (t) => {
  const app = await httpApp(t, status(200))
  const headers = [
    ['Host', 'www.example.com'],
    ['X-Probe', 'a; b'],
  ] as const
  const { checker } = observe(t, NOWHERE, app.health, { headers })
  await until('up', () => checker.status.up)
  t.match(app.state.headers, {
    host: 'www.example.com',
    'x-probe': 'a; b',
    'user-agent': 'lastcall-health',
  })
})

void tap.test('http: 200 to 399 is healthy, the rest is not; the URL is asked as it is', async (t) => {
  const app = await httpApp(t, status(404))
  const { checker, told } = observe(t, NOWHERE, app.health, { failures: 1 })
  for (const code of [200, 204, 301, 399]) {
    app.state.answer = status(code)
    await until(`up with ${code}`, () => checker.status.up)
    app.state.answer = status(503)
    await until('down', () => !checker.status.up)
    t.equal(checker.status.lastError, `GET ${app.health.url} answered 503`)
  }
  t.equal(told.filter((one) => one === 'up').length, 4)
  t.same([...new Set(app.state.paths)], ['/ready?deep=1'])
})

void tap.test('http works for an app behind a Unix socket', async (t) => {
  const app = await httpApp(t, status(200))
  const { told } = observe(t, { kind: 'unix', path: '/nowhere.sock' }, app.health)
  await until('up', () => told.length > 0)
  t.same(told, ['up'])
})

void tap.test('http: fewer failures in a row than the threshold do not make it down', async (t) => {
  const answers = [200, 503, 503, 200, 503, 503, 200]
  const app = await httpApp(t, (response) => status(answers.shift() ?? 200)(response))
  const { told } = observe(t, NOWHERE, app.health)
  await until('all answers', () => app.state.paths.length > 8)
  t.same(told, ['up'])
})

void tap.test(
  'http: an app that does not answer is cut at the timeout, and checks never overlap',
  async (t) => {
    let open = 0
    let most = 0
    const app = await httpApp(t, (response) => {
      open += 1
      most = Math.max(most, open)
      response.on('close', () => (open -= 1))
    })
    const { checker } = observe(t, NOWHERE, app.health, { intervalMs: 10, timeoutMs: 80 })
    await until('several checks', () => app.state.paths.length >= 4)
    t.equal(most, 1)
    t.equal(checker.status.lastError, `GET ${app.health.url}: no answer within 80 ms`)
  },
)

void tap.test('http: a body that never ends does not hold a healthy check beyond the timeout', async (t) => {
  const app = await httpApp(t, (response) => response.writeHead(200).write('x'))
  const { told } = observe(t, NOWHERE, app.health, { timeoutMs: 80 })
  await until('up', () => told.length > 0)
  t.same(told, ['up'])
  await until('the next check', () => app.state.paths.length >= 2)
})

void tap.test('http: garbage and a closed connection are failures, not exceptions', async (t) => {
  for (const answer of ['garbage\r\n\r\n', '']) {
    const app = await listen(
      t,
      createServer((socket) => socket.end(answer)),
    )
    const url = `http://127.0.0.1:${app.port}/`
    const { checker } = observe(t, NOWHERE, { kind: 'http', url })
    await until('a failure', () => checker.status.lastError)
    t.equal(checker.status.up, false)
    checker.stop()
  }
})

void tap.test('a starting app is detected fast, whatever the interval', async (t) => {
  const port = await freePort()
  const { told } = observe(
    t,
    { kind: 'tcp', host: '127.0.0.1', port },
    { kind: 'tcp' },
    { intervalMs: 60_000 },
  )
  await listen(t, createServer(), port)
  await until('up', () => told.length > 0, 3000)
})

void tap.test('policy start: no check after the first success, until the app has gone', async (t) => {
  const app = await httpApp(t, status(200))
  const { checker, told } = observe(t, NOWHERE, app.health, { healthPolicy: 'start' })
  await until('up', () => told.length > 0)
  app.state.answer = status(500)
  const asked = app.state.paths.length
  await new Promise((resolve) => setTimeout(resolve, 200)) // ten intervals in which nothing may happen
  t.equal(app.state.paths.length, asked)
  t.same(told, ['up'])

  checker.appGone()
  t.match(told[1], /^down: nothing listens/)
  await until('checks again', () => app.state.paths.length > asked)
  t.equal(checker.status.up, false)
  app.state.answer = status(200)
  await until('up again', () => told.length === 3)
  t.equal(told[2], 'up')
})

void tap.test(
  'stop: a check under way is abandoned, and nothing is reported or checked afterwards',
  async (t) => {
    const held: ServerResponse[] = []
    const app = await httpApp(t, (response) => held.push(response))
    const { checker, told } = observe(t, NOWHERE, app.health)
    await until('a check under way', () => held.length === 1)
    checker.stop()
    await until('its connection is closed', () => app.open() === 0)
    checker.appGone()
    await new Promise((resolve) => setTimeout(resolve, 100)) // in which nothing may happen
    t.same(told, [])
    t.equal(app.accepted(), 1)
  },
)
