/** The shell around the machine: a hand-moved clock, a Performer that writes down what it is told. */
import tap from 'tap'
import type { Performer } from '../../src/proxy/lifecycle/performer.ts'
import { createRunner, type Runner, type RunnerOptions } from '../../src/proxy/lifecycle/runner.ts'
import { NONE_SAVED, type Saved } from '../../src/proxy/lifecycle/saved.ts'
import type { Verdict } from '../../src/proxy/lifecycle/verdict.ts'
import { HandClock } from '../fixtures/clock.ts'
import { budgetOf } from '../fixtures/world.ts'

const APP = { who: 'app', from: '10.0.0.1' } as const
const SIDECAR = { who: 'sidecar', from: '10.0.0.9' } as const

interface Rig {
  readonly runner: Runner
  readonly clock: HandClock
  readonly told: string[]
  readonly lines: string[]
  readonly verdicts: Verdict[]
  readonly relay: {
    inFlight: number
    lastArrivalAt: number
    connections: number
    finished: number
    saved: Saved
  }
}

function rig(change: Partial<Performer> = {}): Rig {
  const clock = new HandClock()
  const told: string[] = []
  const lines: string[] = []
  const verdicts: Verdict[] = []
  const relay = { inFlight: 0, lastArrivalAt: -Infinity, connections: 0, finished: 0, saved: NONE_SAVED }
  const write = (_fields: unknown, message?: unknown) => void lines.push(String(message))
  const effects: Performer = {
    setStop: () => undefined,
    closeListener: () => void told.push('close listener'),
    openListener: () => void told.push('open listener'),
    setClientMode: (clientMode) => void told.push(clientMode),
    queueRequests: (on) => void told.push(`hold ${on ? 'on' : 'off'}`),
    appLost: (on) => void told.push(`app ${on ? 'lost' : 'not lost'}`),
    watchApp: (on) => void told.push(`watch ${on ? 'on' : 'off'}`),
    closeIdle: () => {
      told.push('close idle')
      runner.idleClosed()
    },
    cut: () => {
      told.push('cut')
      const { inFlight } = relay
      relay.inFlight = 0
      return inFlight
    },
    verdict: (record) => void verdicts.push(record),
    exit: (code) => void told.push(`exit ${code}`),
    ...change,
  }
  const log = { info: write, warn: write, error: write } as unknown as RunnerOptions['log']
  const runner = createRunner({
    clock,
    budget: budgetOf(),
    view: () => relay,
    tally: () => ({
      finished: relay.finished,
      failed: 0,
      lastConnectionAt: relay.lastArrivalAt,
      saved: relay.saved,
    }),
    effects,
    log,
  })
  return { runner, clock, told, lines, verdicts, relay }
}

/** What became of a promise by the end of this turn. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => (done = true))
  await new Promise(setImmediate)
  return done
}

void tap.test(
  'a stop from the first signal to the exit: orders in order, a line a move, one verdict',
  async (t) => {
    const { runner, clock, told, lines, verdicts, relay } = rig()
    t.equal(runner.phase, 'starting')
    runner.start()
    runner.appUp()
    relay.inFlight = 14
    relay.connections = 20
    relay.finished = 1000
    runner.signal()
    const hook = runner.hook(APP)
    clock.advance(1200)
    relay.lastArrivalAt = clock.now()
    clock.advance(3800)
    t.equal(runner.phase, 'draining')
    t.notOk(await settled(hook))
    clock.advance(100)
    relay.inFlight = 0
    relay.finished = 1014
    runner.quiesced()
    t.ok(await settled(hook))
    clock.advance(400)
    runner.appGone()
    relay.connections = 0
    runner.lingered()
    t.same(told, [
      'hold on',
      'hold off',
      'watch on',
      'lame-duck',
      'close listener',
      'draining',
      'close idle',
      'app lost',
      'watch off',
      'exit 0',
    ])
    t.same(lines, [
      'phase: starting -> serving (app-up)',
      'phase: serving -> settling (SIGTERM)',
      'phase: settling -> lame-duck (settle is over)',
      'phase: lame-duck -> draining (quiet)',
      'phase: draining -> drained (nothing in flight)',
      'phase: drained -> exiting (app gone)',
      'phase: exiting -> exited (clients gone)',
      'drained in 5.1 s (settle 3.0 s, lame duck 2.0 s, draining 0.1 s), exited 0.4 s later (clients gone): ' +
        '14 in flight at the start, 14 finished, 0 cut; last new connection 1.2 s after the drain began',
    ])
    t.match(verdicts, [{ outcome: 'exited', proof: true, triggers: ['signal', 'app'], finished: 14, cut: 0 }])
    t.equal(clock.armed, 0)
  },
)

void tap.test('the deadline: cut requests are counted, though the cut itself quiesces', async (t) => {
  const { runner, clock, told, verdicts, relay } = rig({
    cut: () => {
      told.push('cut')
      relay.inFlight = 0
      runner.quiesced()
      return 3
    },
  })
  runner.appUp()
  relay.inFlight = 3
  runner.signal()
  clock.advance(28_999)
  t.notMatch(told.at(-1), /exit/)
  clock.advance(1)
  t.same(told.slice(-2), ['cut', 'exit 1'])
  t.match(verdicts, [{ cut: 3, why: 'deadline', drainMs: 29_000 }])
  t.match(verdicts[0]?.text, /^ended by deadline after 29\.0 s .* 0 finished, 3 cut; no new connection/)
})

void tap.test(
  'the deadline stands before anything that may throw, and a failing order stops no other',
  async (t) => {
    const { runner, clock, told, lines, relay } = rig({
      closeListener: () => {
        throw new Error('no such listener')
      },
    })
    runner.start()
    relay.inFlight = 1
    runner.signal()
    t.same(told, ['hold on', 'draining', 'hold off', 'watch on'], 'the rest of the orders')
    t.match(lines, ['phase: starting -> draining (SIGTERM)', 'lifecycle: close-listener failed'])
    clock.advance(29_000)
    t.same(told.slice(-2), ['cut', 'exit 1'])
  },
)

void tap.test('arrivals in lame duck move the timer on', async (t) => {
  const { runner, clock, relay } = rig()
  runner.appUp()
  runner.drain()
  clock.advance(4500)
  relay.lastArrivalAt = clock.now()
  clock.advance(1999)
  t.equal(runner.phase, 'lame-duck')
  clock.advance(1)
  t.equal(runner.phase, 'drained')
  t.equal(clock.armed, 0, 'nothing to wait for but a resume')
})

void tap.test('resume says whether it was taken, and the drain that ends has its verdict', async (t) => {
  const { runner, clock, told, verdicts } = rig()
  runner.appUp()
  t.ok(runner.resume(), 'nothing to take back')
  runner.drain()
  const hook = runner.hook(APP)
  clock.advance(3500)
  t.ok(runner.resume())
  t.equal(runner.phase, 'serving')
  t.ok(await settled(hook))
  t.equal(told.at(-1), 'watch off')
  t.match(verdicts, [{ outcome: 'returned', proof: false, why: 'resume', drainMs: 3500 }])
  t.match(verdicts[0]?.text, /^back in service after 3\.5 s \(settle 3\.0 s, lame duck 0\.5 s\): /)
  runner.signal()
  t.notOk(runner.resume())
  t.equal(runner.phase, 'settling')
})

void tap.test('every hook is answered, also one that comes when all is over', async (t) => {
  const { runner } = rig()
  runner.appUp()
  const hooks = [runner.hook(APP), runner.hook(APP), runner.hook(SIDECAR)]
  runner.signal()
  for (const hook of hooks) t.notOk(await settled(hook))
  runner.signal('SIGINT')
  for (const hook of [...hooks, runner.hook(SIDECAR)]) t.ok(await settled(hook))
})

void tap.test('idle moments in serving cost no step', async (t) => {
  let views = 0
  const counting = createRunner({
    clock: new HandClock(),
    budget: budgetOf(),
    view: () => {
      views += 1
      return { inFlight: 0, lastArrivalAt: -Infinity, connections: 0 }
    },
    tally: () => ({ finished: 0, failed: 0, lastConnectionAt: -Infinity, saved: NONE_SAVED }),
    effects: { hold() {} } as Partial<Performer> as Performer,
    log: { info() {}, warn() {}, error() {} },
  })
  counting.appUp()
  t.equal(views, 1)
  for (let i = 0; i < 1000; i += 1) counting.quiesced()
  counting.lingered()
  t.equal(views, 1)
})

void tap.test('onPhase hears each move, since is its wall time', async (t) => {
  const { runner, clock } = rig()
  const heard: string[] = []
  runner.onPhase((phase, previous) => heard.push(`${previous} -> ${phase}`))
  const before = Date.now()
  runner.appUp()
  runner.signal()
  clock.advance(5000)
  t.same(heard, [
    'starting -> serving',
    'serving -> settling',
    'settling -> lame-duck',
    'lame-duck -> draining',
    'draining -> drained',
  ])
  t.ok(runner.since.getTime() >= before && runner.since.getTime() <= Date.now())
})

void tap.test('a hook whose caller has hung up is forgotten, but what it began goes on', async (t) => {
  const { runner, clock } = rig()
  runner.appUp()
  const gone = new AbortController()
  const left = Array.from({ length: 1000 }, () => runner.hook(SIDECAR, gone.signal))
  const stays = runner.hook(APP)
  t.equal(runner.waitingHooks, 1001)
  gone.abort()
  await Promise.all(left)
  t.equal(runner.waitingHooks, 1, 'nothing is kept of those who left')
  t.notOk(await settled(stays))
  clock.advance(5000)
  t.ok(await settled(stays))
  t.equal(runner.phase, 'drained')
})

void tap.test('a false alarm opens the door again, and one warning names the caller', async (t) => {
  const { runner, clock, told, lines, verdicts } = rig()
  runner.appUp()
  void runner.hook(SIDECAR)
  clock.advance(31_999)
  t.ok(told.includes('close listener'))
  t.notOk(told.includes('open listener'))
  clock.advance(1)
  t.equal(runner.phase, 'serving')
  t.same(told.slice(-3), ['open listener', 'serving', 'watch off'])
  const warnings = lines.filter((line) => line.startsWith('false alarm'))
  t.equal(warnings.length, 1)
  t.match(
    warnings[0],
    /^false alarm: GET \/prestop\/sidecar from 10\.0\.0\.9: neither a signal nor .* within 32 s/,
  )
  t.match(verdicts, [{ outcome: 'returned', why: 'false alarm', proof: true, cut: 0 }])
})
