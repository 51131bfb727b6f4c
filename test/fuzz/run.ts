/**
 * The long run: `npm run fuzz -- [http1|http2|websocket] --seeds 1..100 --messages 100000`, or `--seed N --seconds N`.
 * `--json` prints nothing but a summary for machines. `--one N` tries the one stream or connection of a difference again.
 * Exit code 1 where something is found.
 */
import { badFlag, flagsOf, mistake, positiveFlag, readRun, wholeFlag } from '../fixtures/run-flags.ts'
import { KINDS } from './kinds.ts'
import { series } from './series.ts'

const USAGE =
  `npm run fuzz -- [${Object.keys(KINDS).join('|')}] ` +
  '[--seed N | --seeds A..B] [--messages N] [--seconds N] [--one N] [--json]'
const PROGRESS_MS = 5000
const DEFAULT_SECONDS = 60

const { name, kind, one, seeds, messages, seconds, json } = readRun(USAGE, () => {
  const { values, on, positionals } = flagsOf(['seed', 'seeds', 'messages', 'seconds', 'one'], ['json'], true)
  const [chosen = 'http1', ...more] = positionals
  const found = Object.hasOwn(KINDS, chosen) ? KINDS[chosen] : undefined
  if (found === undefined || more.length > 0)
    throw mistake(`${positionals.join(' ')}: give one of ${Object.keys(KINDS).join(', ')}`)
  const asked = wholeFlag('messages', values.messages, Infinity, 1)
  return {
    name: chosen,
    kind: found,
    one: values.one === undefined ? undefined : wholeFlag('one', values.one, 0),
    seeds: seedsOf(values.seeds ?? values.seed ?? String(Math.floor(Math.random() * 2 ** 32))),
    messages: asked,
    seconds: positiveFlag('seconds', values.seconds, asked === Infinity ? DEFAULT_SECONDS : Infinity),
    json: on.has('json'),
  }
})

if (one !== undefined) console.log((await kind.one(one)) ?? 'nothing found')
else {
  const say = (text: string): void => {
    if (!json) console.log(text)
  }
  let told = performance.now()
  const summary = await series(kind, { seeds, messages, seconds }, (seed, tally) => {
    if (performance.now() - told < PROGRESS_MS) return
    told = performance.now()
    say(`seed ${seed}: ${JSON.stringify(tally)}`)
  })
  const { found, ...counts } = summary
  for (const { what, seed, one: again, saved } of found)
    say(
      `seed ${seed}: ${what}\n${saved === undefined ? '' : `saved as ${saved}, `}` +
        `again with: npm run fuzz -- ${name} --one ${again}`,
    )
  const [first, last] = [seeds[0], seeds.at(-1)]
  const rate = Math.round(counts.messages / counts.seconds)
  say(`seeds ${first} to ${last}: ${counts.messages} messages in ${counts.seconds} s (${rate}/s), of these`)
  say(`${JSON.stringify(counts.tally)}; ${found.length} differences`)
  if (json) console.log(JSON.stringify({ kind: name, ...counts, seeds: [first, last], found }))
  process.exitCode = found.length > 0 ? 1 : 0
}

/** `7`, or `1..100`. */
function seedsOf(text: string): number[] {
  const [from = '', to = from, ...more] = text.split('..')
  const [first, last] = [wholeFlag('seeds', from, 0), wholeFlag('seeds', to, 0)]
  if (more.length > 0 || last < first) throw badFlag('seeds', text, 'write it like 1..100')
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
