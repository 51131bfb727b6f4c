/**
 * A signal is heard from the first file of the program on, also by PID 1, for which the kernel drops one that has no
 * handler. (Node's own start, before it runs any file, cannot be helped.)
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { atLoad } from '../fixtures/at-load.ts'
import { freePort } from '../fixtures/ports.ts'
import { type Owner, type Program, startProgram } from '../fixtures/program.ts'
import { entry } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

/** The entry and what it imports statically: whoever is loaded behind them finds the handlers in place. */
const FIRST_FILES = 2
const LOADS = /^loads \d+$/
const NAMESPACE = [['--pid'], ['--pid', '--user', '--map-root-user']].find(
  (flags) => spawnSync('unshare', [...flags, '--fork', 'true']).status === 0,
)

void tap.test('SIGTERM ends the proxy with code 0 whichever of its files is being loaded', async (t) => {
  const whole = await proxy(t, [atLoad()])
  await whole.line(/"listening"/)
  const files = whole.lines.filter((line) => LOADS.test(line)).length
  t.ok(files > FIRST_FILES, `it loads ${files} files`)
  await whole.kill()

  for (let file = FIRST_FILES; file < files; file += 1) {
    const program = await proxy(t, [atLoad(file)])
    t.same(await program.end(10_000), { code: 0, signal: null }, `at file ${file}`)
    t.match(program.lines.at(-1), /SIGTERM arrived before the listener was open: nothing to drain/)
  }
})

void tap.test(
  'as PID 1 it ends whenever SIGTERM comes while it starts',
  { skip: NAMESPACE === undefined && 'needs unshare(1) and the right to use it' },
  async (t) => {
    for (let delay = 0; delay < 150; delay += 10) {
      const program = await proxy(t, [atLoad()], ['unshare', ...NAMESPACE!, '--fork', '--kill-child'])
      await program.line((line) => line === `loads ${FIRST_FILES}`)
      await sleep(delay)
      process.kill(childOf(program.pid), 'SIGTERM')
      t.same(await program.end(10_000), { code: 0, signal: null }, `${delay} ms after its first file has run`)
    }
  },
)

void tap.test('SIGTERM ends a command as it ends any program', async (t) => {
  const early = start(t, [atLoad(FIRST_FILES)], ['drain', '--admin', 'http://127.0.0.1:9'])
  t.same(await early.end(10_000), { code: null, signal: 'SIGTERM' }, 'while it is loaded')

  let asked = false
  const silent = createServer(() => (asked = true))
  const port = await freePort()
  silent.listen(port, '127.0.0.1')
  t.teardown(() => silent.close())
  const command = start(t, [], ['drain', '--admin', `http://127.0.0.1:${port}`])
  await until('the command asks', () => asked)
  command.signal('SIGTERM')
  t.same(await command.end(10_000), { code: null, signal: 'SIGTERM' }, 'while it waits for an answer')
})

/** The proxy as it is built, before an app that is not there. */
async function proxy(t: Owner, flags: readonly string[], inside: readonly string[] = []): Promise<Program> {
  const times = ['--settle=0s', '--quiet=0s']
  const doors = ['--app', `127.0.0.1:${await freePort()}`, '--listen=127.0.0.1:0', '--admin=127.0.0.1:0']
  return start(t, flags, [...doors, ...times], inside)
}

function start(
  t: Owner,
  flags: readonly string[],
  args: readonly string[],
  inside: readonly string[] = [],
): Program {
  const [command, ...rest] = [...inside, process.execPath, ...flags, entry('dist'), ...args]
  return startProgram(t, { command: command!, args: rest })
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
}
