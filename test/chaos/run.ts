/**
 * The long run: `npm run chaos -- --seed N --seconds N --relay portable --only keepAlive,http2`. Exit code 1 if anything
 * was wrong.
 */
import { badFlag, flagsOf, positiveFlag, readRun, wholeFlag, wordFlag } from '../fixtures/run-flags.ts'
import { campaign } from './campaign.ts'
import { CLIENTS } from './crowd.ts'

const USAGE = `npm run chaos -- [--seed N] [--seconds N] [--relay native|portable] [--only CLIENT,...] [--calm] [--gentle]`
const DEFAULT_SECONDS = 60

const { seed, seconds, relay, only, calm, gentle } = readRun(USAGE, () => {
  const { values, on } = flagsOf(['seed', 'seconds', 'relay', 'only'], ['calm', 'gentle'])
  const names = values.only?.split(',')
  for (const name of names ?? [])
    if (!Object.hasOwn(CLIENTS, name))
      throw badFlag('only', name, `give some of ${Object.keys(CLIENTS).join(', ')}`)
  return {
    seed: wholeFlag('seed', values.seed, Math.floor(Math.random() * 2 ** 32)),
    seconds: positiveFlag('seconds', values.seconds, DEFAULT_SECONDS),
    relay: wordFlag('relay', values.relay, ['native', 'portable']),
    only: names,
    calm: on.has('calm'),
    gentle: on.has('gentle'),
  }
})

console.log(`seed ${seed}, ${seconds} s, ${relay}`)
const ends: (() => unknown)[] = []
const found = await campaign(
  { teardown: (run) => ends.push(run) },
  { seed, seconds, relay, calm, gentle, ...(only && { only }) },
)
for (const end of ends.toReversed()) await end()
console.log(found)
process.exit(found.wrong.length > 0 ? 1 : 0)
