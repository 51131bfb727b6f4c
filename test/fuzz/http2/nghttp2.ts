/**
 * Node's own HTTP/2 (nghttp2) as the judge of what a client says: what we refuse it refuses, and what it takes it takes
 * from us as well, with the same requests, each with who asks.
 */
import { performServerHandshake } from 'node:http2'
import { setImmediate as turn } from 'node:timers/promises'
import { SETTINGS, TYPE } from '../../fixtures/frames.ts'
import { ADDRESS } from '../../fixtures/http2-scene.ts'
import { End } from '../../fixtures/two-ends.ts'
import { Random } from '../random.ts'
import { framesIn, play } from './play.ts'
import { script, type Step } from './script.ts'

/** As many turns of the loop as Node needs to hear all, and to say what it thinks of it. */
const TURNS = 6

const PREFACE_BYTES = 24
const HEAD_BYTES = 9
const PADDED = 0x8
/** The largest frame before SETTINGS say otherwise (§4.2). */
const MAX_FRAME = 16_384
/** A PING on a stream: what nobody takes (§6.7). */
const PROTOCOL_ERROR_FRAME = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])

interface Heard {
  /** An error ended the connection. */
  readonly refused: boolean
  /** What each request said in x-forwarded-for. */
  readonly requests: readonly (string | undefined)[]
}

/** What a server of Node makes of the bytes of a client. */
export async function hear(bytes: Buffer): Promise<Heard> {
  const end = new End()
  const said: Buffer[] = []
  end.onWritten = (written) => said.push(written)
  end.on('error', () => undefined)
  const session = performServerHandshake(end)
  const requests: (string | undefined)[] = []
  let failed = false
  session.on('error', () => (failed = true))
  session.on('stream', (stream, headers) => {
    requests.push(headers['x-forwarded-for']?.toString())
    stream.on('error', () => undefined)
    stream.resume()
  })
  end.give(bytes)
  for (let i = 0; i < TURNS; i++) await turn()
  const farewell = framesIn(Buffer.concat(said)).frames.findLast(({ type }) => type === TYPE.goaway)
  session.destroy()
  end.destroy()
  return { refused: failed || (farewell?.payload.readUInt32BE(4) ?? 0) !== 0, requests }
}

/** Tries one client, whose app says nothing but hello. Returns where we and nghttp2 differ in a way that we must not. */
export async function compare(seed: number): Promise<string | undefined> {
  const random = new Random(seed)
  const made = script(random, 5 + random.below(60), true)
  const [first, ...rest] = made.steps.filter((step) => 'bytes' in step && step.from === 'client')
  if (first === undefined) return undefined
  const hello: Step[] = [{ sign: 'open' }, { from: 'app', bytes: SETTINGS }]
  const steps = [first, ...hello, ...rest]
  const ours = play({ ...made, steps })
  if (ours.fault !== undefined) return ours.fault
  const bytes = steps.flatMap((step) => ('bytes' in step && step.from === 'client' ? [step.bytes] : []))
  const all = Buffer.concat(bytes)
  const direct = await hear(all)
  if (ours.end === 'lastcall protocol' && !direct.refused && !(await hear(completed(all))).refused)
    return 'we refuse what nghttp2 takes'
  const through = await hear(ours.toApp)
  if (through.requests.some((said) => said !== ADDRESS))
    return `nghttp2 is told that ${through.requests.join('; ')} ask`
  if (direct.refused || ours.refusals.length > 0) return undefined
  if (through.refused) return 'nghttp2 refuses what we pass, and took it before'
  if (through.requests.length !== direct.requests.length)
    return `${through.requests.length} requests come through of ${direct.requests.length}`
  return undefined
}

/**
 * The bytes with their last frame completed: we judge a frame by its head, nghttp2 when it has all of it. And without
 * DATA that has less room than its padding needs, which nghttp2 does not look at on a stream that is closed (§6.1).
 */
function completed(bytes: Buffer): Buffer {
  const parts: Buffer[] = [bytes.subarray(0, PREFACE_BYTES)]
  let at = PREFACE_BYTES
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUIntBE(at, 3)
    if (length > MAX_FRAME) return Buffer.concat([...parts, PROTOCOL_ERROR_FRAME])
    const frame = Buffer.alloc(HEAD_BYTES + length)
    bytes.copy(frame, 0, at, at + frame.length)
    const padded = frame[3] === TYPE.data && (frame[4]! & PADDED) !== 0
    if (padded && length < 1 + (frame[HEAD_BYTES] ?? 0)) parts.push(PROTOCOL_ERROR_FRAME)
    else parts.push(frame)
    at += HEAD_BYTES + length
  }
  return Buffer.concat(parts)
}
