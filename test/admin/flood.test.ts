/** What a stranger on the admin port may ask for at once: one read holds 2,000 requests, and each scrape is costly. */
import tap from 'tap'
import { ConnectionList } from '../../src/proxy/admin/connection-list.ts'
import { ADMIN_LIMITS, createAdminHttp } from '../../src/proxy/admin/http.ts'
import { onceATurn } from '../../src/proxy/admin/once-a-turn.ts'
import { raw, startTestAdmin } from '../fixtures/admin.ts'
import { listen } from '../fixtures/listener.ts'
import { until } from '../fixtures/until.ts'

const MANY = 1000
const SCRAPE = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
const HOOK = 'GET /prestop/app HTTP/1.1\r\nHost: 10.0.0.5:9099\r\n\r\n'

void tap.test(
  'a thousand scrapes pipelined on one connection: a few are made, and the connection is gone',
  async (t) => {
    const { admin, view } = await startTestAdmin(t)
    let scrapes = 0
    view.metrics = () => {
      scrapes += 1
      return Promise.resolve({ contentType: 'text/plain', body: 'up 1\n' })
    }
    const greedy = await raw(t, admin.port, SCRAPE.repeat(MANY))
    await until('its end', () => greedy.ended())
    t.ok(scrapes <= 2, `${scrapes} scrapes`)
    await until('it takes no place', () => admin.connections === 0)
    const patient = await raw(t, admin.port, SCRAPE)
    for (let i = 1; i <= 5; i += 1) {
      await until('an answer', () => patient.text().split('up 1\n').length === i + 1)
      patient.socket.write(SCRAPE)
    }
    t.equal(patient.ended(), undefined, 'one after the other there may be as many as anybody likes')
  },
)

void tap.test(
  'what is pipelined behind a hook is not carried out, and does not break the hook',
  async (t) => {
    const { admin, asked, view, waiting, answerHooks } = await startTestAdmin(t)
    let scrapes = 0
    view.metrics = () => {
      scrapes += 1
      return Promise.resolve({ contentType: 'text/plain', body: 'x'.repeat(30_000) })
    }
    const hook = await raw(t, admin.port, HOOK + SCRAPE.repeat(MANY))
    await until('it waits', () => waiting() === 1)
    const other = await raw(t, admin.port, SCRAPE)
    await until('others are served', () => other.text().length > 30_000)
    t.ok(scrapes <= 2, `${scrapes} scrapes`)
    t.equal(hook.ended(), undefined)
    answerHooks()
    await until('its answer', () => hook.ended())
    t.match(hook.text(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ndrained\n/)
    t.same(asked, ['hook app'])
  },
)

void tap.test(
  'many who ask in the same turn of the event loop share what is made; the next turn makes it anew',
  async (t) => {
    let made = 0
    const read = onceATurn(() => (made += 1))
    t.same([read(), read(), read()], [1, 1, 1])
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    t.equal(read(), 2)
    const failing = onceATurn(() => {
      made += 1
      throw new Error('no')
    })
    t.throws(failing)
    t.throws(failing)
    t.equal(made, 4, 'an error is not kept')
  },
)

void tap.test('the HTTP parser itself stops after a few requests of one read', async (t) => {
  const server = createAdminHttp(ADMIN_LIMITS, new ConnectionList(ADMIN_LIMITS), () => undefined)
  let requests = 0
  server.on('request', () => (requests += 1))
  const { port } = await listen(t, server)
  const greedy = await raw(t, port, SCRAPE.repeat(MANY))
  await until('its end', () => greedy.ended())
  t.ok(requests > 0 && requests <= 8, `${requests} requests`)
})
