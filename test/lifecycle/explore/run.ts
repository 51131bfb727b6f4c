/**
 * `npm run explore -- [--steps N] [--timeline FILE.svg] [--wrong NAME]`: every life in each world, up to N steps in each (3
 * million if not given). A broken promise is printed as its shortest story, and the first one is drawn into FILE.svg. Exit
 * code 1 where one is found. `--wrong` explores one of the wrong machines of mutants.ts instead, to see what a finding is.
 */
import { writeFileSync } from 'node:fs'
import { unwritable } from '../../../src/tools/rehearsal/report-file.ts'
import { badFlag, flagsOf, readRun, wholeFlag } from '../../fixtures/run-flags.ts'
import { explore } from './explore.ts'
import { MACHINE, MUTANTS } from './mutants.ts'
import { tell } from './story.ts'
import { drawStory } from './timeline.ts'
import { WORLDS } from './worlds.ts'

const USAGE = `npm run explore -- [--steps N] [--timeline FILE.svg] [--wrong NAME]`
const DEFAULT_STEPS = 3_000_000

const { limit, timeline, machine } = readRun(USAGE, () => {
  const { values } = flagsOf(['steps', 'timeline', 'wrong'])
  const why = values.timeline === undefined ? undefined : unwritable(values.timeline)
  if (why !== undefined) throw badFlag('timeline', values.timeline!, `cannot be written: ${why}`)
  const found =
    values.wrong === undefined ? MACHINE : MUTANTS.find(({ name }) => name === values.wrong)?.machine
  if (found === undefined)
    throw badFlag('wrong', values.wrong!, `give one of\n  ${MUTANTS.map(({ name }) => name).join('\n  ')}`)
  return {
    limit: wholeFlag('steps', values.steps, DEFAULT_STEPS, 1),
    timeline: values.timeline,
    machine: found,
  }
})
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
