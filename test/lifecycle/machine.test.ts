/** Each rule of DESIGN §3 for a drain with proof of a stop, by name. The way back is in way-back.test.ts. */
import tap from 'tap'
import { lbHealthy, ready, resumable } from '../../src/proxy/lifecycle/readiness.ts'
import { wakeAt } from '../../src/proxy/lifecycle/step.ts'
import type { Event } from '../../src/proxy/lifecycle/state.ts'
import {
  APP_BACK,
  APP_DOWN,
  APP_GONE,
  APP_HOOK,
  APP_UP,
  budgetOf,
  DRAIN,
  RESUME,
  serving,
  SIDECAR_HOOK,
  SIGTERM,
  World,
} from '../fixtures/world.ts'

void tap.test('starting holds requests until the app is healthy', async (t) => {
  const world = new World()
  t.same(world.take(APP_GONE), [], 'nothing to be gone yet')
  t.same(world.take(APP_UP), [
    { kind: 'moved', from: 'starting', to: 'serving', why: 'app-up' },
    { kind: 'queue-requests', on: false },
  ])
})

void tap.test('a signal before the app was ever healthy drains at once, and ends it', async (t) => {
  const world = new World()
  world.arrive()
  world.take(SIGTERM)
  t.equal(world.phase, 'draining')
  t.ok(world.did('close-listener'))
  world.finish()
  world.take(APP_GONE)
  world.leave()
  t.same(world.exit, { at: 0, code: 0, inFlight: 0 })
})

void tap.test(
  'a whole stop with both hooks: settle, lame duck until quiet, drain, exit after the app',
  async (t) => {
    const world = serving()
    world.arrive(3)
    world.take(APP_HOOK)
    world.advance(5)
    world.take(SIDECAR_HOOK)
    t.notOk(world.did('client-mode'), 'settling is served as ever')
    world.advance(2995)
    t.equal(world.phase, 'lame-duck')
    t.match(world.done.at(-1), { kind: 'client-mode', clientMode: 'lame-duck', at: 3000 })
    world.advance(500)
    world.arrive()
    world.advance(1999)
    t.equal(world.phase, 'lame-duck', 'quiet counts from the last arrival')
    world.advance(1)
    t.equal(world.phase, 'draining')
    t.match(world.done.slice(-2), [
      { kind: 'close-listener', at: 5500 },
      { kind: 'client-mode', clientMode: 'draining', at: 5500 },
    ])
    world.advance(1500)
    t.notOk(world.did('close-idle'), 'idle connections are kept while anything is in flight')
    t.same(
      world.hooks.map((hook) => hook.answeredAt),
      [undefined, undefined],
    )
    world.finish()
    t.same(
      world.done.slice(-3).map((effect) => effect.kind),
      ['close-idle', 'moved', 'answer-hooks'],
    )
    world.advance(1000)
    t.equal(world.phase, 'drained', 'the app is still there')
    world.take(APP_GONE)
    t.equal(world.phase, 'exiting')
    world.advance(300)
    world.leave()
    t.same(world.exit, { at: 8300, code: 0, inFlight: 0 })
    t.same(world.path.slice(1), [
      'serving',
      'settling',
      'lame-duck',
      'draining',
      'drained',
      'exiting',
      'exited',
    ])
    t.notOk(world.did('cut'))
  },
)

void tap.test('lame duck without arrivals lasts quiet from its own start', async (t) => {
  const world = serving()
  world.take(SIGTERM)
  world.advance(4999)
  t.equal(world.phase, 'lame-duck')
  world.advance(1)
  t.equal(world.entered('draining'), 5000)
})

void tap.test('lame duck ends at lame-duck-max however many come', async (t) => {
  const world = serving()
  world.take(SIGTERM)
  for (let i = 0; i < 40; i += 1) {
    world.advance(500)
    world.arrive()
  }
  t.equal(world.entered('draining'), 3000 + 11_000)
})

void tap.test('with proof, an app that is gone ends settling and lame duck', async (t) => {
  for (const before of [0, 3500]) {
    const world = serving()
    world.arrive()
    world.take(SIGTERM)
    world.advance(before)
    world.take(APP_GONE)
    t.equal(world.phase, 'draining')
    t.equal(world.entered('draining'), before)
    world.finish()
    t.equal(world.phase, 'exiting', 'drained, and the app is gone: nothing to wait for')
  }
})

void tap.test('without a hook of the app, drained lasts at most app-stop', async (t) => {
  const world = serving()
  world.take(SIGTERM)
  world.advance(5000 + 4999)
  t.equal(world.phase, 'drained')
  world.advance(1)
  t.equal(world.exit?.at, 10_000, 'nobody is connected: no lingering')

  const late = serving()
  late.take(SIDECAR_HOOK)
  late.advance(8000)
  late.take(SIGTERM)
  late.advance(4999)
  t.equal(late.phase, 'drained', 'the app has been told to stop by the signal, not by our hook')
  late.advance(1)
  t.equal(late.exit?.at, 13_000)
})

void tap.test('with a hook of the app, drained lasts until the app is gone or the deadline', async (t) => {
  const world = serving()
  world.take(APP_HOOK)
  world.take(SIGTERM)
  world.advance(28_999)
  t.equal(world.phase, 'drained')
  world.advance(1)
  t.same(world.exit, { at: 29_000, code: 0, inFlight: 0 }, 'nothing was cut: 0')
  t.notOk(world.did('cut'))
})

void tap.test('an exit lingers until the clients have left, at most 2 s from their half-close', async (t) => {
  const slow = serving()
  slow.connections = 4
  slow.take(APP_HOOK)
  slow.take(SIGTERM)
  slow.advance(5500)
  slow.take(APP_GONE)
  slow.advance(1499)
  t.equal(slow.phase, 'exiting')
  slow.advance(1)
  t.same(slow.exit, { at: 7000, code: 0, inFlight: 0 })
  t.ok(slow.did('verdict'))

  const late = serving()
  late.connections = 4
  late.take(APP_HOOK)
  late.take(SIGTERM)
  late.advance(8000)
  late.take(APP_GONE)
  t.equal(late.exit?.at, 8000, 'they had their 2 s while the app stopped')
})

void tap.test('an exit never leaves work behind, should any turn up while lingering', async (t) => {
  const world = serving()
  world.connections = 1
  world.take(APP_HOOK)
  world.take(SIGTERM)
  world.advance(6000)
  world.take(APP_GONE)
  world.inFlight = 1
  world.advance(10_000)
  world.leave()
  t.equal(world.phase, 'exiting')
  world.finish()
  t.same(world.exit, { at: 16_000, code: 0, inFlight: 0 })
})

void tap.test(
  'hooks are answered at grace - app-stop, the rest is served until grace - 1 s, then cut',
  async (t) => {
    const world = serving()
    world.arrive(2)
    world.take(SIGTERM)
    world.advance(10)
    world.take(APP_HOOK)
    world.advance(24_989)
    t.equal(world.hooks[0]?.answeredAt, undefined)
    world.advance(1)
    t.equal(world.hooks[0]?.answeredAt, 25_000)
    t.equal(world.phase, 'draining')
    world.advance(100)
    world.take(SIDECAR_HOOK)
    t.equal(world.hooks[1]?.answeredAt, 25_100, 'a hook after that is answered at once')
    world.advance(3899)
    t.notOk(world.did('cut'))
    world.advance(1)
    t.same(world.exit, { at: 29_000, code: 1, inFlight: 2 })
    t.same(
      world.done.slice(-3).map((effect) => effect.kind),
      ['cut', 'verdict', 'exit'],
    )
  },
)

void tap.test('a hook when drained or exiting is answered at once', async (t) => {
  const world = serving()
  world.connections = 1
  world.take(SIGTERM)
  world.advance(6000)
  for (const hook of [SIDECAR_HOOK, APP_HOOK])
    t.same(world.take(hook), [{ kind: 'answer-hooks' }], 'and nothing else: it is drained already')
  t.equal(world.phase, 'drained')
  t.equal(world.hooks[0]?.answeredAt, 6000)
  world.now = 6500
  world.take(APP_GONE)
  t.equal(world.phase, 'exiting')
  world.take(APP_HOOK)
  t.equal(world.hooks[2]?.answeredAt, 6500)
  world.advance(2000)
  t.equal(world.phase, 'exited')
  world.take(APP_HOOK)
  t.equal(world.hooks[3]?.answeredAt, 8500, 'even when it is over')
})

for (const [inFlight, code] of [
  [0, 0],
  [2, 1],
] as const) {
  void tap.test(`a second signal ends it at once, code ${code} with ${inFlight} in flight`, async (t) => {
    for (const wait of [0, 3500, 6000]) {
      const world = serving()
      world.arrive(inFlight)
      world.take(SIGTERM)
      world.take(APP_HOOK)
      world.advance(wait)
      world.take({ kind: 'signal', name: 'SIGINT' })
      t.same(world.exit, { at: wait, code, inFlight })
      t.equal(world.did('cut'), inFlight > 0)
      t.not(world.hooks[0]?.answeredAt, undefined, 'the hook is answered')
    }
  })
}

void tap.test('hook and signal are one trigger each, hooks twice are one: not a second signal', async (t) => {
  const world = serving()
  for (const event of [SIDECAR_HOOK, SIDECAR_HOOK, APP_HOOK, APP_HOOK, SIGTERM]) world.take(event)
  t.equal(world.phase, 'settling')
  world.advance(5000)
  t.equal(world.phase, 'drained')
  t.ok(world.hooks.every((hook) => hook.answeredAt === 5000))
})

void tap.test(
  'proof that comes during an unproven drain closes the listener when draining, and not before',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(APP_HOOK)
    world.advance(1000)
    world.take(SIGTERM)
    t.notOk(world.did('close-listener'), 'settling')
    world.advance(5000)
    t.ok(world.did('close-listener'))

    const late = serving()
    late.arrive()
    late.take(APP_HOOK)
    late.advance(6000)
    t.equal(late.phase, 'draining')
    t.notOk(late.did('close-listener'), 'no proof')
    t.match(late.take(SIGTERM), [{ kind: 'close-listener' }])
  },
)

void tap.test('the clock runs from the first trigger of the kubelet, not from an operator', async (t) => {
  const world = serving()
  world.arrive()
  world.take(DRAIN)
  world.advance(100_000)
  t.equal(world.phase, 'draining', 'an operator has no deadline')
  world.take(SIGTERM)
  world.advance(28_999)
  t.equal(world.exit, undefined)
  world.advance(1)
  t.same(world.exit, { at: 129_000, code: 1, inFlight: 1 })
})

void tap.test('watch-app is on from the first trigger of the kubelet, off again at the exit', async (t) => {
  const world = serving()
  world.take(DRAIN)
  t.notOk(world.did('watch-app'), 'an operator expects nothing of the app')
  t.match(world.take(APP_HOOK), [{ kind: 'watch-app', on: true }])
  world.take(SIGTERM)
  t.equal(world.done.filter((effect) => effect.kind === 'watch-app').length, 1)
  world.advance(6000)
  world.take(APP_GONE)
  t.match(
    world.done.findLast((effect) => effect.kind === 'watch-app'),
    { on: false },
  )
})

void tap.test('resume is refused after a signal, and changes nothing', async (t) => {
  const world = serving()
  t.ok(resumable(world.state))
  world.take(APP_HOOK)
  t.ok(resumable(world.state))
  world.take(SIDECAR_HOOK)
  t.ok(resumable(world.state), 'a hook may have been anybody')
  world.take(SIGTERM)
  for (const wait of [0, 3500, 2000]) {
    world.advance(wait)
    const before = world.state
    t.notOk(resumable(before))
    t.same(world.take(RESUME), [])
    t.same(world.state, before)
  }
})

void tap.test('in serving nothing but a trigger matters, and nothing is to wake for', async (t) => {
  const world = serving()
  const idle: Event[] = [
    APP_DOWN,
    APP_UP,
    APP_GONE,
    APP_BACK,
    RESUME,
    { kind: 'tick' },
    { kind: 'quiesced' },
    { kind: 'lingered' },
  ]
  for (const event of idle) t.same(world.take(event), [])
  t.equal(world.phase, 'serving')
  t.equal(wakeAt(world.state, world.view), undefined)
})

void tap.test(
  'a step that comes late goes through every phase it missed, and never past the deadline',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(SIGTERM)
    world.now = 60_000
    world.take({ kind: 'tick' })
    t.same(world.exit, { at: 60_000, code: 1, inFlight: 1 })
  },
)

void tap.test('a budget without waits drains and exits in one step', async (t) => {
  const world = serving(budgetOf({ settleMs: 0, quietMs: 0, lameDuckMaxMs: 0, appStopMs: 0 }))
  world.take(SIGTERM)
  t.same(world.exit, { at: 0, code: 0, inFlight: 0 })
})

void tap.test('readiness: only in serving with a healthy app; keep holds on until draining', async (t) => {
  const seen: Record<string, [fail: boolean, keep: boolean, lb: boolean]> = {}
  const look = (world: World, appUp = true) => {
    seen[`${world.phase}${appUp ? '' : ' app down'}`] = [
      ready(world.state, appUp, 'fail'),
      ready(world.state, appUp, 'keep'),
      lbHealthy(world.state, appUp),
    ]
  }
  const world = new World()
  look(world)
  world.take(APP_UP)
  look(world)
  look(world, false)
  world.arrive()
  world.take(SIGTERM)
  look(world)
  look(world, false)
  world.advance(3000)
  look(world)
  world.advance(2000)
  look(world)
  world.finish()
  look(world)
  world.take(APP_GONE)
  look(world)
  world.leave()
  look(world)
  t.same(seen, {
    starting: [false, false, false],
    serving: [true, true, true],
    'serving app down': [false, false, false],
    settling: [false, true, false],
    'settling app down': [false, false, false],
    'lame-duck': [false, true, false],
    draining: [false, false, false],
    drained: [false, false, false],
    exiting: [false, false, false],
    exited: [false, false, false],
  })
})

void tap.test(
  'a request that comes while the idle connections are being closed is served before the hook is answered',
  async (t) => {
    const world = serving()
    world.prompt = false
    world.take(APP_HOOK)
    world.take(SIGTERM)
    world.advance(5000)
    t.equal(world.phase, 'draining')
    t.ok(world.did('close-idle'))
    world.inFlight += 1
    world.take({ kind: 'idle-closed' })
    t.equal(world.phase, 'draining')
    t.same(world.hooks[0]?.answeredAt, undefined)
    world.finish()
    t.equal(
      world.done.filter((effect) => effect.kind === 'close-idle').length,
      2,
      'then there is another try',
    )
    world.take({ kind: 'idle-closed' })
    t.equal(world.phase, 'drained')
    t.equal(world.hooks[0]?.answeredAt, 5000)
  },
)
