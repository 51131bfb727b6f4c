/**
 * The long run: `npm run soak -- --minutes 10 --svg docs/soak.svg`, or `--hours N`, `--seconds N`; `--seed N`,
 * `--relay portable`. Exit code 1 if anything was wrong.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MIB } from './judge.ts'
import { plot } from './plot.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    relay: { type: 'string' },
    svg: { type: 'string' },
  },
})
const DEFAULT_SECONDS = 600
const given = 3600 * number('hours') + 60 * number('minutes') + number('seconds')
const seconds = given === 0 ? DEFAULT_SECONDS : given
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : number('seed')
const relay = values.relay ?? 'native'
if (relay !== 'native' && relay !== 'portable') throw new Error(`--relay ${relay}: native or portable`)

console.log(`seed ${seed}, ${seconds} s, ${relay}`)
const ends: (() => unknown)[] = []
const soaked = await soak({ teardown: (run) => ends.push(run) }, { seed, seconds, relay }, (round, level) => {
  const [rss, heap] = [level.rssBytes, level.heapBytes].map((bytes) => (bytes / MIB).toFixed(1))
  console.log(
    `${Math.round(level.atMs / 1000)} s, round ${round}: at rest ${rss} MiB, heap ${heap} MiB, ${level.fds} descriptors`,
  )
})
for (const end of ends.toReversed()) await end()
const { wrong, clients, tally, peakMiB, samples } = soaked
const requests = samples.at(-1)?.arrived ?? 0
if (values.svg !== undefined) {
  const title = `${seconds} s, ${relay} relay, seed ${seed}: ${clients} clients, ${requests} requests at the app`
  writeFileSync(values.svg, plot(title, soaked))
}
console.log({ wrong, clients, requests, peakMiB, tally })
process.exit(wrong.length > 0 ? 1 : 0)

function number(option: 'hours' | 'minutes' | 'seconds' | 'seed'): number {
  const value = Number(values[option] ?? 0)
  if (!(value >= 0)) throw new Error(`--${option} ${values[option]}: no number`)
  return value
}
