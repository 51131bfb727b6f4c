/**
 * The long run: `npm run soak -- --minutes 10 --svg docs/soak.svg`, or `--hours N`, `--seconds N`; `--seed N`,
 * `--relay portable`. Exit code 1 if anything was wrong.
 */
import { writeFileSync } from 'node:fs'
import { unwritable } from '../../src/tools/rehearsal/report-file.ts'
import { badFlag, flagsOf, positiveFlag, readRun, wholeFlag, wordFlag } from '../fixtures/run-flags.ts'
import { MIB } from './judge.ts'
import { plot } from './plot.ts'
import { soak } from './soak.ts'

const USAGE = `npm run soak -- [--hours N] [--minutes N] [--seconds N] [--seed N] [--relay native|portable] [--svg FILE]`
const DEFAULT_SECONDS = 600

const { seed, seconds, relay, svg } = readRun(USAGE, () => {
  const { values } = flagsOf(['hours', 'minutes', 'seconds', 'seed', 'relay', 'svg'])
  const given =
    3600 * positiveFlag('hours', values.hours, 0) +
    60 * positiveFlag('minutes', values.minutes, 0) +
    positiveFlag('seconds', values.seconds, 0)
  // Nobody waits ten minutes to hear that the picture has no place.
  const why = values.svg === undefined ? undefined : unwritable(values.svg)
  if (why !== undefined) throw badFlag('svg', values.svg!, `cannot be written: ${why}`)
  return {
    seed: wholeFlag('seed', values.seed, Math.floor(Math.random() * 2 ** 32)),
    seconds: given === 0 ? DEFAULT_SECONDS : given,
    relay: wordFlag('relay', values.relay, ['native', 'portable']),
    svg: values.svg,
  }
})

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
if (svg !== undefined) {
  const title = `${seconds} s, ${relay} relay, seed ${seed}: ${clients} clients, ${requests} requests at the app`
  writeFileSync(svg, plot(title, soaked))
}
console.log({ wrong, clients, requests, peakMiB, tally })
process.exit(wrong.length > 0 ? 1 : 0)
