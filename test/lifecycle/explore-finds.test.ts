/** The explorer finds machines that are wrong, and tells what it found as a shortest story, in words and as a picture. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { folder } from '../fixtures/folder.ts'
import { malformed } from '../rehearse/well-formed.ts'
import { explore, type Finding, type World } from './explore/explore.ts'
import type { Machine } from './explore/moves.ts'
import { MUTANTS } from './explore/mutants.ts'
import { PROMISES } from './explore/promises.ts'
import { tell, telling } from './explore/story.ts'
import { drawStory } from './explore/timeline.ts'
import { WORLDS } from './explore/worlds.ts'

const STEPS = 100_000
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RUN = join(ROOT, 'test/lifecycle/explore/run.ts')

for (const { name, machine, breaks } of MUTANTS) {
  void tap.test(`found, and drawn: ${name}`, async (t) => {
    const { finding, world } = firstFound(machine)!
    t.equal(finding.broken, breaks)
    const svg = drawStory(finding, world)
    t.equal(malformed(svg.replace(/<style>.*?<\/style>/s, '')), undefined)
    t.notMatch(svg, /NaN|undefined|Infinity/)
    t.equal(svg.match(/class="tick"/g)?.length, telling(finding.story).length, 'a mark for each event')
    t.same(offPage(svg), [])
  })
}

/** The texts and bars of a picture that are not on it. */
function offPage(svg: string): string[] {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number)
  const things = svg.matchAll(
    /<(?:text|rect) class="[\w-]+" x="([-\d.]+)" y="([-\d.]+)"(?: width="([\d.]+)")?/g,
  )
  return [...things]
    .filter(
      ([, x, y, wide = 0]) =>
        !(Number(x) > 0 && Number(x) + Number(wide) < width! && Number(y) > 0 && Number(y) < height!),
    )
    .map(([thing]) => thing)
}

void tap.test('each promise over a move can be broken: it detects some wrong machine', async (t) => {
  const found = new Set(MUTANTS.map(({ breaks }) => breaks))
  t.same(
    PROMISES.filter(({ name }) => !found.has(name)),
    [],
  )
})

void tap.test('a finding is a shortest story, told with times, phases and orders', async (t) => {
  const { machine } = MUTANTS.find(({ name }) => name === 'requests wait at the door of a proxy that serves')!
  const found = firstFound(machine)
  t.equal(
    found && tell(found.finding, found.world),
    [
      'broken: the door stands as the phase says',
      'world: no settle, no quiet, by the second',
      '   0.000 s  starting              app healthy                         -> serving (app-up)',
    ].join('\n'),
  )
  const hooks = firstFound(MUTANTS.find(({ name }) => name === 'no hook deadline while draining')!.machine)
  t.same(
    hooks?.finding.story.map(({ move }) => move.name),
    ['GET /prestop/app', 'a second passes', 'a second passes', 'GET /prestop/sidecar'],
  )
})

void tap.test(
  'a picture shows the phases, the deadline that was missed, and the event that broke it',
  async (t) => {
    const { machine } = MUTANTS.find(({ name }) => name === 'no hook deadline while draining')!
    const { finding, world } = firstFound(machine)!
    const svg = drawStory(finding, world)
    t.match(svg, '>broken: no hook waits beyond its deadline<')
    t.match(svg, /<title>lastcall: drained<\/title>.*<title>lastcall: draining<\/title>/s)
    t.match(svg, '<title>hooks: preStop hook</title>')
    const [, due] = /class="due" x1="([\d.]+)"/.exec(svg)!
    const [, last] = /class="tick" x1="([\d.]+)"[^>]*>\s*<text class="bad"/.exec(svg)!
    t.equal(due, last, 'the hook still waits when it should be answered')
    t.match(svg, '>hooks answered by 2 s<')
    t.match(svg, /class="bad"[^>]*font-weight="bold">GET \/prestop\/sidecar</)
  },
)

const EXAMPLE = 'a restart of the app cuts settle short for good'

void tap.test(
  'npm run explore -- --timeline draws what it finds: docs/counterexample.svg is fresh',
  async (t) => {
    const picture = join(folder(t), 'found.svg')
    const explored = (...flags: string[]) =>
      spawnSync(process.execPath, [RUN, '--steps', '20000', '--timeline', picture, ...flags], {
        encoding: 'utf8',
      })
    const fine = explored()
    t.equal(fine.status, 0, fine.stderr)
    t.notOk(existsSync(picture))
    const found = explored('--wrong', EXAMPLE)
    t.equal(found.status, 1, found.stderr)
    t.match(found.stdout, /broken: no client is refused .*drawn: /s)
    t.equal(
      readFileSync(picture, 'utf8'),
      readFileSync(join(ROOT, 'docs/counterexample.svg'), 'utf8'),
      `npm run explore -- --wrong "${EXAMPLE}" --timeline docs/counterexample.svg`,
    )
    t.equal(explored('--wrong', 'none').status, 2)
  },
)

/** The first world in which this machine breaks a promise. */
function firstFound(machine: Machine): { world: World; finding: Finding } | undefined {
  for (const world of WORLDS) {
    const { finding } = explore(machine, world, STEPS)
    if (finding !== undefined) return { world, finding }
  }
  return undefined
}
