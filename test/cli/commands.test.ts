/**
 * `lastcall drain|resume|status` as real processes against an admin server that plays a running lastcall: what they
 * ask, what they print, and how they say that it did not work.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tap from 'tap'
import { buildStatus, type StatusInput } from '../../src/proxy/admin/status.ts'
import { statusTable, age } from '../../src/cli/show.ts'
import { type Owner, startProgram } from '../fixtures/program.ts'
import { freePort } from '../fixtures/ports.ts'
import { entry } from '../fixtures/sidecar.ts'

const INPUT: StatusInput = {
  version: '1.2.3',
  phase: 'serving',
  sinceMs: 61_000,
  nowEpochMs: Date.UTC(2026, 10, 21),
  ready: true,
  drainMs: undefined,
  proof: false,
  triggers: [],
  saved: { inFlight: 0, arrived: 0 },
  inFlight: [1, 0, 1, 0, 0, 0],
  requests: [
    { protocol: 'http1', ageMs: 12_345, client: '192.0.2.1:5000', method: 'GET', target: '/slow\u001B[31m' },
    { protocol: 'websocket', ageMs: 90, client: '192.0.2.2:5000' },
  ],
  connections: { client: 3, app: 2 },
  health: { up: false, kind: 'tcp', lastError: 'connection refused' },
  verdict: null,
}
const QUIET = { ...INPUT, inFlight: [0, 0, 0, 0, 0, 0], requests: [] }

/** What one path answers, by the number of the call; the last stands for all later ones. */
type Script = Readonly<Record<string, readonly [status: number, body: unknown][]>>

void tap.test('status prints a table, with what a terminal would obey taken out', async (t) => {
  const { admin } = await server(t, { '/status': [[200, buildStatus(INPUT)]] })
  const { code, lines } = await lastcall(t, ['status', '--admin', admin])
  t.equal(code, 0)
  t.same(lines, [
    'phase         serving, for 1m 1s (since 2026-11-20T23:58:59.000Z)',
    'ready         yes',
    'app           not healthy (tcp: connection refused)',
    'connections   3 from clients, 2 to the app',
    'in flight     2 (http1 1, websocket 1)',
    '                12.3s  GET /slow?[31m (http1)  from 192.0.2.1:5000',
    '                 90ms  websocket  from 192.0.2.2:5000',
  ])
})

void tap.test('status --json prints what was answered, on one line', async (t) => {
  const status = buildStatus(INPUT)
  const { admin } = await server(t, { '/status': [[200, status]] })
  const { code, lines } = await lastcall(t, ['status', '--json', `--admin=http://${admin}/`])
  t.equal(code, 0)
  t.same(
    lines.map((line) => JSON.parse(line) as unknown),
    [status],
  )
})

void tap.test('the address and the token come from the variables of the proxy as well', async (t) => {
  const { admin, asked } = await server(t, { '/resume': [[200, { phase: 'serving' }]] })
  const env = {
    LASTCALL_ADMIN: admin.replace('127.0.0.1', '0.0.0.0'),
    LASTCALL_TOKEN: 'abc',
    LASTCALL_SETTLE: 'any',
  }
  const { code, lines } = await lastcall(t, ['resume'], env)
  t.equal(code, 0)
  t.same(lines, ['resumed: serving'])
  t.same(asked, ['POST /resume Bearer abc'])
})

void tap.test('drain waits until drained, and tells each phase and what is in flight', async (t) => {
  const { admin, asked } = await server(t, {
    '/drain': [[202, { phase: 'settling' }]],
    '/status': [
      [200, buildStatus({ ...INPUT, phase: 'settling' })],
      [200, buildStatus({ ...INPUT, phase: 'settling' })],
      [200, buildStatus({ ...INPUT, phase: 'lame-duck' })],
      [200, buildStatus({ ...QUIET, phase: 'draining' })],
      [200, buildStatus({ ...QUIET, phase: 'drained' })],
    ],
  })
  const { code, lines } = await lastcall(t, ['drain', '--admin', admin])
  t.equal(code, 0)
  t.same(lines, [
    'settling: 2 (http1 1, websocket 1) in flight, the oldest GET /slow?[31m (http1) for 12.3s',
    'lame-duck: 2 (http1 1, websocket 1) in flight, the oldest GET /slow?[31m (http1) for 12.3s',
    'draining: nothing in flight',
    'drained: nothing in flight',
  ])
  t.equal(asked[0], 'POST /drain ')
})

void tap.test('a drain that somebody takes back has failed', async (t) => {
  const { admin } = await server(t, {
    '/drain': [[202, { phase: 'settling' }]],
    '/status': [
      [200, buildStatus({ ...INPUT, phase: 'lame-duck' })],
      [200, buildStatus(INPUT)],
    ],
  })
  const { code, lines } = await lastcall(t, ['drain', '--admin', admin])
  t.equal(code, 1)
  t.match(lines.at(-1), /undone: lastcall serves again/)
})

void tap.test('refusals are explained', async (t) => {
  const cases: [string, Script, RegExp][] = [
    ['resume', { '/resume': [[409, { phase: 'draining' }]] }, /the pod is stopping/],
    ['drain', { '/drain': [[401, 'no']] }, /needs a token.*LASTCALL_TOKEN/],
    ['drain', { '/drain': [[403, 'no']] }, /--hook-allow/],
    ['status', { '/status': [[200, '<html>']] }, /is this the admin port of lastcall/],
    ['status', {}, /answered 404/],
    ['drain', { '/drain': [[500, { error: 'x' }]] }, /answered 500/],
  ]
  for (const [command, script, why] of cases) {
    const { admin } = await server(t, script)
    const { code, lines } = await lastcall(t, [command, '--admin', admin])
    t.equal(code, 1, `${command}: exit code`)
    t.match(lines.join('\n'), why)
  }
})

void tap.test('lastcall not reachable: says which address was tried and what to check', async (t) => {
  const { code, lines } = await lastcall(t, ['status', '--admin', `:${await freePort()}`])
  t.equal(code, 1)
  t.match(
    lines.join('\n'),
    /cannot reach lastcall at http:\/\/127\.0\.0\.1:\d+ \(connection refused\).*port-forward/s,
  )
})

void tap.test('long lists are shortened, a drain names its trigger, the verdict is shown', async (t) => {
  const requests = Array.from({ length: 12 }, () => INPUT.requests[Symbol.iterator]().next().value!)
  const verdict = { text: 'drained in 4s, nothing cut' }
  const status = buildStatus({
    ...INPUT,
    phase: 'draining',
    proof: true,
    triggers: ['app', 'signal'],
    requests,
    verdict,
  })
  const text = statusTable(status)
  t.equal(text.split('\n').length, 5 + 10 + 1 + 1 + 1)
  t.match(
    text,
    /drain {9}by app, signal; the pod is being stopped\nlast drain {4}drained in 4s, nothing cut$/,
  )
})

void tap.test('what a drain has saved has a line of its own, once there is something', async (t) => {
  t.notMatch(statusTable(buildStatus(INPUT)), 'saved')
  const saved = { inFlight: 3, arrived: 38 }
  t.match(
    statusTable(buildStatus({ ...INPUT, saved })),
    /^saved {9}3 in flight when the stop began, 38 that arrived later$/m,
  )
})

void tap.test('ages are as long as they need to be', async (t) => {
  t.same([0, 999, 1000, 59_999, 60_000, 3_599_999, 12_000_000].map(age), [
    '0ms',
    '999ms',
    '1.0s',
    '59.9s',
    '1m 0s',
    '59m 59s',
    '3h 20m',
  ])
})

/** An admin server by script; `asked` is what was asked of it, in order. */
async function server(t: Owner, script: Script): Promise<{ admin: string; asked: string[] }> {
  const asked: string[] = []
  const calls = new Map<string, number>()
  const http = createServer((request: IncomingMessage, response) => {
    const path = request.url!
    asked.push(`${request.method} ${path} ${request.headers.authorization ?? ''}`)
    const count = calls.get(path) ?? 0
    calls.set(path, count + 1)
    const answers = script[path] ?? [[404, 'not found']]
    const [status, body] = answers[Math.min(count, answers.length - 1)]!
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.close()
    http.closeAllConnections()
  })
  return { admin: `127.0.0.1:${(http.address() as AddressInfo).port}`, asked }
}

async function lastcall(t: Owner, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = startProgram(t, {
    command: process.execPath,
    args: [entry('src'), ...args],
    env: { PATH: process.env['PATH'], ...env },
  })
  const { code } = await program.end(20_000)
  return { code, lines: program.lines }
}
