/** Exit codes, the verdict, and the access log: what is left to read when the pod is gone. DESIGN §3, §5. */
import { readFileSync } from 'node:fs'
import tap, { type Test } from 'tap'
import { endAfterApp, PHASE, serving, verdictOf } from '../fixtures/drain.ts'
import { startProgram } from '../fixtures/program.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { entry, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'

await tap.test(
  'the verdict says how long each phase took, what became of the requests, and when the last connection arrived',
  async (t) => {
    const { app, sidecar } = await serving(t)
    const first = await rawClient(t, sidecar.listen)
    first.send(requestText('POST', '/post/before', 'x'))
    await first.answer('POST')
    const client = await rawClient(t, sidecar.listen)
    client.send(requestText('GET', '/gate/work'))
    await app.arrived('work')
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.lameDuck)
    const late = await rawClient(t, sidecar.listen)
    late.send(requestText('POST', '/post/late', 'x'))
    await late.answer('POST')
    await sidecar.log(PHASE.draining)
    app.release('work')
    await client.answer()
    t.equal(await endAfterApp(app, sidecar), 0)

    const verdict = verdictOf(sidecar)
    t.match(verdict, {
      outcome: 'exited',
      triggers: ['signal'],
      proof: true,
      inFlight: 1,
      finished: 2,
      cut: 0,
      drainMs: Number,
      lastConnectionMs: Number,
      phasesMs: { settling: Number, 'lame-duck': Number, draining: Number, drained: Number },
    })
    const { phasesMs, drainMs, lastConnectionMs } = verdict
    t.ok(phasesMs.settling! > 250 && phasesMs['lame-duck']! > 150)
    const sum = Object.values(phasesMs).reduce((total, ms) => total + ms, 0)
    t.ok(Math.abs(sum - drainMs) <= 5, `the phases add up: ${sum} of ${drainMs} ms`)
    t.ok(lastConnectionMs! > 250 && lastConnectionMs! < drainMs)
    t.match(
      verdict.text,
      /^drained in \d+\.\d s \(settle \d\.\d s, lame duck \d\.\d s, draining \d+\.\d s\).*: 1 in flight at the start, 2 finished, 0 cut; saved 1 in flight and 1 that arrived later; last new connection \d\.\d s after the drain began$/,
    )
    t.equal(sidecar.logs.filter((line) => line['verdict'] !== undefined).length, 1, 'one line')
  },
)

await tap.test('after an operator took a drain back, /status and /metrics have its verdict', async (t) => {
  const { sidecar } = await serving(t)
  await sidecar.ask('POST', '/drain')
  await sidecar.log(PHASE.drained)
  t.equal((await sidecar.ask('POST', '/resume')).status, 200)
  t.match(await sidecar.status(), {
    phase: 'serving',
    verdict: { outcome: 'returned', cut: 0, text: /^back in service after / },
  })
  const settling = (await sidecar.metric('lastcall_drain_seconds{phase="settling"}'))!
  t.ok(settling > 0.2 && settling < 3, `${settling} s`)
  t.equal(await sidecar.metric('lastcall_drain_cut_total'), 0)
  t.equal(await sidecar.metric('lastcall_phase{phase="serving"}'), 1)
})

await tap.test('/status tells the version, and the age of the drain while one runs', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const { sidecar } = await serving(t)
  t.match(await sidecar.status(), { version, phase: 'serving', drainMs: null })
  await sidecar.ask('POST', '/drain')
  await sidecar.log(PHASE.drained)
  // Settle and quiet are over by then: the age is that of the drain, not that of its last phase.
  const { drainMs, sinceMs } = (await sidecar.status()) as Record<'drainMs' | 'sinceMs', number>
  t.ok(drainMs > sinceMs + 300, `${drainMs} ms, and ${sinceMs} ms in the phase`)
  await sidecar.ask('POST', '/resume')
  t.match(await sidecar.status(), { phase: 'serving', drainMs: null })
})

await tap.test('exit code 2 with a sentence, for every mistake of the configuration at once', async (t) => {
  const end = async (...flags: string[]) => {
    const program = startProgram(t, {
      command: process.execPath,
      args: [entry('src'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...flags],
    })
    const { code } = await program.end(10_000)
    return { code, said: program.lines.join('\n') }
  }
  const flags = await end('--settel', '3s', '--quiet', '3')
  t.equal(flags.code, 2)
  t.match(flags.said, /--settel/)
  t.match(flags.said, /--quiet/)
  const sums = await end('--settle', '20s', '--quiet', '10s')
  t.equal(sums.code, 2)
  t.match(sums.said, /--settle 20s and --quiet 10s do not fit/)

  const { sidecar } = await serving(t)
  const { host, port } = sidecar.listen
  const taken = await end('--listen', `${host}:${port}`)
  t.equal(taken.code, 2)
  t.match(taken.said, /--listen/)
})

await tap.test('an IPv6 address is logged in brackets', async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: ['--listen=[::1]:0', '--admin=[::1]:0'] })
  const { listen, admin } = await sidecar.log('listening')
  t.match(listen, /^\[::1\]:\d+$/)
  t.match(admin, /^\[::1\]:\d+$/)
})

async function some(t: Test, sidecar: Sidecar): Promise<void> {
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('POST', '/post/1?key=secret', 'x'))
  await client.answer('POST')
  client.send(requestText('POST', '/gate/never', 'x'))
}

await tap.test('--access-log all has a line for each request, also for those that broke off', async (t) => {
  const { app, sidecar } = await serving(t, ['--access-log', 'all'])
  await some(t, sidecar)
  await app.arrived('never')
  const gone = await rawClient(t, sidecar.listen)
  gone.send(requestText('GET', '/gate/gone'))
  await app.arrived('gone')
  gone.socket.resetAndDestroy()
  await sidecar.program.line(/gate\/gone/)
  const bad = await rawClient(t, sidecar.listen)
  bad.send('GET / HTTP/1.1\r\n\r\n')
  t.equal((await bad.answer()).status, 400)
  await sidecar.program.line((line) => line.includes('"status":400'))
  sidecar.signal('SIGTERM')
  sidecar.signal('SIGINT')
  await sidecar.end(5000)
  const lines = sidecar.logs.filter((line) => line.msg === 'request')
  t.match(lines[0], { method: 'POST', status: 200, durationMs: Number, client: '127.0.0.1' })
  t.match(lines[0]!['target'], /^\/post\/1/)
  t.match(lines[1], { method: 'GET', target: '/gate/gone', status: 0 })
  t.match(lines[2], { status: 400 })
  t.match(lines[3], { method: 'POST', target: '/gate/never', status: 0 }, 'what the end cut is in the log')
  t.equal(lines.length, 4)
})

await tap.test('an aborted request is logged with its client, also with --forwarded-for=off', async (t) => {
  const { app, sidecar } = await serving(t, ['--access-log', 'errors', '--forwarded-for', 'off'])
  const gone = await rawClient(t, sidecar.listen)
  gone.send(requestText('GET', '/gate/gone'))
  await app.arrived('gone')
  gone.socket.resetAndDestroy()
  const line = await sidecar.log('request')
  t.match(line, { method: 'GET', target: '/gate/gone', status: 0, client: '127.0.0.1' })
})

await tap.test('--access-log errors has those that went wrong; off has none', async (t) => {
  for (const [level, expected] of [
    ['errors', ['/gate/never']],
    ['off', []],
  ] as const) {
    const { app, sidecar } = await serving(t, ['--access-log', level])
    await some(t, sidecar)
    await app.arrived('never')
    await app.stop()
    const lost = sidecar.program.line(/"msg":"request"/, 1000).catch(() => undefined)
    await (level === 'errors' ? lost : undefined)
    const lines = sidecar.logs.filter((line) => line.msg === 'request')
    t.same(
      lines.map((line) => line['target']),
      expected,
    )
    await sidecar.kill()
  }
})
