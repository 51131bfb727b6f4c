/**
 * `npm run explore -- [--steps N]`: every life in each world, up to N steps in each (3 million if not given). A broken
 * promise is printed as its shortest story. Exit code 1 where one is found.
 */
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'
import { MACHINE } from './mutants.ts'
import { tell } from './story.ts'
import { WORLDS } from './worlds.ts'

const { values } = parseArgs({ options: { steps: { type: 'string', default: '3000000' } } })
const limit = Number(values.steps)
if (!(limit > 0)) throw new Error(`--steps ${values.steps}: give a number of steps above 0`)

for (const world of WORLDS) {
  const start = performance.now()
  const { positions, steps, whole, finding } = explore(MACHINE, world, limit)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const rest = whole ? 'all that there are' : 'more were left'
  console.log(`${world.name}: ${positions} positions, ${steps} steps in ${seconds} s; ${rest}`)
  if (finding === undefined) continue
  console.log(tell(finding, world))
  process.exitCode = 1
}
