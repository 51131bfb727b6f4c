/** The watch of the app's address (DESIGN §3): gone, back, and what says nothing. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import tap, { type Test } from 'tap'
import { systemClock } from '../../src/proxy/process/clock.ts'
import type { Address } from '../../src/proxy/config/config.ts'
import { watchApp } from '../../src/proxy/health/watch.ts'
import { file, folder } from '../fixtures/folder.ts'
import { listen } from '../fixtures/listener.ts'
import { freePort } from '../fixtures/ports.ts'
import type { Owner } from '../fixtures/program.ts'
import { until } from '../fixtures/until.ts'

function observe(t: Owner, app: Address) {
  const told: string[] = []
  const watch = watchApp(
    { app, clock: systemClock },
    { onGone: () => told.push('gone'), onBack: () => told.push('back') },
  )
  t.teardown(() => watch.stop())
  return { told, stop: () => watch.stop() }
}

async function goesAndComesBack(t: Test, where: number | string): Promise<void> {
  const app = await listen(t, createServer(), where)
  const { told } = observe(t, app.address)
  await until('the first look', () => told.length === 1)
  t.same(told, ['back'])
  await until('more looks', () => app.accepted() >= 3)
  await until('connections destroyed at once', () => app.open() === 0)
  t.same(told, ['back'], 'told once')

  await app.stop()
  await until('gone', () => told.length === 2, 2000)
  const again = await listen(t, createServer(), where)
  await until('back', () => told.length === 3, 2000)
  t.same(told, ['back', 'gone', 'back'])
  t.ok(again.accepted() >= 1)
}

void tap.test('an app on a port goes and comes back', async (t) => goesAndComesBack(t, await freePort()))

void tap.test('an app on a Unix socket goes (its file with it) and comes back', async (t) =>
  goesAndComesBack(t, join(folder(t), 'app.sock')),
)

void tap.test('an app that was never there is gone after two refusals', async (t) => {
  const { told } = observe(t, { kind: 'tcp', host: '127.0.0.1', port: await freePort() })
  t.same(told, [])
  await until('gone', () => told.length > 0, 2000)
  t.same(told, ['gone'])
})

void tap.test('an error that is no refusal says nothing', async (t) => {
  // A path through a plain file: ENOTDIR.
  const { told } = observe(t, { kind: 'unix', path: join(file(folder(t), 'plain', ''), 'app.sock') })
  await new Promise((resolve) => setTimeout(resolve, 500)) // five looks
  t.same(told, [])
})

void tap.test('stop: no look and no event after it, also from within an event', async (t) => {
  const app = await listen(t, createServer())
  const told: string[] = []
  const watch = watchApp(
    { app: app.address, clock: systemClock },
    {
      onGone: () => told.push('gone'),
      onBack: () => {
        told.push('back')
        watch.stop()
      },
    },
  )
  await until('the first look', () => told.length > 0)
  await app.stop()
  await new Promise((resolve) => setTimeout(resolve, 400)) // in which nothing may happen
  t.same(told, ['back'])
  t.equal(app.accepted(), 1)
})
