/**
 * The long run: `npm run chaos -- --seed N --seconds N --relay portable --only keepAlive,http2`. Exit code 1 if anything
 * was wrong.
 */
import { parseArgs } from 'node:util'
import { campaign } from './campaign.ts'
import { CLIENTS } from './crowd.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string' },
    relay: { type: 'string' },
    only: { type: 'string' },
    calm: { type: 'boolean' },
    gentle: { type: 'boolean' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
const seconds = Number(values.seconds ?? 60)
const relay = values.relay === 'portable' ? 'portable' : 'native'
const only = values.only?.split(',')
for (const name of only ?? [])
  if (!Object.hasOwn(CLIENTS, name))
    throw new Error(`--only: ${name} is none of ${Object.keys(CLIENTS).join(', ')}`)

console.log(`seed ${seed}, ${seconds} s, ${relay}`)
const ends: (() => unknown)[] = []
const { calm = false, gentle = false } = values
const found = await campaign(
  { teardown: (run) => ends.push(run) },
  { seed, seconds, relay, calm, gentle, ...(only && { only }) },
)
for (const end of ends.toReversed()) await end()
console.log(found)
process.exit(found.wrong.length > 0 ? 1 : 0)
