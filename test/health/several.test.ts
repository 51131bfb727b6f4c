/** An app with several ports (DESIGN §4): healthy while all are, gone when all have, restarted when some had. */
import { createServer } from 'node:net'
import tap from 'tap'
import type { Address } from '../../src/proxy/config/config.ts'
import { startCheckers } from '../../src/proxy/health/checkers.ts'
import { watchApps } from '../../src/proxy/health/watches.ts'
import { systemClock } from '../../src/proxy/process/clock.ts'
import { HandClock } from '../fixtures/clock.ts'
import { listen } from '../fixtures/listener.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { until } from '../fixtures/until.ts'

const OPTIONS = {
  health: { kind: 'tcp' },
  headers: [],
  healthPolicy: 'always',
  intervalMs: 20,
  timeoutMs: 1000,
  failures: 2,
  successes: 1,
  clock: systemClock,
} as const

const at = (port: number): Address => ({ kind: 'tcp', host: '127.0.0.1', port })

function checking(t: Owner, apps: readonly Address[], more: object = {}) {
  const told: string[] = []
  const checkers = startCheckers(
    { ...OPTIONS, ...more, apps },
    {
      onUp: () => told.push('up'),
      onDown: (_, index) => told.push(`down ${index}`),
      onLate: (why, seconds) => told.push(`late ${seconds}: ${why}`),
    },
  )
  t.teardown(() => checkers.stop())
  return { told, checkers, ups: () => checkers.each.map(({ up }) => up) }
}

void tap.test('healthy while all ports are; the one that is not is named', async (t) => {
  const ports = [await freePort(), await freePort()]
  const { told, checkers, ups } = checking(t, ports.map(at))
  await listen(t, createServer(), ports[0])
  await until('the first is up', () => ups()[0])
  t.same(told, [], 'not healthy yet')
  t.match(checkers.status, { up: false, lastError: new RegExp(`ECONNREFUSED 127.0.0.1:${ports[1]}`) })
  const second = await listen(t, createServer(), ports[1])
  await until('up', () => told.length === 1)
  t.same([told, ups()], [['up'], [true, true]])
  await second.stop()
  await until('down', () => told.length === 2)
  t.same(
    [told, ups()],
    [
      ['up', 'down 1'],
      [true, false],
    ],
  )
  await listen(t, createServer(), ports[1])
  await until('up again', () => told.length === 3)
  t.same(told, ['up', 'down 1', 'up'])
})

void tap.test('a check of another port is one check for all', async (t) => {
  const other = await listen(t, createServer())
  const apps = [at(await freePort()), at(await freePort())]
  const { told, ups } = checking(t, apps, { health: { kind: 'tcp', address: other.address } })
  await until('up', () => told.length === 1)
  t.same(ups(), [true, true])
  await other.stop()
  await until('down', () => told.length === 2)
  t.same(told, ['up', 'down undefined'])
})

void tap.test(
  'gone when all have gone, back when all are back, restarted when only some were away',
  async (t) => {
    const ports = [await freePort(), await freePort()]
    const start = async (index: number) => listen(t, createServer(), ports[index])
    const told: string[] = []
    let [one, two] = [await start(0), await start(1)]
    const watch = watchApps(
      { apps: ports.map(at), clock: systemClock },
      {
        onGone: () => told.push('gone'),
        onBack: () => told.push('back'),
        onRestarted: () => told.push('restarted'),
      },
    )
    t.teardown(() => watch.stop())
    await until('the first look', () => told.length === 1)
    t.same(told, ['back'])

    await one.stop()
    const looks = two.accepted()
    await until('looks at the other', () => two.accepted() >= looks + 5)
    t.same(told, ['back'], 'one port alone is not the app')
    one = await start(0)
    await until('restarted', () => told.length === 2)
    t.same(told, ['back', 'restarted'])

    await Promise.all([one.stop(), two.stop()])
    await until('gone', () => told.length === 3)
    one = await start(0)
    await until('looks at the first', () => one.accepted() >= 3)
    t.same(told, ['back', 'restarted', 'gone'], 'one port alone is not back')
    two = await start(1)
    await until('back', () => told.length === 4)
    t.same(told, ['back', 'restarted', 'gone', 'back'])
  },
)

void tap.test(
  'an app that does not become healthy: why, after 10 s and then every minute until it does',
  async (t) => {
    const clock = new HandClock()
    const ports = [await freePort(), await freePort()]
    await listen(t, createServer(), ports[0])
    const { told, checkers, ups } = checking(t, ports.map(at), { clock, intervalMs: 1e7, timeoutMs: 1e7 })
    const why = `connect ECONNREFUSED 127.0.0.1:${ports[1]}`
    await until('both are checked', () => ups()[0] && checkers.each[1]?.lastError === why)
    clock.advance(9_999)
    t.same(told, [])
    clock.advance(1)
    t.same(told, [`late 10: ${why}`])
    clock.advance(60_000)
    t.same(told, [`late 10: ${why}`, `late 70: ${why}`])
    await listen(t, createServer(), ports[1])
    await until('up', () => {
      clock.advance(20)
      return told.includes('up')
    })
    const before = told.length
    clock.advance(600_000)
    t.equal(told.length, before, 'it has become healthy')
  },
)
