/**
 * `npm run explore -- [--steps N] [--timeline FILE.svg] [--wrong NAME]`: every life in each world, up to N steps in each (3
 * million if not given). A broken promise is printed as its shortest story, and the first one is drawn into FILE.svg. Exit
 * code 1 where one is found. `--wrong` explores one of the wrong machines of mutants.ts instead, to see what a finding is.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'
import { MACHINE, MUTANTS } from './mutants.ts'
import { tell } from './story.ts'
import { drawStory } from './timeline.ts'
import { WORLDS } from './worlds.ts'

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '3000000' },
    timeline: { type: 'string' },
    wrong: { type: 'string' },
  },
})
const limit = Number(values.steps)
if (!(limit > 0)) throw new Error(`--steps ${values.steps}: give a number of steps above 0`)
const { wrong, timeline } = values
const machine = wrong === undefined ? MACHINE : MUTANTS.find(({ name }) => name === wrong)?.machine
if (machine === undefined)
  throw new Error(`--wrong ${wrong}: give one of\n  ${MUTANTS.map(({ name }) => name).join('\n  ')}`)
let drawn = false

for (const world of WORLDS) {
  const start = performance.now()
  const { positions, steps, whole, finding } = explore(machine, world, limit)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const rest = whole ? 'all that there are' : 'more were left'
  console.log(`${world.name}: ${positions} positions, ${steps} steps in ${seconds} s; ${rest}`)
  if (finding === undefined) continue
  console.log(tell(finding, world))
  process.exitCode = 1
  if (timeline === undefined || drawn) continue
  writeFileSync(timeline, drawStory(finding, world))
  drawn = true
  console.log(`drawn: ${timeline}`)
}
