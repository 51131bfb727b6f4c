/** The log: the shape of a line, on a terminal and off it, and a stdout that is closed, full or slow. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import tap from 'tap'
import { createLogOn, humanLine } from '../../src/proxy/process/log.ts'
import type { Config } from '../../src/proxy/config/config.ts'

const LOG = new URL('../../src/proxy/process/log.ts', import.meta.url).href
/** More than a pipe holds (64 KiB) and than the log keeps for a slow reader (1 MiB). */
const FLOOD = 10_000

void tap.test(
  'a line is one JSON object: level as a word, time as ISO, name, no pid, no hostname',
  async (t) => {
    const [line, ...more] = lines('info', (log) => log.info({ phase: 'serving' }, 'listening'))
    t.same(more, [])
    t.ok(line!.endsWith('\n'))
    const event = JSON.parse(line!) as Record<string, unknown>
    t.match(event, {
      level: 'info',
      time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
      name: 'lastcall',
      phase: 'serving',
    })
    t.same(Object.keys(event).toSorted(), ['level', 'msg', 'name', 'phase', 'time'])
  },
)

void tap.test('errors are logged with their message and stack', async (t) => {
  const [line] = lines('info', (log) => log.error({ err: new Error('no such port') }, 'cannot listen'))
  t.match(JSON.parse(line!), { err: { message: 'no such port', stack: /log\.test/ } })
})

void tap.test('what is below the level is not written', async (t) => {
  t.equal(lines('warn', (log) => log.info('no')).length, 0)
  t.equal(lines('silent', (log) => log.fatal('no')).length, 0)
  t.equal(lines('trace', (log) => log.trace('yes')).length, 1)
})

void tap.test('on a terminal a line is short', async (t) => {
  const time = new Date(2026, 10, 21, 12, 0, 1, 123).toISOString()
  const line = (fields: object) =>
    humanLine(JSON.stringify({ level: 'info', time, name: 'lastcall', ...fields }))
  t.equal(line({ msg: 'phase: serving -> settling' }), '12:00:01.123 INFO  phase: serving -> settling\n')
  t.equal(line({ msg: 'cut', n: 2, who: 'app', list: [1] }), '12:00:01.123 INFO  cut  n=2 who=app list=[1]\n')
  t.match(
    line({ msg: 'x', err: { message: 'gone', stack: 'Error: gone\n    at y' } }),
    /x {2}Error: gone\n {4}at y\n$/,
  )
  t.equal(humanLine('not JSON\n'), 'not JSON\n')
})

void tap.test(
  'a real terminal gets the short line',
  { skip: hasScript() ? false : 'needs script(1)' },
  async (t) => {
    const command = `'${process.execPath}' --input-type=module -e "${program(`log.info({ a: 1 }, 'hello')`)}"`
    const out = execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', timeout: 20_000 })
    t.match(out, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}hello {2}a=1\r?\n$/)
  },
)

void tap.test('the last line before process.exit is out, even when the reader is slow', async (t) => {
  const child = run(
    `for (let i = 0; i < 2000; i += 1) log.info('x'.repeat(200)); log.info('verdict'); process.exit(3)`,
  )
  child.stdout!.pause()
  const exited = once(child, 'exit')
  // It has filled the pipe before anybody reads.
  setTimeout(() => child.stdout!.resume(), 200)
  const out = await text(child.stdout!)
  t.equal(out.trimEnd().split('\n').length, 2001)
  t.match(out.trimEnd().split('\n').at(-1), /"msg":"verdict"/)
  t.same(await exited, [3, null])
})

void tap.test('a reader that hangs does not hang the program', async (t) => {
  const child = run(
    `for (let i = 0; i < ${FLOOD}; i += 1) log.info('x'.repeat(200)); console.error('still here')`,
  )
  const [said] = (await once(child.stderr!, 'data')) as [Buffer]
  t.match(String(said), /still here/, 'and nobody has read a byte of its stdout')
  t.same(await once(child, 'exit'), [0, null])
})

void tap.test('a reader that has gone, and a full disk, cost lines only', async (t) => {
  const flood = `for (let i = 0; i < ${FLOOD}; i += 1) log.info('x'.repeat(200))`
  const later = run(`${flood}; setTimeout(() => { ${flood}; console.error('still here') }, 100)`)
  later.stdout!.destroy()
  const said = text(later.stderr!)
  t.same(await once(later, 'exit'), [0, null])
  t.match(await said, /^still here\n$/)

  const full = run(`${flood}; console.error('still here')`, openSync('/dev/full', 'w'))
  const complained = text(full.stderr!)
  t.same(await once(full, 'exit'), [0, null])
  t.match(await complained, /^still here\n$/)
})

function lines(level: Config['logLevel'], write: (log: ReturnType<typeof createLogOn>) => void): string[] {
  const written: string[] = []
  write(createLogOn(level, (line) => written.push(line)))
  return written
}

/** A module that logs on its own stdout. */
function program(body: string): string {
  return `const { createLog } = await import('${LOG}'); const log = createLog('info'); ${body}`
}

function run(body: string, stdout: 'pipe' | number = 'pipe') {
  const args = ['--input-type=module', '-e', program(body)]
  return spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'], timeout: 20_000 })
}

function hasScript(): boolean {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
