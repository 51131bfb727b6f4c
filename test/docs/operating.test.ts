/** What docs/operating.md quotes is what lastcall says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { PHASES } from '../../src/proxy/lifecycle/state.ts'
import { moved, opened, verdict } from '../../src/proxy/lifecycle/verdict.ts'
import { CATALOG } from '../../src/proxy/metrics/catalog.ts'
import { END_WHO, END_WHY, REFUSALS, SAVED_HOW } from '../../src/words.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8')

void tap.test('the verdict that is explained is one of the program', async (t) => {
  let ledger = opened('settling', 0, 3, { finished: 100, failed: 0 })
  ledger = moved(ledger, 'lame-duck', 3000)
  ledger = moved(ledger, 'draining', 5000)
  ledger = moved(ledger, 'drained', 6400)
  ledger = moved(ledger, 'exited', 6600)
  const { text } = verdict(ledger, {
    why: 'clients gone',
    triggers: ['sidecar', 'app'],
    finished: 141,
    failed: 0,
    lastConnectionAt: 1700,
    saved: { inFlight: 3, arrived: 38 },
  })
  t.match(page, `\n${text}\n`)
})

void tap.test('log lines and answers that are quoted are in the program', async (t) => {
  const sources = readdirSync(join(ROOT, 'src/proxy'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(ROOT, 'src/proxy', path), 'utf8'))
    .join('\n')
  for (const quote of [
    'false alarm: ',
    'admin: refused',
    'out of file descriptors (EMFILE): the limit of open files is ',
    'the listener is not open',
    'the app is down: ',
    'relay: portable',
    'ended by ',
    'back in service',
  ]) {
    t.match(page, quote)
    t.ok(sources.includes(quote), `the program says “${quote}”`)
  }
})

void tap.test('metrics and labels in alerts exist', async (t) => {
  const names = new Set(CATALOG.map(({ name }) => name))
  const labels = new Set<string>([...REFUSALS, ...END_WHO, ...END_WHY, ...PHASES, ...SAVED_HOW, 'client'])
  const used = [...page.matchAll(/\b(lastcall_\w+)(?:\{([^}]*)\})?/g)]
  t.ok(used.length >= 6)
  for (const [, name = '', selector = ''] of used) {
    t.ok(names.has(name), name)
    for (const [, values = ''] of selector.matchAll(/=~?"([^"]*)"/g))
      for (const value of values.split(String.raw`\|`)) t.ok(labels.has(value), `${name}: ${value}`)
  }
})
