/**
 * The long run: `npm run fuzz -- [http2] --seed N --seconds N`. Without `http2`, a difference is saved as a transcript in
 * test/wire/found/, where it fails the wire tests until it is understood: fixed, or written down as what must happen.
 * With it, the seed of the one connection is printed: `--one N` plays that alone. Exit code 1 where something is found.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { encode, fenced } from '../fixtures/transcript.ts'
import { campaign, type Difference, summary } from './campaign.ts'
import * as http2 from './http2/campaign.ts'
import { compare } from './http2/nghttp2.ts'

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, seconds: { type: 'string' }, one: { type: 'string' } },
  allowPositionals: true,
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
const seconds = Number(values.seconds ?? 60)
const PROGRESS_MS = 5000

if (values.one === undefined) console.log(`seed ${seed}, ${seconds} s`)
process.exitCode = positionals.includes('http2') ? await runHttp2(values.one) : run()

async function runHttp2(one: string | undefined): Promise<number> {
  if (one !== undefined) {
    const found = http2.tryOne(Number(one), http2.nothing()) ?? (await compare(Number(one)))
    console.log(found ?? 'nothing found')
    return 0
  }
  const start = performance.now()
  let told = start
  for (const { tally, finding, seed: last } of http2.campaign(seed)) {
    // The judge is slow: it gets one in ten.
    const what = finding ?? (tally.connections % 10 === 0 ? await compare(last) : undefined)
    if (what !== undefined) {
      console.log(`${what}\nagain with: npm run fuzz -- http2 --one ${last}`)
      return 1
    }
    const now = performance.now()
    const over = now - start > seconds * 1000
    if (!over && now - told < PROGRESS_MS) continue
    told = now
    console.log(`${Math.round((now - start) / 1000)} s: ${http2.summary(tally)}`)
    if (over) return 0
  }
  return 0
}

function run(): number {
  const start = performance.now()
  let told = start
  for (const { tally, difference } of campaign(seed)) {
    if (difference !== undefined) {
      console.log(
        `${difference.side}: ${difference.what}\nstream seed ${difference.seed}: saved as ${save(difference)}`,
      )
      return 1
    }
    const now = performance.now()
    const over = now - start > seconds * 1000
    if (!over && now - told < PROGRESS_MS) continue
    told = now
    const rate = Math.round(((tally.requests + tally.responses) / (now - start)) * 1000)
    console.log(`${Math.round((now - start) / 1000)} s: ${summary(tally)}, ${rate} messages/s`)
    if (over) return 0
  }
  return 0
}

function save({ what, side, stream, seed: streamSeed }: Difference): string {
  const folder = fileURLToPath(new URL('../wire/found/', import.meta.url))
  const path = `${folder}${side}-${streamSeed}.md`
  const asked = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const blocks = side === 'client' ? [] : fenced('client', encode(asked))
  const text = [
    '# Found by fuzzing',
    '',
    `## ${what.replaceAll('\n', ' ')}`,
    '',
    'DESIGN §2: to be understood.',
    '',
  ]
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${[...text, ...blocks, ...fenced(side, encode(stream))].join('\n')}\n`)
  return path
}
