/** The facts of a drain that no phase shows: how long a stop still has, what is evidence of one, which app can have ended. */
import tap from 'tap'
import { resumable } from '../../src/proxy/lifecycle/readiness.ts'
import { evident, leftMs, summary } from '../../src/proxy/lifecycle/drain.ts'
import {
  APP_BACK,
  APP_DOWN,
  APP_GONE,
  APP_HOOK,
  APP_RESTARTED,
  APP_UP,
  DRAIN,
  RESUME,
  serving,
  SIDECAR_HOOK,
  SIGTERM,
  World,
} from '../fixtures/world.ts'

function evidence(world: World): boolean {
  return 'drain' in world.state && evident(world.state.drain)
}

function left(world: World): number {
  return leftMs(world.state, world.now)
}

void tap.test('what is left until the cut: all of it without proof, then less, then nothing', async (t) => {
  t.equal(left(new World()), 29_000, 'starting')
  const world = serving()
  t.equal(left(world), 29_000)
  world.arrive()
  world.take(APP_HOOK)
  world.advance(4000)
  t.equal(left(world), 29_000, 'an app alone')
  world.take(SIDECAR_HOOK)
  t.equal(left(world), 25_000, 'from the first trigger')
  world.advance(26_000)
  t.equal(left(world), 0, 'a bare hook has no end, but its time is over')
  world.take(SIGTERM)
  t.equal(left(world), 29_000, 'the stop begins with the signal: the hook was not the kubelet’s')
  world.advance(28_000)
  t.equal(left(world), 1000)
  world.advance(1000)
  t.equal(world.phase, 'exited')
  t.equal(left(world), 0)
})

void tap.test('proof, or an app that has gone, is evidence of a stop; a call alone is none', async (t) => {
  const world = serving()
  world.take(APP_HOOK)
  t.notOk(evidence(world))
  t.same(summary(world.state), { triggers: ['app'], appWent: false })
  world.take(APP_DOWN)
  world.take(APP_GONE)
  t.ok(evidence(world))
  world.take(APP_BACK)
  t.ok(evidence(world), 'it has gone, if only for a while')
  t.same(summary(world.state), { triggers: ['app'], appWent: true })
  const proven = serving()
  proven.take(SIGTERM)
  t.ok(evidence(proven))
  t.same(summary(proven.state), { triggers: ['signal'], appWent: false })
  t.same(summary(new World().state), { triggers: [], appWent: false }, 'no drain')
})

for (const [how, before, after] of [
  ['was seen healthy', [SIDECAR_HOOK], [APP_UP, APP_DOWN]],
  ['was seen to listen', [SIDECAR_HOOK], [APP_BACK]],
  ['was seen to restart', [APP_HOOK], [APP_RESTARTED, SIDECAR_HOOK]],
] as const)
  void tap.test(`an app that was down when the drain began, and ${how}, can have ended`, async (t) => {
    const world = serving()
    world.take(APP_DOWN)
    for (const event of [...before, ...after]) world.take(event)
    world.take(APP_GONE)
    t.equal(world.exit?.code, 0)
  })

void tap.test(
  'an app that came up again before the drain, or was up when one was taken back, can have ended',
  async (t) => {
    const up = serving()
    up.take(APP_DOWN)
    up.take(APP_UP)
    const resumed = serving()
    resumed.take(DRAIN)
    resumed.take(RESUME)
    for (const world of [up, resumed]) {
      world.take(SIDECAR_HOOK)
      world.take(APP_GONE)
      t.equal(world.exit?.code, 0)
      t.notOk(resumable(world.state), 'too late')
    }
  },
)

void tap.test('what never was in the endpoints is not settled when the pod stops', async (t) => {
  const world = new World()
  world.take(APP_HOOK)
  world.take(SIGTERM)
  t.notOk(world.path.includes('settling'))
  t.ok(world.did('close-listener'))
})

void tap.test('each trigger is told as the reason of its move', async (t) => {
  for (const [event, why] of [
    [APP_HOOK, 'hook /prestop/app'],
    [SIDECAR_HOOK, 'hook /prestop/sidecar'],
    [SIGTERM, 'SIGTERM'],
    [DRAIN, 'operator'],
  ] as const)
    t.match(serving().take(event)[0], { kind: 'moved', to: 'settling', why })
})

void tap.test('idle connections are closed once, however much happens until that is done', async (t) => {
  const world = serving()
  world.prompt = false
  world.take(SIGTERM)
  world.advance(5000)
  t.ok(world.did('close-idle'))
  for (const event of [APP_DOWN, APP_UP, SIDECAR_HOOK]) world.take(event)
  t.equal(world.done.filter(({ kind }) => kind === 'close-idle').length, 1)
  world.sweep()
  t.equal(world.phase, 'drained')
})

void tap.test('the shell is asked for what it knows, and for nothing that is not there', async (t) => {
  const world = serving()
  world.take(DRAIN)
  t.same(
    world.take(RESUME).map(({ kind }) => kind),
    ['moved', 'verdict'],
  )
  world.take(DRAIN)
  for (const event of [APP_HOOK, APP_GONE]) world.take(event)
  t.same(
    world.take(APP_BACK).map(({ kind }) => kind),
    ['queue-requests', 'watch-app'],
    'the operator’s drain goes on',
  )
})

void tap.test('a trigger that comes again is told once', async (t) => {
  const world = serving()
  for (const event of [DRAIN, DRAIN, APP_HOOK, APP_HOOK, SIDECAR_HOOK, SIDECAR_HOOK, SIGTERM])
    world.take(event)
  t.same(summary(world.state).triggers, ['operator', 'app', 'sidecar', 'signal'])
})

void tap.test(
  'a signal at the very deadline of a hook, with the app there, is a stop of its own',
  async (t) => {
    const world = serving()
    world.arrive()
    world.take(SIDECAR_HOOK)
    world.advance(29_000)
    world.take(SIGTERM)
    t.equal(world.exit, undefined)
    world.advance(28_999)
    t.equal(world.exit, undefined)
    world.advance(1)
    t.equal(world.exit?.at, 58_000)
  },
)

void tap.test('proof at the very deadline of a drain without proof begins the clock anew', async (t) => {
  const world = serving()
  world.take(APP_HOOK)
  world.advance(29_000)
  world.take(SIDECAR_HOOK)
  t.equal(leftMs(world.state, world.now), 29_000)
  world.now -= 1
  t.equal(leftMs(world.state, world.now), 29_001)
})
