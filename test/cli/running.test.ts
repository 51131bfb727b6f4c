/** The commands against a real lastcall: status, drain under a request in flight, resume, resume when it is too late. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import tap from 'tap'
import { Client } from 'undici'
import { type Owner, startProgram } from '../fixtures/program.ts'
import { freePort } from '../fixtures/ports.ts'
import { entry, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

void tap.test('drain waits for what is in flight, resume takes it back, until the pod stops', async (t) => {
  const app = await holdingApp(t)
  const sidecar = await startSidecar(t, {
    app: app.place,
    flags: ['--settle=200ms', '--quiet=200ms', '--token=abc'],
  })
  await sidecar.ready()
  const admin = `http://${sidecar.admin.host}:${sidecar.admin.port}`
  const lastcall = (...args: string[]) => command(t, [...args, '--admin', admin])

  const client = new Client(sidecar.url)
  t.teardown(() => client.destroy())
  const answer = client.request({ method: 'GET', path: '/slow' })
  await until('the request is with the app', () => app.held.length === 1)

  const refused = lastcall('drain')
  t.same(await refused.end(20_000), { code: 1, signal: null }, 'not without the token')
  const drain = lastcall('drain', '--token', 'abc')
  await drain.line(/^draining: 1 \(http1 1\) in flight, the oldest GET .*for /)
  t.equal(drain.exit, undefined, 'it waits')
  app.held[0]!.end('done')
  t.equal(await (await answer).body.text(), 'done')
  t.same(await drain.end(20_000), { code: 0, signal: null })
  t.equal(drain.lines.at(-1), 'drained: nothing in flight')

  const drained = lastcall('status')
  await drained.end(20_000)
  t.match(drained.lines.join('\n'), /^phase +drained, for .*^ready +no$.*^drain +by operator$/ms)

  const resume = lastcall('resume', '--token=abc')
  t.same(await resume.end(20_000), { code: 0, signal: null })
  t.same(resume.lines, ['resumed: serving'])
  await sidecar.ready()

  const late = client.request({ method: 'GET', path: '/slow' })
  await until('the second request is with the app', () => app.held.length === 2)
  sidecar.signal('SIGTERM')
  await sidecar.phase(['settling', 'lame-duck', 'draining'])
  const tooLate = lastcall('resume', '--token=abc')
  t.same(await tooLate.end(20_000), { code: 1, signal: null })
  t.match(tooLate.lines.join('\n'), /cannot be undone/)
  app.held[1]!.end('done')
  t.equal(await (await late).body.text(), 'done')
  app.stop()
  t.same(await sidecar.end(20_000), { code: 0, signal: null })
})

void tap.test('a closed stdout costs the log, not the proxy', async (t) => {
  const app = await holdingApp(t)
  const [listen, admin] = [await freePort(), await freePort()]
  const flags = ['--app', app.place, '--listen', `127.0.0.1:${listen}`, '--admin', `127.0.0.1:${admin}`]
  const args = [entry('src'), ...flags, '--settle=0s', '--quiet=0s', '--access-log=all']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  child.stdout.destroy()
  const client = new Client(`http://127.0.0.1:${listen}`)
  t.teardown(() => client.destroy())
  const answer = await until('an answer', async () =>
    (await client.request({ method: 'GET', path: '/' })).body.text(),
  )
  t.equal(answer, 'at once')
  app.stop()
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
})

/** An app that answers all but /slow at once, and that when the test says so. */
async function holdingApp(t: Owner): Promise<{ place: string; held: ServerResponse[]; stop: () => void }> {
  const held: ServerResponse[] = []
  const http = createServer((request, response) => {
    if (request.url === '/slow') held.push(response)
    else response.end('at once')
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const stop = () => {
    http.close()
    http.closeAllConnections()
  }
  t.teardown(stop)
  return { place: `127.0.0.1:${(http.address() as AddressInfo).port}`, held, stop }
}

function command(t: Owner, args: readonly string[]) {
  return startProgram(t, {
    command: process.execPath,
    args: [entry('src'), ...args],
    env: { PATH: process.env['PATH'] },
  })
}
