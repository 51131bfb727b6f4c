/**
 * The attacks on HTTP/2 that have a name, each on a connection that does ordinary work beside it, cut at random: it
 * always ends, with the right error, and is counted under its own label.
 */
import { MEASURES } from '../../../src/protocol/http2/guard.ts'
import * as f from '../../fixtures/frames.ts'
import { Http2Scene } from '../../fixtures/http2-scene.ts'
import type { Random } from '../random.ts'

const { ack, endStream, padded } = f.FLAG
const CALM = 11
const MOST_ROUNDS = 40_000

interface Round {
  readonly client: Buffer
  /** What the app says to it. */
  readonly app?: Buffer
}

interface Attack {
  readonly name: string
  readonly label: string
  /** `stream` is new in each round; `old` is one that is open, and its request has not ended. */
  readonly round: (stream: number, old: number) => Round
  /** It ends within so many rounds, at no time passing. */
  readonly within: number
}

const measured = (name: keyof typeof MEASURES) => ({
  label: MEASURES[name].label,
  within: MEASURES[name].burst + 600,
})
const client = (bytes: Buffer): Round => ({ client: bytes })
const ping = (flags: number) => f.frame('ping', flags, 0, Buffer.alloc(8))

/** The client errs on each stream, so that the app resets it with this error. */
function madeYouReset(error: number): Attack {
  return {
    name: `CVE-2025-8671, the app resets with ${error}`,
    ...measured('rapid-reset'),
    round: (stream) => ({
      client: Buffer.concat([f.get(stream), f.frame('windowUpdate', 0, stream, f.words(0))]),
      app: f.rst(stream, error),
    }),
  }
}

export const ATTACKS: readonly Attack[] = [
  {
    name: 'CVE-2023-44487, rapid reset',
    ...measured('rapid-reset'),
    round: (stream) => client(Buffer.concat([f.get(stream), f.rst(stream)])),
  },
  ...[1, 3, 5, 6].map((error) => madeYouReset(error)),
  { name: 'CVE-2019-9512, PING', ...measured('ping-flood'), round: () => client(ping(0)) },
  { name: 'ACKs of no PING', ...measured('ping-flood'), round: () => client(ping(ack)) },
  { name: 'CVE-2019-9515, SETTINGS', ...measured('settings-flood'), round: () => client(f.SETTINGS) },
  { name: 'ACKs of no SETTINGS', ...measured('settings-flood'), round: () => client(f.SETTINGS_ACK) },
  {
    name: 'CVE-2019-9513, PRIORITY',
    ...measured('priority-flood'),
    round: (stream) => client(f.frame('priority', 0, stream, Buffer.alloc(5))),
  },
  {
    name: 'CVE-2019-9518, empty DATA',
    ...measured('empty-frames'),
    round: (_, old) => client(f.data(old, '')),
  },
  {
    name: 'DATA of padding alone',
    ...measured('empty-frames'),
    round: (_, old) => client(f.frame('data', padded, old, Buffer.from([3, 0, 0, 0]))),
  },
  { name: 'unknown frames', ...measured('empty-frames'), round: () => client(f.frame(0x77, 0, 0)) },
  { name: 'resets of what is over', ...measured('empty-frames'), round: () => client(f.rst(1)) },
  { name: 'ends of what is over', ...measured('empty-frames'), round: () => client(f.data(1, '', true)) },
  {
    name: 'WINDOW_UPDATE of the connection',
    ...measured('window-update-flood'),
    round: () => client(f.frame('windowUpdate', 0, 0, f.words(1))),
  },
  {
    name: 'WINDOW_UPDATE of a stream',
    ...measured('window-update-flood'),
    round: (_, old) => client(f.frame('windowUpdate', 0, old, f.words(1))),
  },
  { name: 'GOAWAY', ...measured('goaway-flood'), round: () => client(f.goaway(0)) },
  {
    name: 'CVE-2024-27316, CONTINUATION',
    label: 'continuation-flood',
    within: 1,
    round: (stream) =>
      client(
        Buffer.concat([
          f.frame('headers', endStream, stream, f.GET),
          ...Array.from({ length: 100 }, () => f.frame('continuation', 0, stream, Buffer.from([0x82]))),
        ]),
      ),
  },
  {
    name: 'streams without an end',
    label: 'http2',
    within: 17_000,
    round: (stream) => client(f.post(stream)),
  },
]

/** Plays one of them. Returns what is wrong. */
export function attack(random: Random, which: Attack = random.pick(ATTACKS)): string | undefined {
  const scene = Http2Scene.greeted()
  scene.terms.now += random.below(100_000)
  // Ordinary work: stream 1 is over, the second is open, and there may be more.
  scene.fromClient(Buffer.concat([f.get(1), f.post(3)])).fromApp(f.ok(1))
  let next = 5
  let rounds = 0
  const heard: Buffer[] = []
  for (; scene.client === 'open' && rounds < MOST_ROUNDS; rounds++) {
    const { client: bytes, app } = which.round(next, 3)
    next += 2
    const pieces = random.chance(5) ? random.cut(bytes, 4) : [bytes]
    for (const piece of pieces) if (scene.client === 'open') scene.fromClient(piece)
    if (app !== undefined) scene.fromApp(app)
    if (random.chance(3) && scene.client === 'open') {
      scene.fromClient(Buffer.concat([f.get(next), ping(0)])).fromApp(f.ok(next))
      next += 2
    }
    heard.push(scene.took().toClient)
  }
  const wrong = (what: string) => `${which.name}: ${what} after ${rounds} rounds`
  if (scene.client === 'open') return wrong('goes on')
  if (rounds > 1.2 * which.within + 20) return wrong(`ends late, expected ${which.within}`)
  if (scene.end !== 'lastcall limit') return wrong(`ended as ${scene.end}`)
  if (scene.refusals.length !== 1 || scene.refusals[0] !== which.label)
    return wrong(`counted as ${scene.refusals.join(', ')}`)
  const last = f.framesOf(Buffer.concat(heard)).at(-1)
  const isRight = last?.type === f.TYPE.goaway && last.payload.readUInt32BE(4) === CALM
  return isRight ? undefined : wrong('no GOAWAY with ENHANCE_YOUR_CALM')
}
