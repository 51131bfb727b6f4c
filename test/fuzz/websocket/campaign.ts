/**
 * Fuzzes the cursor over WebSocket frames: random streams, valid and nearly so, judged by the `ws` package's receiver. As
 * long as it goes on, both stand between two frames at the same bytes.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { FrameCursor } from '../../../src/protocol/websocket/frame.ts'
import { frame } from '../../fixtures/websocket-frames.ts'
import { ReceiverOfWs } from '../../fixtures/websocket-receiver.ts'
import { Random } from '../random.ts'

export interface Tally {
  streams: number
  /** Frames that were sent. */
  frames: number
  /** Places where both stood between two frames. */
  ends: number
  /** Streams that ws refused, that we could not read on, that said Close. */
  refusedByWs: number
  nonsense: number
  closes: number
}

export interface Tried {
  readonly tally: Tally
  /** The seed of the last stream alone. */
  readonly seed: number
  /** What is wrong with it. */
  readonly finding: string | undefined
}

/** The events of ws are told in later ticks: they are let out as often as this. */
const STREAMS_PER_TURN = 100

export function nothing(): Tally {
  return { streams: 0, frames: 0, ends: 0, refusedByWs: 0, nonsense: 0, closes: 0 }
}

/** Streams have seeds of their own, so that one can be tried again alone: see `tryOne`. */
export async function* campaign(seed: number): AsyncGenerator<Tried> {
  const seeds = new Random(seed)
  const tally = nothing()
  for (;;) {
    const one = seeds.below(2 ** 32)
    yield { tally, finding: tryOne(one, tally), seed: one }
    if (tally.streams % STREAMS_PER_TURN === 0) await turn()
  }
}

/** Plays one stream, in random pieces. Returns what is wrong. */
export function tryOne(seed: number, tally: Tally): string | undefined {
  const random = new Random(seed)
  const isServer = random.chance(50)
  const stream = randomStream(random, isServer, tally)
  tally.streams += 1
  const receiver = new ReceiverOfWs({ isServer, skipUTF8Validation: true, maxPayload: 0 })
  const heard = { over: false }
  receiver.on('error', () => undefined)
  receiver.on('conclude', () => {
    heard.over = true
    tally.closes += 1
  })
  receiver.on('message', () => undefined)
  const cursor = new FrameCursor()
  for (let at = 0; at < stream.length && !heard.over;) {
    const to = Math.min(stream.length, at + 1 + random.below(random.chance(50) ? 3 : 300))
    receiver.write(Buffer.from(stream.subarray(at, to)))
    for (let from = at; from < to;) from = cursor.advance(stream, from, to)
    if (receiver.errored !== null || heard.over) break
    const difference = differenceAt(cursor.between, cursor.nonsense, receiver)
    if (difference !== undefined) return `${difference} after ${to} bytes of ${stream.toString('hex')}`
    if (cursor.between) tally.ends += 1
    at = to
  }
  if (receiver.errored !== null) tally.refusedByWs += 1
  if (cursor.nonsense) tally.nonsense += 1
  return undefined
}

/** What we say of a place in a stream that ws has not refused, if ws says something else. */
export function differenceAt(
  between: boolean,
  nonsense: boolean,
  theirs: { readonly _state: number; readonly _bufferedBytes: number },
): string | undefined {
  if (nonsense) return 'nonsense to us, and not to ws'
  const theyAreBetween = theirs._state === 0 && theirs._bufferedBytes === 0
  return between === theyAreBetween ? undefined : `${stand(between)} to us, ${stand(theyAreBetween)} to ws`
}

function stand(between: boolean): string {
  return between ? 'between two frames' : 'within a frame'
}

/** Frames as a peer would send them, one in eight with something wrong; then, sometimes, a byte changed anywhere. */
function randomStream(random: Random, masked: boolean, tally: Tally): Buffer {
  const parts: Buffer[] = []
  let fragmented = false
  for (let count = 1 + random.below(6); count > 0; count--) {
    const control = random.below(4) === 0
    const last = random.below(3) > 0
    const opcode = control ? random.pick([9, 10]) : fragmented ? 0 : 2
    const sizes = [0, 1, random.below(126), 125, 126, random.below(600), 66_000]
    const payload = sizes[random.below(control ? 4 : random.below(20) === 0 ? 7 : 6)]!
    const odd = random.below(8) === 0
    const first = (control || last ? 0x80 : 0) | opcode
    const isMasked = masked !== (odd && random.below(4) === 0)
    const mask = Buffer.from([random.below(256), random.below(256), random.below(256), 0])
    const wide = odd && payload <= 0xffff ? random.pick([16, 64] as const) : undefined
    parts.push(
      frame({
        first: odd && random.chance(50) ? random.below(256) : first,
        payload,
        ...(isMasked && { mask }),
        ...(wide && { wide }),
      }),
    )
    if (!control) fragmented = !last
  }
  if (random.below(5) === 0)
    parts.push(frame({ first: 0x88, payload: 0, ...(masked && { mask: Buffer.of(1, 2, 3, 4) }) }))
  tally.frames += parts.length
  const stream = Buffer.concat(parts)
  if (random.below(6) === 0) stream[random.below(stream.length)] = random.below(256)
  return stream
}
