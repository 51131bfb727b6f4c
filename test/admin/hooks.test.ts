/**
 * The connection of a preStop hook (DESIGN §6, FIELD 3.2): held for as long as the drain takes, whatever else happens
 * on the admin port; and the bounds that everything else has.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { Agent, request } from 'undici'
import { type Raw, raw, startTestAdmin } from '../fixtures/admin.ts'
import { until } from '../fixtures/until.ts'

/** As the kubelet writes it; Go's client keeps the connection. */
function kubelet(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 10.0.0.5:9099\r\nUser-Agent: kube-lifecycle/1.20\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n`
}

const status = (one: Raw) => Number(/^HTTP\/1\.1 (\d{3})/.exec(one.text())?.[1] ?? 0)
const HEAD_MS = 100
const SHORT = { headMs: HEAD_MS, keepAliveMs: 100 }

void tap.test(
  'a hook waits far beyond every timeout, then is answered, and its connection closed',
  async (t) => {
    const { admin, asked, answerHooks, logged } = await startTestAdmin(t, { limits: SHORT })
    const hook = await raw(t, admin.port, kubelet('/prestop/app'))
    await until('the hook', () => asked.length === 1)
    await sleep(HEAD_MS * 12) // what must not end it
    t.equal(hook.text(), '')
    t.equal(hook.ended(), undefined)
    answerHooks()
    await until('the end', () => hook.ended())
    t.match(hook.text(), /^HTTP\/1\.1 200 OK\r\n/)
    t.match(hook.text(), /\r\nconnection: close\r\n/i)
    t.match(hook.text(), /\r\n\r\ndrained\n$/)
    t.equal(hook.ended(), 'fin')
    t.same(asked, ['hook app'])
    t.same(logged, ['hook app: called', 'hook app: answered'])
  },
)

void tap.test('the kubelet of Kubernetes 1.20 calls //prestop/app', async (t) => {
  const { admin, asked, answerHooks } = await startTestAdmin(t)
  const hook = await raw(t, admin.port, kubelet('//prestop/app'))
  await until('the hook', () => asked.length === 1)
  answerHooks()
  await until('the answer', () => status(hook) === 200)
  t.same(asked, ['hook app'])
})

void tap.test('a keep-alive connection that has served probes also takes a hook', async (t) => {
  const { admin, asked, answerHooks } = await startTestAdmin(t)
  const one = await raw(t, admin.port, kubelet('/readyz'))
  await until('the probe', () => one.text().endsWith('ok\n'))
  t.equal(one.ended(), undefined)
  one.socket.write(kubelet('/prestop/sidecar'))
  await until('the hook', () => asked.length === 1)
  answerHooks()
  await until('the end', () => one.ended() === 'fin')
  t.match(one.text(), /drained\n$/)
})

void tap.test('a hook called twice is answered twice; both hooks at once as well', async (t) => {
  const { admin, asked, answerHooks } = await startTestAdmin(t)
  const hooks = await Promise.all(
    ['/prestop/app', '/prestop/app', '/prestop/sidecar'].map((path) => raw(t, admin.port, kubelet(path))),
  )
  await until('all three', () => asked.length === 3)
  answerHooks()
  for (const hook of hooks) {
    await until('an answer', () => hook.ended() === 'fin')
    t.equal(status(hook), 200)
  }
})

void tap.test('a hook whose drain fails is answered, not broken', async (t) => {
  const { admin, asked, failHooks } = await startTestAdmin(t)
  const hook = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('the hook', () => asked.length === 1)
  failHooks()
  await until('the end', () => hook.ended() === 'fin')
  t.equal(status(hook), 500)
})

void tap.test('a caller that goes away is noted, and changes nothing', async (t) => {
  const { admin, url, asked, logged, answerHooks } = await startTestAdmin(t)
  const gone = await raw(t, admin.port, kubelet('/prestop/app'))
  const stays = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('both', () => asked.length === 2)
  gone.socket.resetAndDestroy()
  t.equal((await request(`${url}/livez`)).statusCode, 200)
  answerHooks()
  await until('the other answer', () => status(stays) === 200)
  await until('the note', () => logged.some((line) => line.includes('the caller disconnected')))
  t.same(asked, ['hook app', 'hook app'], 'nothing but the hooks was asked for')
})

void tap.test('whatever follows a hook on its connection does not break it', async (t) => {
  for (const [what, junk] of [
    ['half a request', 'GET /live'],
    ['garbage', '\x16\x03\x01 no http\r\n\r\n'],
    ['a head that is too large', `GET /livez HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
  ] as const) {
    const { admin, asked, answerHooks } = await startTestAdmin(t, { limits: SHORT })
    const hook = await raw(t, admin.port, kubelet('/prestop/app'))
    await until('the hook', () => asked.length === 1)
    hook.socket.write(junk, 'latin1')
    await sleep(HEAD_MS * 6) // what must not end it
    t.equal(hook.ended(), undefined, what)
    answerHooks()
    await until('the answer', () => status(hook) === 200)
    t.match(hook.text(), /drained\n$/, what)
  }
})

void tap.test('200 probes are answered while 5 hooks hang', async (t) => {
  const { admin, url, asked, answerHooks } = await startTestAdmin(t)
  const hooks = await Promise.all([0, 1, 2, 3, 4].map(() => raw(t, admin.port, kubelet('/prestop/app'))))
  await until('the hooks', () => asked.length === 5)
  const dispatcher = new Agent({ connections: 50, pipelining: 0 })
  t.teardown(() => dispatcher.close())
  const probes = Array.from({ length: 200 }, async (_, i) => {
    const answer = await request(`${url}/${i % 2 === 0 ? 'readyz' : 'livez'}`, { dispatcher })
    await answer.body.dump()
    return answer.statusCode
  })
  t.same([...new Set(await Promise.all(probes))], [200])
  t.ok(hooks.every((hook) => hook.text() === '' && hook.ended() === undefined))
  answerHooks()
  for (const hook of hooks) await until('an answer', () => status(hook) === 200)
})

void tap.test('too many connections: the quietest go, hooks stay, probes are answered', async (t) => {
  const limits = { connections: 20, waitingHooks: 10 }
  const { admin, url, asked, answerHooks } = await startTestAdmin(t, { limits })
  const hooks = await Promise.all([0, 1, 2].map(() => raw(t, admin.port, kubelet('/prestop/app'))))
  await until('the hooks', () => asked.length === 3)
  const silent: Raw[] = []
  for (let i = 0; i < 60; i += 1) silent.push(await raw(t, admin.port))
  await until('most of the silent are gone', () => silent.filter((one) => one.ended()).length >= 43)
  t.equal((await request(`${url}/readyz`)).statusCode, 200)
  t.ok(hooks.every((hook) => hook.ended() === undefined))
  answerHooks()
  for (const hook of hooks) await until('an answer', () => status(hook) === 200)
})

void tap.test('more hooks at once than any pod has: the others get 503', async (t) => {
  const { admin, asked, answerHooks } = await startTestAdmin(t, {
    limits: { connections: 20, waitingHooks: 2 },
  })
  const hooks = [
    await raw(t, admin.port, kubelet('/prestop/app')),
    await raw(t, admin.port, kubelet('/prestop/app')),
  ]
  await until('two hooks', () => asked.length === 2)
  const third = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('its answer', () => status(third) === 503)
  answerHooks()
  for (const hook of hooks) await until('an answer', () => status(hook) === 200)
  const next = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('a free place', () => asked.length === 3)
  t.equal(next.text(), '')
})

void tap.test('256 callers that hang up at once leave a slot for the kubelet', async (t) => {
  const { admin, asked, waiting, answerHooks } = await startTestAdmin(t)
  const strangers = await Promise.all(
    Array.from({ length: 256 }, (_, i) =>
      raw(t, admin.port, kubelet('/prestop/sidecar'), `127.0.1.${1 + (i % 8)}`),
    ),
  )
  await until('all wait', () => waiting() === 256)
  const refused = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('its answer', () => status(refused) === 503)
  strangers.forEach(({ socket }, i) => (i % 2 === 0 ? socket.resetAndDestroy() : socket.destroy()))
  await until('nothing is kept of them', () => waiting() === 0)
  const hook = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('the hook', () => asked.length === 257)
  t.equal(hook.text(), '', 'it is held')
  answerHooks()
  await until('its answer', () => status(hook) === 200)
})

void tap.test('one stranger who stays does not take all seats', async (t) => {
  const { admin, waiting, answerHooks } = await startTestAdmin(t)
  const strangers = await Promise.all(
    Array.from({ length: 256 }, () => raw(t, admin.port, kubelet('/prestop/sidecar'), '127.0.1.1')),
  )
  await until('most are refused', () => strangers.filter((one) => status(one) === 503).length === 256 - 32)
  t.equal(waiting(), 32)
  const hook = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('the hook', () => waiting() === 33)
  answerHooks()
  await until('its answer', () => status(hook) === 200)
})

void tap.test('hooks that are pipelined on one connection take one seat', async (t) => {
  const limits = { waitingHooks: 2, waitingHooksOfOne: 2 }
  const { admin, asked, waiting, answerHooks } = await startTestAdmin(t, { limits })
  const greedy = await raw(t, admin.port, kubelet('/prestop/app').repeat(100))
  await until('the first', () => waiting() === 1)
  const hook = await raw(t, admin.port, kubelet('/prestop/app'))
  await until('the hook', () => waiting() === 2)
  t.equal(asked.length, 2)
  t.ok(admin.refused.hooks >= 1)
  answerHooks()
  await until('both answers', () => status(hook) === 200 && status(greedy) === 200)
})

void tap.test(
  'the end does not wait for connections without a request; an answer is still sent',
  async (t) => {
    const { admin, asked, answerHooks } = await startTestAdmin(t)
    const idle = await raw(t, admin.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('an answer', () => status(idle) === 200)
    const others = await Promise.all(
      ['', 'GET /livez HT', 'POST /drain HTTP/1.1\r\nHost: x\r\nX-Slow: '].map((bytes) =>
        raw(t, admin.port, bytes),
      ),
    )
    const hook = await raw(t, admin.port, kubelet('/prestop/app'))
    await until('the hook', () => asked.length === 1)
    answerHooks()
    await admin.close(3_600_000)
    await until('the answer', () => hook.ended())
    t.equal(hook.ended(), 'fin')
    t.match(hook.text(), /drained\n$/)
    for (const one of others) await until('the end', () => one.ended())
  },
)

void tap.test('bounded: a half-sent head, a silent connection, a body that does not come', async (t) => {
  const { admin } = await startTestAdmin(t, { limits: SHORT })
  for (const bytes of ['GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: ', '']) {
    const slow = await raw(t, admin.port, bytes)
    await until('408', () => slow.ended() === 'fin', 3000)
    t.equal(status(slow), 408, JSON.stringify(bytes))
  }
  const body = await raw(t, admin.port, 'POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n')
  await until('the end', () => body.ended(), 3000)
  t.equal(status(body), 202, 'a body is not waited for')
})

void tap.test('bounded: large heads and bodies, and what is no HTTP', async (t) => {
  const { admin, asked } = await startTestAdmin(t)
  const cases = [
    [`GET /readyz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`, 431],
    ['POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n', 413],
    ['POST /drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 413],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01', 400],
    ['GET /readyz HTTP/1.1\r\n\r\n', 400],
  ] as const
  for (const [bytes, expected] of cases) {
    const one = await raw(t, admin.port, bytes)
    await until('an answer', () => status(one) > 0, 3000)
    t.equal(status(one), expected, bytes.slice(0, 40))
    await until('the end', () => one.ended(), 3000)
  }
  t.same(asked, [])
})
