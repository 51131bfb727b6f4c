/**
 * Anybody who reaches the admin port can call a hook (DESIGN §3): what a call does that neither a signal nor the app's
 * end follows, and what a real stop does that begins with one. Real stops are in the order of the kubelet (FIELD 3.1).
 */
import tap from 'tap'
import { ready, resumable } from '../../src/proxy/lifecycle/readiness.ts'
import type { Event, HookCall } from '../../src/proxy/lifecycle/state.ts'
import {
  APP_BACK,
  APP_DOWN,
  APP_GONE,
  APP_HOOK,
  APP_UP,
  DRAIN,
  RESUME,
  serving,
  SIDECAR_HOOK,
  SIGTERM,
  World,
} from '../fixtures/world.ts'

/** --grace-period 30s and the 2 s that the kubelet leaves in any case. */
const FALSE_ALARM_MS = 32_000

function listenerOpen(world: World): boolean {
  const last = world.done.findLast(({ kind }) => kind === 'close-listener' || kind === 'open-listener')
  return last === undefined || last.kind === 'open-listener'
}

function held(world: World): boolean {
  const last = world.done.findLast((effect) => effect.kind === 'queue-requests')
  return last?.kind === 'queue-requests' && last.on
}

/** Whether those who wait for the app are told that it has ended. */
function lost(world: World): boolean {
  const last = world.done.findLast((effect) => effect.kind === 'app-lost')
  return last?.kind === 'app-lost' && last.on
}

/** The calls that each warning named. */
function warned(world: World): (readonly HookCall[])[] {
  return world.done.flatMap((effect) => (effect.kind === 'false-alarm' ? [effect.calls] : []))
}

void tap.test(
  'a bare hook of the sidecar drains and refuses, but ends nothing: serving again at grace-period + 2 s',
  async (t) => {
    const world = serving()
    world.arrive(2)
    world.take(SIDECAR_HOOK)
    world.advance(10_000)
    t.equal(world.phase, 'draining')
    t.notOk(listenerOpen(world))
    world.advance(15_000)
    t.equal(world.hooks[0]?.answeredAt, 25_000, 'by the hook deadline, whoever called')
    world.advance(6999)
    t.equal(world.phase, 'draining')
    t.notOk(world.did('cut'), 'what is in flight is not cut for a stranger')
    world.advance(1)
    t.equal(world.phase, 'serving')
    t.ok(listenerOpen(world))
    t.match(
      world.done.findLast((effect) => effect.kind === 'client-mode'),
      { clientMode: 'serving' },
    )
    t.same(warned(world), [[{ who: 'sidecar', from: '10.0.0.1' }]])
    t.notOk(world.did('cut'))
    t.notOk(world.did('exit'))
    t.equal(world.done.filter(({ kind }) => kind === 'verdict').length, 1)
  },
)

void tap.test('a hook that comes at the very moment of the false alarm is answered', async (t) => {
  const world = serving()
  world.arrive()
  world.take(SIDECAR_HOOK)
  world.advance(31_999)
  world.now += 1
  world.take(SIDECAR_HOOK)
  t.equal(world.phase, 'serving')
  t.equal(world.hooks[1]?.answeredAt, 32_000)
})

void tap.test('the same when everything was drained, however long the app lives on', async (t) => {
  const world = serving()
  world.take(SIDECAR_HOOK)
  world.advance(FALSE_ALARM_MS - 1)
  t.equal(world.phase, 'drained')
  t.notOk(listenerOpen(world))
  world.advance(1)
  t.equal(world.phase, 'serving')
  t.ok(listenerOpen(world))
  world.advance(1_000_000)
  t.equal(world.phase, 'serving')
  t.equal(warned(world).length, 1)
})

void tap.test('the call that is named is the first of each hook; more calls do not prolong it', async (t) => {
  const world = serving()
  world.take({ ...SIDECAR_HOOK, from: '10.9.9.9' } as Event)
  world.take(APP_HOOK)
  for (let i = 0; i < 30; i += 1) {
    world.advance(1000)
    world.take(SIDECAR_HOOK)
  }
  world.advance(2000)
  t.equal(world.entered('serving'), FALSE_ALARM_MS)
  t.same(warned(world), [
    [
      { who: 'sidecar', from: '10.9.9.9' },
      { who: 'app', from: '10.0.0.1' },
    ],
  ])
})

void tap.test('a stop after a false alarm has a drain and a clock of its own', async (t) => {
  const world = serving()
  world.take(SIDECAR_HOOK)
  world.advance(FALSE_ALARM_MS)
  world.arrive()
  world.take(SIGTERM)
  t.equal(world.phase, 'settling')
  world.advance(5000)
  t.notOk(listenerOpen(world))
  world.advance(23_999)
  t.equal(world.exit, undefined)
  world.advance(1)
  t.same(world.exit, { at: FALSE_ALARM_MS + 29_000, code: 1, inFlight: 1 })
})

void tap.test(
  'a native sidecar: hooks, the app ends by its own SIGTERM, and we go, signal or not',
  async (t) => {
    for (const signal of [true, false]) {
      const world = serving()
      world.arrive()
      world.take(APP_HOOK)
      world.take(SIDECAR_HOOK)
      world.advance(6000)
      world.finish()
      t.ok(world.hooks.every(({ answeredAt }) => answeredAt === 6000))
      world.advance(1500)
      world.take(APP_GONE)
      t.equal(world.phase, 'exiting')
      if (signal) world.take(SIGTERM)
      world.leave()
      t.same(world.exit, { at: 7500, code: 0, inFlight: 0 })
    }
  },
)

void tap.test(
  'a native sidecar whose app ignores SIGTERM: nothing is cut until the kubelet has killed the app',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(APP_HOOK)
    world.take(SIDECAR_HOOK)
    world.advance(30_500)
    t.equal(world.phase, 'draining')
    t.notOk(world.did('cut'))
    world.take(APP_GONE)
    world.take(SIGTERM)
    t.equal(world.exit, undefined, 'the kubelet leaves 2 s: what the app has said is delivered')
    world.advance(999)
    t.equal(world.exit, undefined)
    world.advance(1)
    t.same(world.exit, { at: 31_500, code: 1, inFlight: 1 })
  },
)

void tap.test(
  'an app that has ended for good is followed at grace-period + 2 s, whoever hangs',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(SIDECAR_HOOK)
    world.advance(6000)
    world.take(APP_GONE)
    world.advance(FALSE_ALARM_MS - 6000 - 1)
    t.equal(world.phase, 'draining')
    world.advance(1)
    t.same(world.exit, { at: FALSE_ALARM_MS, code: 1, inFlight: 1 })
  },
)

void tap.test('an app that swapped its listener has not ended: back to serving in time', async (t) => {
  const world = serving()
  world.arrive()
  world.take(SIDECAR_HOOK)
  world.advance(6000)
  world.take(APP_GONE)
  world.take(APP_BACK)
  world.finish()
  world.advance(FALSE_ALARM_MS - 6000)
  t.equal(world.phase, 'serving')
})

void tap.test(
  'a plain sidecar with a hook of its own gets its signal with the answer, and keeps its deadline',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(APP_HOOK)
    world.take(SIDECAR_HOOK)
    world.advance(25_000)
    t.ok(world.hooks.every(({ answeredAt }) => answeredAt === 25_000))
    world.take(SIGTERM)
    world.advance(3999)
    t.equal(world.exit, undefined)
    world.advance(1)
    t.same(world.exit, { at: 29_000, code: 1, inFlight: 1 })
  },
)

void tap.test("a signal after a stranger's hook has run out is a stop of its own", async (t) => {
  const world = serving()
  world.arrive()
  world.take(SIDECAR_HOOK)
  world.advance(31_000)
  world.take(SIGTERM)
  world.advance(28_999)
  t.equal(world.exit, undefined)
  world.advance(1)
  t.same(world.exit, { at: 60_000, code: 1, inFlight: 1 })
})

void tap.test(
  'resume takes back what a bare hook began, in each phase: the listener opens again',
  async (t) => {
    for (const wait of [0, 3500, 6000, 20_000]) {
      const world = serving()
      world.arrive()
      world.take(SIDECAR_HOOK)
      world.advance(wait)
      t.ok(resumable(world.state))
      world.take(RESUME)
      t.equal(world.phase, 'serving')
      t.ok(listenerOpen(world))
      t.equal(world.hooks[0]?.answeredAt, wait)
      t.same(warned(world), [], 'an operator has seen to it')
    }
  },
)

void tap.test('resume is too late once the exit has begun', async (t) => {
  const world = serving()
  world.connections = 1
  world.take(SIDECAR_HOOK)
  world.advance(6000)
  world.take(APP_GONE)
  t.equal(world.phase, 'exiting')
  t.notOk(resumable(world.state))
  world.take(RESUME)
  t.equal(world.phase, 'exiting')
})

void tap.test(
  "the app's hook: an app that ignores SIGTERM gets nothing until it has gone, or grace-period + 2 s",
  async (t) => {
    const world = serving()
    world.take(APP_HOOK)
    world.advance(FALSE_ALARM_MS - 1)
    t.equal(world.phase, 'drained')
    t.ok(held(world))
    t.ok(listenerOpen(world), 'no proof')
    world.advance(1)
    t.equal(world.phase, 'serving')
    t.same(warned(world), [[{ who: 'app', from: '10.0.0.1' }]])

    const killed = serving()
    killed.take(APP_HOOK)
    killed.advance(30_000)
    killed.take(APP_GONE)
    killed.advance(100_000)
    t.equal(killed.phase, 'drained', 'it has gone: now its return is waited for')
    killed.take(APP_BACK)
    t.equal(killed.phase, 'serving')
    t.same(warned(killed), [])
  },
)

void tap.test('a hook of the app in `starting` is answered at once, and remembered', async (t) => {
  const world = new World()
  world.arrive()
  world.take(APP_HOOK)
  t.equal(world.hooks[0]?.answeredAt, 0, 'nothing is there to drain')
  t.notOk(world.did('queue-requests'), 'what waits at the door since the start waits on')
  t.ok(listenerOpen(world))
  world.advance(1000)
  world.take(APP_UP)
  t.notOk(ready(world.state, true, 'keep'), 'this app has been told to stop')
  t.equal(world.phase, 'drained')
  world.advance(2000)
  world.take(APP_GONE)
  world.take(APP_DOWN)
  world.take(APP_UP)
  t.equal(world.phase, 'serving')
  t.notOk(held(world))

  const stubborn = new World()
  stubborn.take(APP_HOOK)
  stubborn.take(APP_UP)
  stubborn.advance(FALSE_ALARM_MS - 1)
  t.equal(stubborn.phase, 'drained')
  stubborn.advance(1)
  t.equal(stubborn.phase, 'serving')
  t.same(warned(stubborn), [[{ who: 'app', from: '10.0.0.1' }]])
})

void tap.test(
  'a hook of the sidecar before the app was ever there ends nothing: what was not there has not ended',
  async (t) => {
    for (const first of [[], [APP_UP, APP_DOWN]]) {
      const world = new World()
      for (const event of first) world.take(event)
      world.arrive()
      world.take(SIDECAR_HOOK)
      world.take(APP_GONE)
      world.finish()
      world.leave()
      t.equal(world.phase, 'drained')
      t.notOk(listenerOpen(world))
      world.advance(FALSE_ALARM_MS - 1)
      t.notOk(world.did('exit'))
      world.advance(1)
      t.equal(world.phase, 'serving')
      t.ok(listenerOpen(world))
    }
    const stopped = new World()
    stopped.take(SIDECAR_HOOK)
    stopped.take(APP_GONE)
    stopped.take(SIGTERM)
    t.same(stopped.exit, { at: 0, code: 0, inFlight: 0 }, 'the signal is the end of it')
  },
)

void tap.test('late proof: who waits for an app that has ended is told at once', async (t) => {
  for (const proof of [SIGTERM, SIDECAR_HOOK]) {
    const world = serving()
    world.take(APP_HOOK)
    world.advance(6000)
    world.take(APP_GONE)
    world.arrive()
    t.notOk(lost(world), 'it may come back')
    const kinds = world.take(proof).map(({ kind }) => kind)
    t.ok(lost(world))
    t.ok(kinds.indexOf('app-lost') < kinds.indexOf('queue-requests'), 'before they are let go')
  }
  const world = serving()
  world.arrive()
  world.take(SIDECAR_HOOK)
  world.take(APP_GONE)
  t.ok(lost(world))
  world.take(APP_BACK)
  t.notOk(lost(world))
})

void tap.test(
  "an operator's drain has no end of its own, and outlives false alarms that join it",
  async (t) => {
    const world = serving()
    world.take(DRAIN)
    world.advance(10_000_000)
    t.equal(world.phase, 'drained')
    t.same(warned(world), [])
    for (const hook of [SIDECAR_HOOK, APP_HOOK]) {
      world.take(hook)
      t.equal(listenerOpen(world), hook === APP_HOOK)
      world.advance(FALSE_ALARM_MS)
      t.equal(world.phase, 'drained', 'neither in nor out by a stranger')
      t.ok(listenerOpen(world))
      t.notOk(held(world), 'the app is there and stays: it can answer')
    }
    t.equal(warned(world).length, 2)
    world.take(SIGTERM)
    t.notOk(listenerOpen(world))
    world.take(APP_GONE)
    t.equal(world.exit?.code, 0)
  },
)

void tap.test("an operator's drain outlives a restart of the app", async (t) => {
  const world = serving()
  world.take(DRAIN)
  world.advance(6000)
  world.take(APP_HOOK)
  t.ok(held(world))
  world.take(APP_GONE)
  world.take(APP_BACK)
  t.equal(world.phase, 'drained')
  t.notOk(held(world))
  world.take(RESUME)
  t.equal(world.phase, 'serving')
})

void tap.test(
  'a false alarm while an operator waits for what is in flight cuts nothing either',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(DRAIN)
    world.take(SIDECAR_HOOK)
    world.advance(FALSE_ALARM_MS)
    t.equal(world.phase, 'draining')
    t.ok(listenerOpen(world))
    world.advance(1_000_000)
    t.equal(world.phase, 'draining')
    world.finish()
    t.equal(world.phase, 'drained')
    t.notOk(world.did('cut'))
    t.notOk(world.did('close-idle'))
  },
)

void tap.test(
  'a false alarm in the moment when the last request finishes keeps idle connections',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(SIDECAR_HOOK)
    world.advance(FALSE_ALARM_MS - 1)
    // The timer is late: the request finishes before it.
    world.now = FALSE_ALARM_MS
    world.finish()
    t.equal(world.phase, 'serving')
    t.notOk(world.did('close-idle'))
  },
)
