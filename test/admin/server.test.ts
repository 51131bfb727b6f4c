/** The admin server on real sockets (DESIGN §6): what clients see, who may call, what a taken port says. */
import { createServer } from 'node:net'
import tap from 'tap'
import { Agent, request } from 'undici'
import { parseCidr } from '../../src/proxy/config/ip.ts'
import { NONE_REFUSED } from '../../src/proxy/admin/refusals.ts'
import { raw, startTestAdmin } from '../fixtures/admin.ts'
import { listen } from '../fixtures/listener.ts'
import { until } from '../fixtures/until.ts'

const dispatcher = new Agent({ headersTimeout: 10_000 })
tap.teardown(() => dispatcher.close())

type Options = NonNullable<Parameters<typeof request>[1]>

async function ask(url: string, options: Options = {}) {
  const { statusCode, headers, body } = await request(url, { dispatcher, ...options })
  return { status: statusCode, headers, body: await body.text() }
}

function cidr(text: string) {
  const reading = parseCidr(text)
  if (reading.kind === 'bad') throw new Error(text)
  return reading.value
}

void tap.test('probes, metrics and status', async (t) => {
  const { url, view } = await startTestAdmin(t)
  t.match(await ask(`${url}/readyz`), { status: 200, body: 'ok\n' })
  view.ready = () => ({ ok: false, why: 'settling' })
  t.match(await ask(`${url}/readyz`), { status: 503, body: 'not ready: settling\n' })
  t.match(await ask(`${url}/metrics`), {
    status: 200,
    body: 'up 1\n',
    headers: { 'content-type': 'text/plain; version=0.0.4' },
  })
  t.same(JSON.parse((await ask(`${url}/status`)).body), { phase: 'serving' })
  const head = await ask(`${url}/readyz`, { method: 'HEAD' })
  t.match(head, { status: 503, body: '', headers: { 'content-length': '20' } })
})

void tap.test('drain and resume answer what followed', async (t) => {
  const { url, asked } = await startTestAdmin(t)
  const drain = await ask(`${url}/drain`, { method: 'POST', body: '{"why":"test"}' })
  t.equal(drain.status, 202, 'it has begun, and goes on')
  t.same(JSON.parse(drain.body), { phase: 'settling' })
  const resume = await ask(`${url}/resume`, { method: 'POST' })
  t.equal(resume.status, 409, 'the lifecycle said no')
  t.same(JSON.parse(resume.body), { ok: false, phase: 'drained' })
  t.same(asked, ['drain', 'resume'])
})

void tap.test('404, 405, and nothing is asked of the lifecycle', async (t) => {
  const { url, asked } = await startTestAdmin(t)
  t.equal((await ask(`${url}/nowhere`)).status, 404)
  t.match(await ask(`${url}/drain`), { status: 405, headers: { allow: 'POST' } })
  t.match(await ask(`${url}/prestop/app`, { method: 'POST' }), { status: 405, headers: { allow: 'GET' } })
  t.equal((await ask(`${url}/prestop/app`, { method: 'HEAD' })).status, 405)
  t.same(asked, [])
})

void tap.test('a token guards the hooks and the commands, and nothing else', async (t) => {
  const { url, asked, answerHooks } = await startTestAdmin(t, { token: 's3cret' })
  for (const [method, path] of [
    ['GET', '/prestop/app'],
    ['GET', '/prestop/sidecar'],
    ['POST', '/drain'],
    ['POST', '/resume'],
  ] as const) {
    const without = await ask(url + path, { method })
    t.match(without, { status: 401, headers: { 'www-authenticate': /^Bearer/ } }, path)
    t.equal((await ask(url + path, { method, headers: { authorization: 'Bearer no' } })).status, 401)
  }
  t.same(asked, [])
  for (const path of ['/readyz', '/livez', '/startupz', '/metrics', '/status'])
    t.equal((await ask(url + path)).status, 200, path)
  const hook = ask(`${url}/prestop/app`, { headers: { authorization: 'Bearer s3cret' } })
  await until('the hook', () => asked.length === 1)
  answerHooks()
  t.equal((await hook).status, 200)
})

void tap.test('networks guard the hooks and the commands, and nothing else', async (t) => {
  const away = await startTestAdmin(t, { hookAllow: [cidr('10.0.0.0/8'), cidr('fd00::/8')] })
  t.equal((await ask(`${away.url}/prestop/app`)).status, 403)
  t.equal((await ask(`${away.url}/drain`, { method: 'POST' })).status, 403)
  t.equal((await ask(`${away.url}/readyz`)).status, 200)
  t.same(away.asked, [])
  const near = await startTestAdmin(t, { hookAllow: [cidr('10.0.0.0/8'), cidr('127.0.0.0/8')] })
  t.equal((await ask(`${near.url}/drain`, { method: 'POST' })).status, 202)
})

void tap.test('an IPv4 caller of a dual-stack listener is known by its IPv4 address', async (t) => {
  const { admin } = await startTestAdmin(t, {
    listen: { host: undefined, port: 0 },
    hookAllow: [cidr('127.0.0.1/32')],
  })
  t.equal((await ask(`http://127.0.0.1:${admin.port}/drain`, { method: 'POST' })).status, 202)
  const v6 = await ask(`http://[::1]:${admin.port}/drain`, { method: 'POST' }).catch(() => undefined)
  if (v6 === undefined) t.comment('no IPv6 here')
  else t.equal(v6.status, 403)
})

void tap.test('a view that fails is a 500 and a log line, not the end', async (t) => {
  const { url, view, logged } = await startTestAdmin(t)
  view.metrics = () => Promise.reject(new Error('no figures'))
  t.equal((await ask(`${url}/metrics`)).status, 500)
  view.status = () => {
    throw new Error('no status')
  }
  t.equal((await ask(`${url}/status`)).status, 500)
  t.same(logged, ['admin: the answer failed', 'admin: the answer failed'])
  t.equal((await ask(`${url}/livez`)).status, 200)
})

void tap.test('a taken port is said so, with the flag and the port', async (t) => {
  const { port } = await listen(t, createServer())
  const taken = startTestAdmin(t, { listen: { host: '127.0.0.1', port } })
  await t.rejects(taken, {
    message: `--admin: port ${port} of 127.0.0.1 is taken by another listener; choose another with --admin host:port`,
  })
  const noHost = startTestAdmin(t, { listen: { host: undefined, port } })
  await t.rejects(noHost, { message: new RegExp(`^--admin: port ${port} is taken by`) })
  await t.rejects(startTestAdmin(t, { listen: { host: '192.0.2.1', port: 0 } }), {
    message: /^--admin: 192\.0\.2\.1 is not an address of this machine/,
  })
})

void tap.test('close: no new connections, idle ones go, and the port is free', async (t) => {
  const { admin, url } = await startTestAdmin(t)
  const idle = await raw(t, admin.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('its answer', () => idle.text().endsWith('ok\n'))
  t.match(idle.text(), /connection: keep-alive/i)
  await admin.close()
  await until('the idle one is closed', () => idle.ended() !== undefined)
  await t.rejects(ask(`${url}/livez`))
  const again = await startTestAdmin(t, { listen: { host: '127.0.0.1', port: admin.port } })
  t.equal((await ask(`${again.url}/livez`)).status, 200)
})

void tap.test('refusals are counted by reason, and a flood of them is one line a second', async (t) => {
  const start = performance.now()
  const { url, admin, logged } = await startTestAdmin(t, { token: 's3cret' })
  for (let i = 0; i < 200; i += 1)
    await ask(`${url}/drain`, { method: 'POST', headers: { authorization: `Bearer ${i}` } })
  t.same(admin.refused, { ...NONE_REFUSED, token: 200 })
  const lines = logged.filter((line) => line.startsWith('admin: refused: the token is missing or wrong'))
  const seconds = Math.ceil((performance.now() - start) / 1000)
  t.ok(lines.length >= 1 && lines.length <= seconds, `${lines.length} lines in ${seconds} s`)

  const elsewhere = await startTestAdmin(t, { hookAllow: [cidr('10.0.0.0/8')] })
  t.equal((await ask(`${elsewhere.url}/prestop/app`)).status, 403)
  t.same(elsewhere.admin.refused, { ...NONE_REFUSED, address: 1 })
  t.same(elsewhere.logged, ['admin: refused: the caller is not in --hook-allow'])
})

void tap.test('a flood of commands is answered, but does not fill the log', async (t) => {
  const { url, asked, logged } = await startTestAdmin(t)
  const start = performance.now()
  for (let i = 0; i < 300; i += 1) t.equal((await ask(`${url}/drain`, { method: 'POST' })).status, 202)
  const seconds = Math.ceil((performance.now() - start) / 1000)
  t.equal(asked.length, 300)
  t.ok(logged.length >= 1 && logged.length <= 50 * seconds, `${logged.length} lines in ${seconds} s`)
})
