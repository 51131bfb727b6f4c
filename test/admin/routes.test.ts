/** The admin endpoints as a decision (DESIGN §6): paths, methods, who may call, what the answers say. */
import tap from 'tap'
import { type Caller, judgeCaller } from '../../src/proxy/admin/auth.ts'
import { LIVE } from '../fixtures/admin.ts'
import { type AdminView, route, type Routed } from '../../src/proxy/admin/routes.ts'

const VIEW: AdminView = {
  live: () => LIVE,
  ready: () => ({ ok: true, why: '' }),
  started: () => true,
  status: () => ({ phase: 'serving' }),
  metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
}

const COMMANDS: readonly (readonly [string, string, Routed])[] = [
  ['GET', '/prestop/app', { kind: 'hook', who: 'app' }],
  ['GET', '/prestop/sidecar', { kind: 'hook', who: 'sidecar' }],
  ['POST', '/drain', { kind: 'drain' }],
  ['POST', '/resume', { kind: 'resume' }],
]

function ask(
  method: string,
  target: string,
  caller: Caller = 'allowed',
  view: Partial<AdminView> = {},
  accept = '*/*',
): Routed {
  return route({ method, target, accept }, () => caller, { ...VIEW, ...view })
}

function answer(routed: Routed) {
  if (routed.kind !== 'answer' && routed.kind !== 'refused') throw new Error(`a command: ${routed.kind}`)
  return routed.answer
}

void tap.test('probes say ok, or why not', async (t) => {
  for (const path of ['/readyz', '/livez', '/startupz'])
    t.match(answer(ask('GET', path)), { status: 200, body: 'ok\n' })
  const why = 'the app is down: connect ECONNREFUSED 127.0.0.1:3000'
  t.match(answer(ask('GET', '/readyz', 'allowed', { ready: () => ({ ok: false, why }) })), {
    status: 503,
    body: 'not ready: the app is down: connect ECONNREFUSED 127.0.0.1:3000\n',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
  t.equal(answer(ask('GET', '/startupz', 'allowed', { started: () => false })).status, 503)
  t.equal(answer(ask('GET', '/livez', 'allowed', { started: () => false })).status, 200)
})

void tap.test('hooks, drain and resume are commands', async (t) => {
  for (const [method, path, command] of COMMANDS) t.same(ask(method, path), command)
  t.same(ask('GET', '/metrics'), { kind: 'metrics' })
})

void tap.test('status is JSON', async (t) => {
  const { status, headers, body } = answer(ask('GET', '/status'))
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.same(JSON.parse(body), { phase: 'serving' })
})

void tap.test(
  'leading slashes count as one, a query does not count, an absolute target is its path',
  async (t) => {
    for (const target of [
      '//prestop/app',
      '////prestop/app',
      '/prestop/app?by=kubelet',
      '//prestop/app?x=/y',
      'http://10.0.0.1:9099/prestop/app',
    ])
      t.same(ask('GET', target), { kind: 'hook', who: 'app' }, target)
  },
)

void tap.test('anything else is 404 with the list of paths', async (t) => {
  for (const target of [
    '/',
    '',
    '*',
    '/prestop',
    '/prestop/app/',
    '/prestop//app',
    '/READYZ',
    '/constructor',
    '/x?/livez',
  ]) {
    const { status, body } = answer(ask('GET', target))
    t.equal(status, 404, target)
    for (const path of ['GET /readyz', 'GET /prestop/sidecar', 'POST /resume']) t.match(body, path)
  }
})

void tap.test('the wrong method is 405 with Allow; HEAD reads, but calls no hook', async (t) => {
  const cases = [
    ['POST', '/readyz', 'GET, HEAD'],
    ['DELETE', '/status', 'GET, HEAD'],
    ['POST', '/prestop/app', 'GET'],
    ['HEAD', '/prestop/sidecar', 'GET'],
    ['GET', '/drain', 'POST'],
    ['HEAD', '/resume', 'POST'],
  ] as const
  for (const [method, path, allow] of cases)
    t.match(answer(ask(method, path)), { status: 405, headers: { allow } }, `${method} ${path}`)
  t.equal(answer(ask('HEAD', '/readyz')).status, 200)
  t.equal(ask('HEAD', '/metrics').kind, 'metrics')
})

void tap.test('guarded: hooks, drain and resume; open: everything else', async (t) => {
  for (const [method, path] of COMMANDS) {
    t.equal(answer(ask(method, path, 'address')).status, 403, path)
    const { status, headers } = answer(ask(method, path, 'token'))
    t.equal(status, 401, path)
    t.match(headers['www-authenticate'], /^Bearer /)
  }
  for (const path of ['/readyz', '/livez', '/startupz', '/status'])
    t.equal(answer(ask('GET', path, 'token')).status, 200, path)
  t.equal(ask('GET', '/metrics', 'address').kind, 'metrics')
})

void tap.test('the caller: address before token, the scheme in any case, the token exactly', async (t) => {
  const token = 's3cret'
  t.equal(judgeCaller(true, false, undefined, undefined), 'allowed')
  t.equal(judgeCaller(false, false, undefined, undefined), 'address')
  t.equal(judgeCaller(false, false, token, `Bearer ${token}`), 'address')
  for (const right of ['Bearer s3cret', 'bearer s3cret', 'BEARER  s3cret'])
    t.equal(judgeCaller(true, false, token, right), 'allowed', right)
  for (const wrong of [
    undefined,
    '',
    's3cret',
    'Bearer',
    'Bearer ',
    'Bearer s3cre',
    'Bearer s3crets',
    'Bearer S3CRET',
    'Bearer s3crets3cret',
    'Basic s3cret',
  ])
    t.equal(judgeCaller(true, false, token, wrong), 'token', wrong ?? 'none')
})
