/** The four triggers of a drain, alone and joined in every order: one drain, every hook answered. DESIGN §3. */
import tap from 'tap'
import { endAfterApp, path, PHASE, refused, serving, verdictOf } from '../fixtures/drain.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import type { ScriptedApp } from '../fixtures/scripted.ts'
import { accepting, type Sidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const WHOLE_LIFE = ['serving', 'settling', 'lame-duck', 'draining', 'drained', 'exiting', 'exited']
const APP = '/prestop/app'
const SIDECAR = '/prestop/sidecar'

/** A request that stays in flight until `release('work')`. */
async function work(t: Parameters<typeof serving>[0], app: ScriptedApp, sidecar: Sidecar) {
  const client = await rawClient(t, sidecar.listen)
  client.send(requestText('GET', '/gate/work'))
  await app.arrived('work')
  return client
}

/** A hook call; `answered` tells whether its answer has come. */
function hook(sidecar: Sidecar, where: string): { answered: boolean; answer: ReturnType<Sidecar['ask']> } {
  const call = { answered: false, answer: sidecar.ask('GET', where) }
  void call.answer.then(() => (call.answered = true))
  return call
}

await tap.test("the app's hook, then SIGTERM: the listener closes with the proof only", async (t) => {
  const { app, sidecar } = await serving(t)
  const client = await work(t, app, sidecar)
  const called = hook(sidecar, APP)
  await sidecar.log(PHASE.draining)
  await accepting(sidecar.listen)
  t.notOk(called.answered, 'the hook waits for what is in flight')
  sidecar.signal('SIGTERM')
  await refused(sidecar)
  t.notOk(called.answered)
  app.release('work')
  t.equal((await client.answer()).status, 200)
  t.equal((await called.answer).status, 200)
  t.equal(await endAfterApp(app, sidecar), 0)
  t.match(verdictOf(sidecar), { triggers: ['app', 'signal'], proof: true, cut: 0 })
  t.same(path(sidecar), WHOLE_LIFE)
})

await tap.test("SIGTERM, then the app's hook", async (t) => {
  const { app, sidecar } = await serving(t)
  const client = await work(t, app, sidecar)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.draining)
  const called = hook(sidecar, APP)
  await refused(sidecar)
  t.notOk(called.answered, 'the hook waits for what is in flight')
  app.release('work')
  t.equal((await client.answer()).status, 200)
  t.equal((await called.answer).status, 200)
  t.equal(await endAfterApp(app, sidecar), 0)
  t.match(verdictOf(sidecar), { triggers: ['signal', 'app'], proof: true, cut: 0 })
})

await tap.test('both hooks at once, as the kubelet calls them for a native sidecar', async (t) => {
  const { app, sidecar } = await serving(t)
  const client = await work(t, app, sidecar)
  const called = [hook(sidecar, APP), hook(sidecar, SIDECAR)]
  await sidecar.log(PHASE.draining)
  await refused(sidecar)
  t.same(
    called.map(({ answered }) => answered),
    [false, false],
  )
  app.release('work')
  t.equal((await client.answer()).status, 200)
  for (const { answer } of called) t.equal((await answer).status, 200)
  t.equal(await endAfterApp(app, sidecar), 0, 'exits after the app, without a signal')
  t.same(verdictOf(sidecar).triggers.toSorted(), ['app', 'sidecar'])
})

await tap.test('a hook that is called twice is answered twice', async (t) => {
  const { app, sidecar } = await serving(t)
  const client = await work(t, app, sidecar)
  const first = hook(sidecar, APP)
  await sidecar.log(PHASE.lameDuck)
  const second = hook(sidecar, APP)
  await sidecar.log(PHASE.draining)
  t.notOk(first.answered || second.answered)
  app.release('work')
  t.equal((await client.answer()).status, 200)
  t.equal((await first.answer).status, 200)
  t.equal((await second.answer).status, 200)
  await sidecar.log(PHASE.drained)
  t.equal((await sidecar.ask('GET', APP)).status, 200, 'one that comes later is answered at once')
  sidecar.signal('SIGTERM')
  t.equal(await endAfterApp(app, sidecar), 0)
  t.match(verdictOf(sidecar), { triggers: ['app', 'signal'] })
})

await tap.test('SIGINT is as good as SIGTERM', async (t) => {
  const { app, sidecar } = await serving(t)
  sidecar.signal('SIGINT')
  t.equal(await endAfterApp(app, sidecar), 0)
  t.same(path(sidecar), WHOLE_LIFE)
})

await tap.test(
  'a second signal ends it at once: with work in hand by 1, and its hook is answered',
  async (t) => {
    const { app, sidecar } = await serving(t)
    const client = await work(t, app, sidecar)
    const called = hook(sidecar, APP)
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.settling)
    await until('the signal joined', async () =>
      ((await sidecar.status())['triggers'] as string[]).includes('signal'),
    )
    sidecar.signal('SIGTERM')
    t.same(await sidecar.end(2000), { code: 1, signal: null })
    t.equal((await called.answer).status, 200)
    t.equal(await client.end(), 'reset', 'the client sees that its answer will not come')
    t.equal(client.text, '')
    t.match(verdictOf(sidecar), { cut: 1, inFlight: 1, why: 'second signal', outcome: 'exited' })
  },
)

await tap.test('a second signal with nothing in flight ends it by 0', async (t) => {
  const { sidecar } = await serving(t)
  const idle = await rawClient(t, sidecar.listen)
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  sidecar.signal('SIGINT')
  t.same(await sidecar.end(2000), { code: 0, signal: null })
  t.equal(await idle.end(), 'fin')
})

await tap.test('an operator drains and resumes: the listener stays open, no request is lost', async (t) => {
  const { app, sidecar } = await serving(t)
  const kept = await rawClient(t, sidecar.listen)
  kept.send(requestText('POST', '/post/before', 'x'))
  t.match(await kept.answer('POST'), { closes: false })

  t.equal((await sidecar.ask('POST', '/drain')).status, 202)
  await sidecar.log(PHASE.drained)
  t.equal((await sidecar.ask('GET', '/readyz')).status, 503)
  kept.send(requestText('POST', '/post/while', 'x'))
  t.match(await kept.answer('POST'), { status: 200, closes: true }, 'served while drained, and told to leave')
  const dialled = await rawClient(t, sidecar.listen)
  dialled.send(requestText('POST', '/post/new', 'x'))
  t.match(await dialled.answer('POST'), { status: 200, closes: true }, 'so is a new connection')

  t.equal((await sidecar.ask('POST', '/resume')).status, 200)
  t.equal((await sidecar.ask('GET', '/readyz')).status, 200)
  t.match(verdictOf(sidecar), { outcome: 'returned', triggers: ['operator'], proof: false, cut: 0 })
  const again = await rawClient(t, sidecar.listen)
  again.send(requestText('POST', '/post/after', 'x'))
  t.match(await again.answer('POST'), { status: 200, closes: false }, 'nobody is told to leave any more')
  t.same(app.journal, ['POST before', 'POST while', 'POST new', 'POST after'])

  sidecar.signal('SIGTERM')
  await sidecar.log(/^phase: settling -> lame-duck/)
  await until('exit', async () => {
    await app.stop()
    return sidecar.program.exit
  })
  t.match(sidecar.program.exit, { code: 0 }, 'and can still be stopped for good')
})

await tap.test('an operator cannot resume what SIGTERM has joined', async (t) => {
  const { app, sidecar } = await serving(t)
  t.equal((await sidecar.ask('POST', '/drain')).status, 202)
  sidecar.signal('SIGTERM')
  await until('the signal joined', async () => (await sidecar.status())['proof'])
  t.equal((await sidecar.ask('POST', '/resume')).status, 409)
  t.equal(await endAfterApp(app, sidecar), 0)
})
