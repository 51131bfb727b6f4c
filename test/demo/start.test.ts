/** `npm start` without a terminal: says where it is, serves, drains phase by phase on SIGINT. Needs dist (npm run build). */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import type { Status } from '../../src/proxy/admin/status.ts'
import { type Owner, type Program, startProgram } from '../fixtures/program.ts'
import { until } from '../fixtures/until.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/demo/start.ts', import.meta.url))
const FAST = ['--settle', '300ms', '--quiet', '300ms', '--app-stop', '1s']

async function start(
  t: Owner,
  flags: readonly string[],
): Promise<{ demo: Program; url: string; admin: string }> {
  const demo = startProgram(t, { command: process.execPath, args: [SCRIPT, ...FAST, ...flags] })
  // Killed, it could not take its own children along; asked twice, it does.
  t.teardown(async () => {
    if (demo.exit !== undefined) return
    demo.signal('SIGTERM')
    // Not before the first one has arrived: two at once may be one.
    await demo.line(/\(SIGTERM\)/)
    demo.signal('SIGTERM')
    await demo.end(10_000)
  })
  const line = await demo.line(/^Send requests to /, 20_000)
  await demo.line(/^Press Ctrl-C to drain/)
  const admin = /curl (http:\S+)\/status/.exec(demo.lines.join('\n'))![1]!
  await until('readiness', async () => (await fetch(`${admin}/readyz`)).ok)
  return { demo, url: line.replace('Send requests to ', ''), admin }
}

/** Its own clients are at 127.0.0.1. */
const OURS = '127.0.0.2'

/** A request of our own; resolves with its answer, or with `cut`. */
function slow(url: string, seconds: number): Promise<unknown> {
  return new Promise((resolve) => {
    request(`${url}/rpc/slow?seconds=${seconds}`, { localAddress: OURS, agent: false }, (response) => {
      response.setEncoding('utf8')
      response.once('data', (text: string) => resolve(JSON.parse(text)))
    })
      .on('error', () => resolve('cut'))
      .end()
  })
}

/** Waits until it is under way. */
async function inFlight(admin: string): Promise<void> {
  await until('our request in flight', async () => {
    const status = (await (await fetch(`${admin}/status`)).json()) as Pick<Status, 'inFlight'>
    return status.inFlight.requests.some(({ client }) => client === OURS)
  })
}

const phases = (demo: Program) => demo.lines.flatMap((line) => /^phase: +(\S+):/.exec(line)?.[1] ?? [])

await tap.test('the demo app behind lastcall drains on one SIGINT, and loses nothing', async (t) => {
  const { demo, url, admin } = await start(t, [])
  t.match(await (await fetch(`${url}/`)).json(), { app: 'demo' })
  const inserted = await fetch(`${url}/items`, { method: 'POST', body: '{"name":"coffee"}' })
  t.equal(inserted.status, 201)
  const items = (await (await fetch(`${url}/items`)).json()) as { value: { name: string } }[]
  t.ok(items.some(({ value }) => value.name === 'coffee'))
  const invited = demo.lines.filter((line) => line.startsWith('  curl '))
  for (const path of ['/rpc/slow', '/readyz', '/status', '/prestop/app', '/metrics'])
    t.ok(
      invited.some((line) => line.includes(path)),
      `it says what to try: ${path}`,
    )

  const ours = slow(url, 2)
  await inFlight(admin)
  demo.signal('SIGINT')
  t.same(await ours, { slept: 2 }, 'what was in flight was answered')
  t.same(await demo.end(30_000), { code: 0, signal: null })
  const clients = /^clients: +(\d+) requests, (\d+) failed$/.exec(demo.lines.at(-1)!)
  t.ok(Number(clients?.[1]) > 0, 'its own clients sent requests')
  t.equal(clients?.[2], '0', 'and lost none')
  const told = phases(demo)
  t.same(told.slice(0, 4), ['settling', 'lame-duck', 'draining', 'drained'], 'phase by phase')
})

await tap.test('the page comes first, its clients show on it, and it drains and resumes', async (t) => {
  const { demo, admin } = await start(t, [])
  const opened = demo.lines.findIndex((line) => line.startsWith('Open http'))
  t.equal(
    demo.lines[opened],
    `Open ${admin}/ in a browser, press Drain, and watch: a few clients send requests already.`,
  )
  t.ok(opened < demo.lines.findIndex((line) => line.startsWith('Send requests to')))
  t.match(await (await fetch(`${admin}/`, { headers: { accept: 'text/html' } })).text(), /^<!doctype html>/)
  const status = async () => (await (await fetch(`${admin}/status`)).json()) as Status
  await until('requests for the bars', async () => (await status()).inFlight.total >= 4)
  t.equal((await fetch(`${admin}/drain`, { method: 'POST' })).status, 202)
  await until('its clients went elsewhere', async () => (await status()).phase === 'drained', 30_000)
  await until('nothing in flight', async () => (await status()).inFlight.total === 0)
  t.equal((await fetch(`${admin}/resume`, { method: 'POST' })).status, 200)
  await until('they are back', async () => (await status()).inFlight.total >= 4)
})

await tap.test('a second SIGINT ends it at once', async (t) => {
  const { demo, url, admin } = await start(t, [])
  const ours = slow(url, 60)
  await inFlight(admin)
  demo.signal('SIGINT')
  await demo.line(/^phase: +settling/)
  demo.signal('SIGINT')
  const exit = await demo.end(5000)
  t.not(exit.code, 0)
  t.equal(await ours, 'cut')
})

await tap.test('with --app it runs in front of a real app, which stays', async (t) => {
  const app = createServer((_, response) => response.end('real'))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => {
    app.close()
    app.closeAllConnections()
  })
  const { demo, url } = await start(t, ['--app', `127.0.0.1:${(app.address() as AddressInfo).port}`])
  t.equal(await (await fetch(url)).text(), 'real')
  t.notOk(demo.lines.some((line) => line.includes('demo app')))
  demo.signal('SIGINT')
  t.same(await demo.end(15_000), { code: 0, signal: null })
  t.ok(app.listening)
})

await tap.test('an error in the flags is reported, with its exit code', async (t) => {
  const demo = startProgram(t, { command: process.execPath, args: [SCRIPT, '--no-such-flag', 'x'] })
  t.same(await demo.end(15_000), { code: 2, signal: null })
  t.ok(demo.lines.some((line) => line.includes('no-such-flag')))
})
