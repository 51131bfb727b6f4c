/**
 * The long run: `npm run fuzz -- [http1|http2|websocket] --seeds 1..100 --messages 100000`, or `--seed N --seconds N`.
 * `--json` prints nothing but a summary for machines. `--one N` tries the one stream or connection of a difference again.
 * Exit code 1 where something is found.
 */
import { parseArgs } from 'node:util'
import { KINDS } from './kinds.ts'
import { series } from './series.ts'

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    messages: { type: 'string' },
    seconds: { type: 'string' },
    one: { type: 'string' },
    json: { type: 'boolean' },
  },
  allowPositionals: true,
})
const [name = 'http1'] = positionals
const kind = KINDS[name]
if (kind === undefined) throw new Error(`${name} is none of ${Object.keys(KINDS).join(', ')}`)

const PROGRESS_MS = 5000
const DEFAULT_SECONDS = 60

if (values.one !== undefined) console.log((await kind.one(number('one', values.one))) ?? 'nothing found')
else {
  const seeds = seedsOf(values.seeds ?? values.seed ?? String(Math.floor(Math.random() * 2 ** 32)))
  const messages = values.messages === undefined ? Infinity : number('messages', values.messages)
  const seconds =
    values.seconds === undefined
      ? messages === Infinity
        ? DEFAULT_SECONDS
        : Infinity
      : number('seconds', values.seconds)
  const say = (text: string): void => {
    if (values.json !== true) console.log(text)
  }
  let told = performance.now()
  const summary = await series(kind, { seeds, messages, seconds }, (seed, tally) => {
    if (performance.now() - told < PROGRESS_MS) return
    told = performance.now()
    say(`seed ${seed}: ${JSON.stringify(tally)}`)
  })
  const { found, ...counts } = summary
  for (const { what, seed, one, saved } of found)
    say(
      `seed ${seed}: ${what}\n${saved === undefined ? '' : `saved as ${saved}, `}` +
        `again with: npm run fuzz -- ${name} --one ${one}`,
    )
  const [first, last] = [seeds[0], seeds.at(-1)]
  const rate = Math.round(counts.messages / counts.seconds)
  say(`seeds ${first} to ${last}: ${counts.messages} messages in ${counts.seconds} s (${rate}/s), of these`)
  say(`${JSON.stringify(counts.tally)}; ${found.length} differences`)
  if (values.json === true)
    console.log(JSON.stringify({ kind: name, ...counts, seeds: [first, last], found }))
  process.exitCode = found.length > 0 ? 1 : 0
}

/** `7`, or `1..100`. */
function seedsOf(text: string): number[] {
  const [from = '', to = from, ...more] = text.split('..')
  const [first, last] = [number('seeds', from), number('seeds', to)]
  if (more.length > 0 || last < first) throw new Error(`--seeds ${text}: not A..B with A up to B`)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function number(option: string, text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error(`--${option} ${text}: no number`)
  return value
}
