/** The page and the event stream of /status on real sockets: who gets what, how many, and that nobody waits for a viewer. */
import tap from 'tap'
import { LIVE, raw, startTestAdmin } from '../fixtures/admin.ts'
import { EVENT_MS } from '../../src/proxy/admin/viewers.ts'
import { HandClock } from '../fixtures/clock.ts'
import { until } from '../fixtures/until.ts'

const STREAM = 'GET /status HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n'

/** Longer than any test may take: nobody is cut. */
const FOR_EVER_MS = 600_000

/** The data of the events in what came back, chunked as it is. */
const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as Record<string, unknown>)

void tap.test('GET / is the page for who accepts HTML, and the list of paths for curl', async (t) => {
  const { url } = await startTestAdmin(t)
  const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
  const page = await fetch(`${url}/`, { headers: browser })
  t.equal(page.status, 200)
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.equal(page.headers.get('x-content-type-options'), 'nosniff')
  t.equal(page.headers.get('referrer-policy'), 'no-referrer')
  t.equal(page.headers.get('x-frame-options'), 'DENY')
  t.equal(page.headers.get('vary'), 'accept')
  t.match(await page.text(), /^<!doctype html>/)
  const curl = await fetch(`${url}/`, { headers: { accept: '*/*' } })
  t.equal(curl.status, 404)
  t.match(await curl.text(), /^not found; there are:\n {2}GET \/readyz/)
  for (const none of ['text/html;q=0, */*', 'text/html; level=1; q=0.000', 'text/htmlx'])
    t.equal((await fetch(`${url}/`, { headers: { accept: none } })).status, 404, none)
  t.equal((await fetch(`${url}/`, { headers: { accept: 'text/html;q=0.01' } })).status, 200)
  const head = await fetch(`${url}/`, { method: 'HEAD', headers: browser })
  t.equal(head.status, 200)
  t.equal((await fetch(`${url}/`, { method: 'POST', headers: browser })).status, 404)
})

void tap.test('/status is JSON unless an event stream is accepted', async (t) => {
  const { url, view } = await startTestAdmin(t)
  for (const accept of ['*/*', 'application/json', 'text/html,*/*;q=0.8', 'text/event-stream;q=0, */*'])
    t.equal(
      (await fetch(`${url}/status`, { headers: { accept } })).headers.get('content-type'),
      'application/json; charset=utf-8',
      accept,
    )
  const gone = new AbortController()
  const stream = await fetch(`${url}/status`, {
    headers: { accept: 'text/event-stream' },
    signal: gone.signal,
  })
  t.equal(stream.headers.get('content-type'), 'text/event-stream')
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  t.match(events((await reader.read()).value ?? '')[0], {
    phase: { name: 'serving', ready: true },
    ports: [],
  })
  view.live = () => ({ ...LIVE, phase: 'settling', ready: false })
  const [next] = events((await reader.read()).value ?? '')
  t.match(next, { phase: { name: 'settling', ready: false } })
  gone.abort()
})

void tap.test('a few watch at once; the next gets 503 and a sentence, until one has gone', async (t) => {
  const { url, admin } = await startTestAdmin(t, { limits: { viewers: 2 } })
  const first = await raw(t, admin.port, STREAM)
  const second = await raw(t, admin.port, STREAM)
  await until('both watch', () => [first, second].every((one) => events(one.text()).length > 0))
  const ask = () => fetch(`${url}/status`, { headers: { accept: 'text/event-stream' } })
  const refused = await ask()
  t.equal(refused.status, 503)
  t.equal(await refused.text(), '2 viewers are watching, which is the maximum: try again later\n')
  first.socket.destroy()
  await until('a free place', async () => {
    const answer = await ask()
    await answer.body?.cancel()
    return answer.status === 200
  })
})

void tap.test('a view that fails ends neither the stream nor the process', async (t) => {
  const { admin, view, logged } = await startTestAdmin(t)
  const viewer = await raw(t, admin.port, STREAM)
  await until('the first event', () => events(viewer.text()).length > 0)
  view.live = () => {
    throw new Error('no look')
  }
  await until('it is logged', () => logged.includes('admin: the event stream of /status failed'))
  view.live = () => ({ ...LIVE, phase: 'draining' })
  await until('it goes on', () => events(viewer.text()).length > 1)
})

void tap.test('at the end a viewer gets the last word and a FIN', async (t) => {
  const { admin, view } = await startTestAdmin(t)
  const viewer = await raw(t, admin.port, STREAM)
  await until('it watches', () => events(viewer.text()).length > 0)
  view.live = () => ({ ...LIVE, phase: 'exited' })
  await admin.close(FOR_EVER_MS)
  await until('the farewell', () => viewer.ended())
  t.equal(viewer.ended(), 'fin')
  t.match(events(viewer.text()).at(-2), { phase: { name: 'exited' } })
  t.match(viewer.text(), /event: end\ndata: \{\}\n\n\r\n0\r\n\r\n$/)
})

void tap.test('the end does not wait for a viewer that does not read', async (t) => {
  const clock = new HandClock()
  const { admin, view } = await startTestAdmin(t, { clock })
  const stuck = await raw(t, admin.port, STREAM)
  await until('it watches', () => events(stuck.text()).length > 0)
  stuck.socket.pause()
  // More than the kernel takes for a peer that does not read, in one event.
  view.live = () => ({ ...LIVE, health: { up: false, kind: 'tcp', lastError: 'x'.repeat(32 * 1024 * 1024) } })
  clock.advance(EVENT_MS)
  await admin.close(FOR_EVER_MS)
  t.pass('it is closed')
})

void tap.test('a viewer takes no place of a hook, and makes room like any other connection', async (t) => {
  const { admin, url, waiting, answerHooks } = await startTestAdmin(t, {
    limits: { connections: 4, waitingHooks: 2 },
  })
  const viewer = await raw(t, admin.port, STREAM)
  await until('it watches', () => events(viewer.text()).length > 0)
  const hooks = [fetch(`${url}/prestop/app`), fetch(`${url}/prestop/sidecar`)]
  await until('both hooks wait', () => waiting() === 2)
  await raw(t, admin.port, '')
  await raw(t, admin.port, '')
  await until('the viewer made room', () => viewer.ended())
  t.equal(waiting(), 2)
  answerHooks()
  for (const hook of hooks) t.equal((await hook).status, 200)
})
