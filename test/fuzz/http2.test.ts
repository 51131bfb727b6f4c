/**
 * The short run of the fuzzer of HTTP/2 connections: a fixed seed, and one that changes; every attack once. And what
 * makes it worth believing: it would find a fault, and most of what it makes up is ordinary. `npm run fuzz -- http2` is
 * the long one.
 */
import tap from 'tap'
import { EFFORT } from '../fixtures/effort.ts'
import * as f from '../fixtures/frames.ts'
import { attack, ATTACKS } from './http2/attacks.ts'
import { campaign, summary } from './http2/campaign.ts'
import { compare, hear } from './http2/nghttp2.ts'
import { faultToApp, faultToClient, fieldFault, play } from './http2/play.ts'
import { Random } from './random.ts'

const FIXED_SEED = 20261127
const CONNECTIONS = 2000 * EFFORT
const MORE_CONNECTIONS = 500 * EFFORT
const COMPARISONS = 300 * EFFORT

void tap.test('HTTP/2 connections keep every invariant: fixed seed', async (t) => {
  const { found, tally } = fuzz(FIXED_SEED, CONNECTIONS)
  t.comment(summary(tally))
  t.equal(found, '')
  t.ok(tally.streams > tally.connections, 'streams run on them')
  t.ok(tally.refused < tally.connections / 2, 'most of them are ordinary')
})

void tap.test('HTTP/2 connections keep every invariant: a seed of the day', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  t.comment(`seed ${seed}`)
  t.equal(fuzz(seed, MORE_CONNECTIONS).found, '')
})

void tap.test('nghttp2 accepts what lastcall relays, and refuses what lastcall refuses', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  t.comment(`seed ${seed}`)
  const seeds = new Random(seed)
  for (let i = 0; i < COMPARISONS; i++) {
    const one = seeds.below(2 ** 32)
    const difference = await compare(one)
    if (difference !== undefined) t.fail(`seed ${one}: ${difference}`)
  }
  const sound = Buffer.concat([f.HELLO, f.get(1)])
  t.same(await hear(sound), { refused: false, requests: [undefined] }, 'the judge hears')
  t.match(await hear(Buffer.concat([sound, f.data(9, 'x')])), { refused: true }, 'and judges')
})

for (const one of ATTACKS)
  void tap.test(`${one.name}: ends with ENHANCE_YOUR_CALM, counted as ${one.label}`, async (t) => {
    t.equal(attack(new Random(FIXED_SEED), one), undefined)
  })

void tap.test('a fault would be found', async (t) => {
  const greeting = [f.PREFACE, f.SETTINGS]
  const toApp = (...frames: Buffer[]) => faultToApp(Buffer.concat([...greeting, ...frames]))
  t.equal(toApp(f.get(1)), undefined)
  t.match(toApp(f.frame('headers', 0, 1, f.GET), f.data(1, 'x')), /within a field block/)
  t.match(toApp(f.frame('continuation', 4, 1, f.GET)), /without a field block/)
  t.match(faultToApp(f.SETTINGS), /no preface/)
  t.match(fieldFault(Buffer.concat([...greeting, f.get(1)]), 1), /stream 1 comes without our field/)
  t.match(faultToClient(f.get(1)), /SETTINGS is not the first/)
  t.match(faultToClient(Buffer.concat([f.SETTINGS, f.goaway(1), f.goaway(3)])), /raised from 1 to 3/)
  const unheard = play({
    steps: [{ from: 'client', bytes: f.HELLO }, { sign: 'fail' }],
    clientIsSound: true,
    appIsSound: true,
  })
  t.match(unheard, { end: 'app refused', refusals: ['app-unavailable'], fault: undefined })
})

function fuzz(seed: number, connections: number) {
  for (const { tally, finding, seed: one } of campaign(seed)) {
    if (finding !== undefined) return { tally, found: `seed ${one}: ${finding}` }
    if (tally.connections >= connections) return { tally, found: '' }
  }
  throw new Error('a campaign ends only when it is told to')
}
