/** `npm start` without a terminal: says where it is, serves, drains phase by phase on SIGINT. Needs dist (npm run build). */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
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
    await demo.line(/^phase: +settling/)
    demo.signal('SIGTERM')
    await demo.end(5000)
  })
  const line = await demo.line(/^Send requests to /, 20_000)
  await demo.line(/^Press Ctrl-C to drain/)
  const admin = /curl (http:\S+)\/status/.exec(demo.lines.join('\n'))![1]!
  await until('readiness', async () => (await fetch(`${admin}/readyz`)).ok)
  return { demo, url: line.replace('Send requests to ', ''), admin }
}

/** Waits until one request is under way. */
async function inFlight(admin: string): Promise<void> {
  await until('a request in flight', async () => {
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    return /^lastcall_in_flight\{kind="http1"\} 1$/m.test(metrics)
  })
}

const phases = (demo: Program) => demo.lines.flatMap((line) => /^phase: +(\S+):/.exec(line)?.[1] ?? [])

await tap.test('the demo app behind lastcall drains on one SIGINT, and loses nothing', async (t) => {
  const { demo, url, admin } = await start(t, [])
  t.match(await (await fetch(`${url}/`)).json(), { app: 'demo' })
  const inserted = await fetch(`${url}/items`, { method: 'POST', body: '{"name":"tea"}' })
  t.equal(inserted.status, 201)
  t.match(await (await fetch(`${url}/items`)).json(), [{ id: 1, value: { name: 'tea' } }])
  const invited = demo.lines.filter((line) => line.startsWith('  curl '))
  for (const path of ['/rpc/slow', '/readyz', '/status', '/prestop/app', '/metrics'])
    t.ok(
      invited.some((line) => line.includes(path)),
      `it says what to try: ${path}`,
    )

  const slow = fetch(`${url}/rpc/slow?seconds=2`)
  await inFlight(admin)
  demo.signal('SIGINT')
  t.same(await (await slow).json(), { slept: 2 }, 'what was in flight was answered')
  t.same(await demo.end(15_000), { code: 0, signal: null })
  const told = phases(demo)
  t.same(told.slice(0, 4), ['settling', 'lame-duck', 'draining', 'drained'], 'phase by phase')
})

await tap.test('a second SIGINT ends it at once', async (t) => {
  const { demo, url, admin } = await start(t, [])
  const slow = fetch(`${url}/rpc/slow?seconds=60`).catch(() => 'cut')
  await inFlight(admin)
  demo.signal('SIGINT')
  await demo.line(/^phase: +settling/)
  demo.signal('SIGINT')
  const exit = await demo.end(5000)
  t.not(exit.code, 0)
  t.equal(await slow, 'cut')
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

await tap.test('a mistake in the flags is told, and is the exit code', async (t) => {
  const demo = startProgram(t, { command: process.execPath, args: [SCRIPT, '--no-such-flag', 'x'] })
  t.same(await demo.end(15_000), { code: 2, signal: null })
  t.ok(demo.lines.some((line) => line.includes('no-such-flag')))
})
