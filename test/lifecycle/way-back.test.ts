/** Each rule of DESIGN §3, "The way back": drains without proof of a stop, how they undo themselves, and what proof does to them. */
import tap from 'tap'
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

/** An app that is about to be restarted: its hook was answered at 5 s. */
function restarting(): World {
  const world = serving()
  world.take(APP_HOOK)
  world.advance(5000)
  return world
}

/** An effect of `hold`, as the last one that was asked for. */
function held(world: World): boolean {
  const last = world.done.findLast((effect) => effect.kind === 'queue-requests')
  return last?.kind === 'queue-requests' && last.on
}

void tap.test(
  'the drain of an app restart: listener open, hook answered when drained, requests wait',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(APP_HOOK)
    world.advance(7000)
    t.equal(world.phase, 'draining')
    t.notOk(held(world), 'what comes is served while the app is there')
    t.equal(world.hooks[0]?.answeredAt, undefined)
    world.finish()
    t.equal(world.phase, 'drained')
    t.equal(world.hooks[0]?.answeredAt, 7000)
    t.ok(held(world))
    t.notOk(world.did('close-listener'))
    t.notOk(world.did('close-idle'))
  },
)

void tap.test('app gone, then back and healthy: serving', async (t) => {
  const world = restarting()
  world.advance(1000)
  world.take(APP_GONE)
  t.equal(world.phase, 'drained')
  world.advance(500)
  const effects = world.take(APP_BACK)
  t.equal(world.phase, 'serving', 'the judge has never seen it down')
  t.same(effects, [
    { kind: 'moved', from: 'drained', to: 'serving', why: 'app back and healthy' },
    { kind: 'client-mode', clientMode: 'serving' },
    { kind: 'queue-requests', on: false },
    { kind: 'watch-app', on: false },
    { kind: 'verdict', triggers: ['app'], appWent: true },
  ])
})

void tap.test('app back but unhealthy: waits for health, however long, then serves', async (t) => {
  const world = restarting()
  world.take(APP_GONE)
  world.take(APP_DOWN)
  world.advance(600_000)
  t.equal(world.phase, 'drained')
  world.take(APP_BACK)
  world.advance(600_000)
  t.equal(world.phase, 'drained')
  world.take(APP_UP)
  t.equal(world.phase, 'serving')
})

void tap.test('health may be seen before the watch sees the app back', async (t) => {
  const world = restarting()
  world.take(APP_DOWN)
  world.take(APP_GONE)
  world.take(APP_UP)
  t.equal(world.phase, 'serving')
})

void tap.test('a hung app holds its hook for at most 10 s of draining, and nothing is cut', async (t) => {
  const world = serving()
  world.arrive()
  world.take(APP_HOOK)
  world.advance(14_999)
  t.equal(world.hooks[0]?.answeredAt, undefined)
  world.advance(1)
  t.equal(world.hooks[0]?.answeredAt, 15_000)
  t.equal(world.phase, 'drained')
  world.advance(60_000)
  t.notOk(world.did('cut'))
  t.equal(world.phase, 'serving')
})

void tap.test('that wait never outlasts the hook deadline', async (t) => {
  const world = serving(budgetOf({ gracePeriodMs: 12_000 }))
  world.arrive()
  world.take(APP_HOOK)
  world.advance(7000)
  t.equal(world.hooks[0]?.answeredAt, 7000)
  t.equal(world.phase, 'drained')
})

void tap.test(
  'an app that is gone in any phase of an unproven drain: hook answered, wait for it at the door',
  async (t) => {
    for (const wait of [0, 3500, 6000]) {
      const world = serving()
      world.arrive()
      world.take(APP_HOOK)
      world.advance(wait)
      world.take(APP_GONE)
      t.equal(world.phase, 'drained')
      t.equal(world.hooks[0]?.answeredAt, wait)
      t.ok(held(world))
      world.take(APP_BACK)
      t.equal(world.phase, 'serving')
    }
  },
)

void tap.test('an operator drain stays drained, serves what still comes, and ends by resume', async (t) => {
  const world = serving()
  world.take(DRAIN)
  world.advance(5000)
  t.equal(world.phase, 'drained')
  for (const event of [APP_GONE, APP_BACK, APP_DOWN, APP_UP]) world.take(event)
  world.advance(10_000_000)
  t.equal(world.phase, 'drained')
  t.notOk(held(world), 'the app is there and stays: it can answer')
  world.take(RESUME)
  t.equal(world.phase, 'serving')
})

void tap.test("what the app does during an operator's drain does not matter", async (t) => {
  const world = serving()
  world.arrive()
  world.take(DRAIN)
  world.take(APP_GONE)
  t.equal(world.phase, 'settling')
  world.advance(6000)
  t.equal(world.phase, 'draining')
})

void tap.test('an operator waits for what is in flight without a limit', async (t) => {
  const world = serving()
  world.arrive()
  world.take(DRAIN)
  world.advance(10_000_000)
  t.equal(world.phase, 'draining')
  world.finish()
  t.equal(world.phase, 'drained')
  t.notOk(world.did('cut'))
})

void tap.test('resume takes back any drain without proof, in each phase, and answers its hook', async (t) => {
  for (const trigger of [APP_HOOK, DRAIN]) {
    for (const wait of [0, 3500, 6000]) {
      const world = serving()
      world.arrive()
      world.take(trigger)
      world.advance(wait)
      world.take(RESUME)
      t.equal(world.phase, 'serving')
      t.ok(world.hooks.every((hook) => hook.answeredAt === wait))
    }
  }
})

void tap.test('after resume a new drain starts from the beginning', async (t) => {
  const world = serving()
  world.take(APP_HOOK)
  world.advance(4000)
  world.take(RESUME)
  world.advance(1000)
  world.take(SIGTERM)
  t.equal(world.phase, 'settling')
  world.arrive()
  world.advance(28_999)
  t.equal(world.exit, undefined, 'with a clock of its own')
  world.advance(1)
  t.equal(world.exit?.at, 34_000)
})

void tap.test("a hook of the app that joins an operator's drain waits for what is in flight", async (t) => {
  const world = serving()
  world.take(DRAIN)
  world.advance(6000)
  t.equal(world.phase, 'drained')
  world.arrive()
  world.take(APP_HOOK)
  t.equal(world.phase, 'draining')
  t.equal(world.hooks[0]?.answeredAt, undefined)
  world.advance(9999)
  world.finish()
  t.equal(world.hooks[0]?.answeredAt, 15_999)
  t.equal(world.phase, 'drained')
})

void tap.test(
  'proof when drained: hold off, listener closed, idle connections closed, then as ever',
  async (t) => {
    const world = restarting()
    t.same(
      world.take(SIDECAR_HOOK).map((effect) => effect.kind),
      ['close-listener', 'queue-requests', 'moved', 'close-idle', 'moved', 'answer-hooks'],
    )
    t.equal(world.phase, 'drained')
    world.take(APP_GONE)
    t.equal(world.exit?.code, 0)
  },
)

void tap.test('proof when drained with requests held: they are drained first', async (t) => {
  const world = restarting()
  world.arrive(2)
  world.take(SIGTERM)
  t.equal(world.phase, 'draining')
  t.notOk(held(world))
  t.notOk(world.did('close-idle'))
  world.finish()
  t.ok(world.did('close-idle'))
  t.equal(world.phase, 'drained')
})

void tap.test(
  'proof during a restart that has lasted longer than the grace period starts the clock anew',
  async (t) => {
    const world = restarting()
    world.take(APP_GONE)
    world.advance(300_000)
    world.arrive()
    world.take(SIGTERM)
    t.equal(world.exit, undefined, 'what came in is not cut at once')
    world.advance(28_999)
    t.equal(world.exit, undefined)
    world.advance(1)
    t.equal(world.exit?.at, 334_000)
  },
)

void tap.test(
  'proof after a restart that cut settle short: settle and lame duck begin anew, and so does the clock',
  async (t) => {
    for (const proof of [SIGTERM, SIDECAR_HOOK]) {
      const world = serving()
      world.take(APP_HOOK)
      world.advance(500)
      world.take(APP_DOWN)
      world.take(APP_GONE)
      world.advance(500)
      world.take(APP_BACK)
      t.equal(world.phase, 'drained', 'not healthy yet')
      world.arrive()
      t.same(
        world.take(proof).map((effect) => effect.kind),
        ['queue-requests', 'moved', 'client-mode'],
      )
      t.equal(world.phase, 'settling')
      t.notOk(held(world), 'who waited at the door asks the app')
      world.advance(4999)
      t.notOk(world.did('close-listener'))
      t.equal(world.phase, 'lame-duck')
      world.advance(1)
      t.ok(world.did('close-listener'))
      t.equal(world.phase, 'draining')
      if (proof === SIDECAR_HOOK) world.take(SIGTERM)
      world.advance(23_999)
      t.equal(world.exit, undefined)
      world.advance(1)
      t.equal(world.exit?.at, 30_000, 'the deadline is that of the proof')
    }
  },
)

void tap.test(
  'proof while the app is away closes the listener at once: there is nothing to serve',
  async (t) => {
    const world = serving()
    world.take(APP_HOOK)
    world.take(APP_GONE)
    t.ok(world.take(SIDECAR_HOOK).some((effect) => effect.kind === 'close-listener'))
    t.equal(world.exit?.code, 0)
  },
)

void tap.test('proof after a whole drain of the app alone asks nobody to leave again', async (t) => {
  const world = restarting()
  world.take(APP_GONE)
  world.take(APP_DOWN)
  world.take(APP_BACK)
  t.equal(world.phase, 'drained')
  world.take(SIGTERM)
  t.ok(world.did('close-listener'))
})

void tap.test("a restart that cuts an operator's drain short: the next trigger settles", async (t) => {
  for (const trigger of [APP_HOOK, SIGTERM]) {
    const world = serving()
    world.take(DRAIN)
    world.take(APP_HOOK)
    world.take(APP_GONE)
    world.take(APP_BACK)
    t.equal(world.phase, 'drained', 'the operator alone takes it back')
    world.take(trigger)
    t.equal(world.phase, 'settling')
    world.advance(5000)
    t.equal(world.did('close-listener'), trigger === SIGTERM)
    t.equal(world.phase, 'drained')
  }
})

void tap.test('an operator may drain before the app was ever healthy, and resume', async (t) => {
  const world = new World()
  world.take(DRAIN)
  t.equal(world.phase, 'drained')
  world.take(RESUME)
  t.equal(world.phase, 'serving', 'not ready, for readiness also asks for health')
})
