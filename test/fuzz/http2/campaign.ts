/** Fuzzes HTTP/2 connections for as long as it is asked on, and reports the first finding. */
import { TYPE } from '../../fixtures/frames.ts'
import { Random } from '../random.ts'
import { attack } from './attacks.ts'
import { framesIn, type Outcome, play } from './play.ts'
import { type Script, script } from './script.ts'

export interface Tally {
  connections: number
  attacks: number
  /** Connections that we ended for what the client did. */
  refused: number
  /** Streams that ended. */
  streams: number
  bytes: number
}

export function nothing(): Tally {
  return { connections: 0, attacks: 0, refused: 0, streams: 0, bytes: 0 }
}

export interface Tried {
  readonly tally: Tally
  /** The seed of the last connection alone. */
  readonly seed: number
  /** What is wrong with it. */
  readonly finding: string | undefined
}

/** Connections are numbered by seeds of their own, so that one can be tried again alone: see `tryOne`. */
export function* campaign(seed: number): Generator<Tried> {
  const seeds = new Random(seed)
  const tally = nothing()
  for (;;) {
    const one = seeds.below(2 ** 32)
    yield { tally, finding: tryOne(one, tally), seed: one }
  }
}

/** Plays one connection, as it comes and byte by byte; or an attack. Returns what is wrong. */
export function tryOne(seed: number, tally: Tally): string | undefined {
  const random = new Random(seed)
  tally.connections += 1
  if (random.chance(1)) {
    tally.attacks += 1
    return attack(random)
  }
  const made = script(random, 5 + random.below(60))
  const whole = play(made)
  tally.streams += whole.ends.length
  tally.bytes += whole.toApp.length + whole.toClient.length
  if (whole.end.startsWith('lastcall') && whole.refusals.length > 0) tally.refused += 1
  return whole.fault ?? (random.chance(30) && !isLeaving(made) ? cutDifference(made, whole) : undefined)
}

/** Where a farewell is said may depend on the pieces: at the first moment when nothing is in flight, for one. */
function isLeaving({ steps }: Script): boolean {
  return steps.some((step) => 'sign' in step && (step.sign === 'part' || step.sign === 'drain'))
}

/** However the bytes are cut, they mean the same. */
function cutDifference(made: Script, whole: Outcome): string | undefined {
  const cut = play(made, true)
  if (cut.fault !== undefined) return `byte by byte: ${cut.fault}`
  // Of the frame that ends a connection, how much the app got depends on the pieces.
  const least = Math.min(whole.toApp.length, cut.toApp.length)
  if (!whole.toApp.subarray(0, least).equals(cut.toApp.subarray(0, least)))
    return 'cut: other bytes for the app'
  if (whole.refusals.length === 0 && whole.toApp.length !== cut.toApp.length)
    return 'cut: fewer bytes for the app'
  if (whole.end !== cut.end) return `cut: ${cut.end}, whole: ${whole.end}`
  const [refusals, cutRefusals] = [whole.refusals.join(', '), cut.refusals.join(', ')]
  if (refusals !== cutRefusals) return `cut: refused for ${cutRefusals}, whole: ${refusals}`
  const [ends, cutEnds] = [whole.ends.join(', '), cut.ends.join(', ')]
  if (ends !== cutEnds) return `cut: ${cutEnds}, whole: ${ends}`
  const [a, b] = [said(whole.toClient), said(cut.toClient)]
  return made.appIsSound && a !== b ? `cut: the client hears\n${b}\nwhole:\n${a}` : undefined
}

/** Without what we say for streams that we have refused: that is said once for each piece. */
function said(toClient: Buffer): string {
  return framesIn(toClient)
    .frames.filter(({ type, stream, payload }) => {
      if (type === TYPE.windowUpdate) return stream !== 0
      return type !== TYPE.rst || ![2, 7].includes(payload[3] ?? 0)
    })
    .map(({ type, flags, stream, payload }) => `${type} ${flags} ${stream} ${payload.toString('hex')}`)
    .join('\n')
}

/** How much was tried, in a line. */
export function summary({ connections, attacks, refused, streams, bytes }: Tally): string {
  return `${connections} connections (${refused} refused, ${attacks} attacks), ${streams} streams, ${bytes} bytes`
}
