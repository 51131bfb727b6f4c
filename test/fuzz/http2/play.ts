/**
 * Plays a script through the conversation, without a network, and judges what came out: see `faultsOf`. The scene
 * itself throws where the contract of `Link` is broken.
 */
import { TYPE, FLAG, forwarded, PREFACE } from '../../fixtures/frames.ts'
import { ADDRESS, Http2Scene } from '../../fixtures/http2-scene.ts'
import type { Script, Sign, Step } from './script.ts'

export interface Outcome {
  readonly toApp: Buffer
  readonly toClient: Buffer
  readonly refusals: readonly string[]
  readonly ends: readonly string[]
  readonly end: string
  /** The first thing that must not be; undefined if there is none. */
  readonly fault: string | undefined
}

/** The most that may wait within: half a head on each side, and what is held until the app is there. */
const MAX_HELD_BYTES = 64 * 1024 + 4096
const OUR_FIELD = forwarded(ADDRESS)
const BYTEWISE_LIMIT = 4000
/** The most that the app of a script allows. */
const LARGEST_FRAME = 20_000
const MAX_STREAM = 2 ** 31 - 1

/** Plays it; with `bytewise`, every piece comes byte by byte. */
export function play({ steps, appIsSound }: Script, bytewise = false): Outcome {
  const stage = new Stage()
  let fault: string | undefined
  try {
    for (const step of steps) stage.act(step, bytewise)
    fault = stage.finish()
  } catch (error) {
    fault = `throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const toApp = Buffer.concat(stage.toApp)
  const toClient = Buffer.concat(stage.toClient)
  fault ??= faultToApp(toApp)
  if (appIsSound) fault ??= fieldFault(toApp, lastOfApp(steps)) ?? faultToClient(toClient)
  const { refusals, ends, end } = stage.scene
  return { toApp, toClient, refusals, ends, end, fault }
}

function single(bytes: Buffer): Buffer[] {
  return bytes.length > BYTEWISE_LIMIT ? [bytes] : Array.from(bytes, (byte) => Buffer.of(byte))
}

/** The scene, and what its sides have said that cannot be heard yet. */
class Stage {
  readonly scene = new Http2Scene()
  readonly toApp: Buffer[] = []
  readonly toClient: Buffer[] = []
  readonly #unheard: Record<'client' | 'app', Buffer[]> = { client: [], app: [] }
  #wantsOpen = false
  #clientIsDone = false
  #held = 0

  /** Does what a step says; with `bytewise`, its bytes come one by one. */
  act(step: Step, bytewise: boolean): void {
    if ('bytes' in step) {
      if (step.from === 'app' || !this.#clientIsDone)
        this.#unheard[step.from].push(...(bytewise ? single(step.bytes) : [step.bytes]))
    } else this.#sign(step.sign, step.ms ?? 250)
    this.#hear()
  }

  /** The client goes away. Returns what is wrong then. */
  finish(): string | undefined {
    const { scene } = this
    if (scene.client === 'open') scene.talk.clientGone()
    this.#take()
    if (scene.streams.size > 0) return `${scene.streams.size} streams are in flight when the client is gone`
    if (scene.app !== 'none') return 'the app connection is left open when the client is gone'
    return undefined
  }

  #hear(): void {
    const { scene } = this
    const { client, app } = this.#unheard
    for (let isNew = true; isNew;) {
      isNew = false
      for (; scene.client === 'open' && !scene.paused && client.length > 0; isNew = true) {
        const bytes = client.shift()!
        if (scene.app === 'dialling') this.#held += bytes.length
        if (this.#held > MAX_HELD_BYTES) throw new Error(`${this.#held} bytes are held`)
        scene.fromClient(bytes)
      }
      if (this.#wantsOpen && scene.app === 'dialling') {
        this.#wantsOpen = false
        this.#held = 0
        scene.open()
      }
      for (; scene.app === 'open' && app.length > 0; isNew = true) scene.fromApp(app.shift()!)
      this.#take()
    }
  }

  #take(): void {
    const { toApp, toClient } = this.scene.took()
    this.toApp.push(toApp)
    this.toClient.push(toClient)
  }

  #sign(sign: Sign, ms: number): void {
    const { scene } = this
    const { terms, talk } = scene
    if (sign === 'resume') terms.lameDuck = terms.draining = false
    if (sign === 'open') this.#wantsOpen = true
    if (sign === 'client stops reading') scene.clientBacklog = true
    if (scene.client !== 'open') return
    switch (sign) {
      case 'fail':
        if (scene.app === 'dialling') scene.fail('refused')
        return
      case 'part':
        return scene.part()
      case 'drain':
        return scene.drain()
      case 'wait':
        return scene.wait(ms)
      case 'close if idle':
        if (scene.streams.size === 0) talk.closeIfIdle('drained')
        return
      case 'head timed out':
        if (talk.inHead) talk.headTimedOut()
        return
      case 'client fin':
        // What waits behind it in our kernel is read before it.
        if (this.#clientIsDone || this.#unheard.client.length > 0) return
        this.#clientIsDone = true
        return talk.clientEnded()
      case 'client gone':
        talk.clientGone()
        scene.client = 'reset'
        return
      case 'app fin':
        if (scene.app === 'open') talk.appEnded()
        return
      case 'app gone':
        if (scene.app !== 'open') return
        scene.app = 'none'
        return talk.appGone()
      case 'client reads on':
        scene.clientBacklog = false
        return talk.clientDrained()
      case 'client stops reading':
      case 'open':
      case 'resume':
    }
  }
}

/** The lowest stream that a GOAWAY of the app names: what is above it is nobody's. */
function lastOfApp(steps: readonly Step[]): number {
  const said = steps.flatMap((step) => ('bytes' in step && step.from === 'app' ? [step.bytes] : []))
  const { frames } = framesIn(Buffer.concat(said))
  const lasts = frames.flatMap(({ type, payload }) =>
    type === TYPE.goaway && payload.length >= 8 ? [payload.readUInt32BE(0) & MAX_STREAM] : [],
  )
  return Math.min(MAX_STREAM, ...lasts)
}

interface Seen {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** The whole frames; what is left is part of one. */
export function framesIn(bytes: Buffer): { frames: Seen[]; rest: number } {
  const frames: Seen[] = []
  let at = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push({
      type: bytes[at + 3]!,
      flags: bytes[at + 4]!,
      stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return { frames, rest: bytes.length - at }
}

/** What is wrong with the frames that one side got: RFC 9113 §4.3, a field block is one piece. */
function blockFault(frames: readonly Seen[]): string | undefined {
  let block = 0
  for (const { type, flags, stream } of frames) {
    if (block !== 0 && (type !== TYPE.continuation || stream !== block))
      return `type ${type} within a field block`
    if (block === 0 && type === TYPE.continuation) return 'CONTINUATION without a field block'
    const isBlock = type === TYPE.headers || type === TYPE.push || type === TYPE.continuation
    if (isBlock) block = (flags & FLAG.endHeaders) === 0 ? stream : 0
  }
  return undefined
}

/** The app gets the preface, then SETTINGS, and whole field blocks in frames that it takes. */
export function faultToApp(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined
  if (!bytes.subarray(0, PREFACE.length).equals(PREFACE)) return 'to app: no preface'
  const { frames } = framesIn(bytes)
  const wrong = blockFault(frames)
  if (wrong !== undefined) return `to app: ${wrong}`
  for (const [i, { type, payload }] of frames.entries()) {
    if (i === 0 && type !== TYPE.settings) return 'to app: SETTINGS is not the first'
    if (type === TYPE.push) return 'to app: PUSH_PROMISE'
    if (payload.length > LARGEST_FRAME) return 'to app: a frame that is too large'
  }
  return undefined
}

/** Who asks stands at the end of the block of every request. What is above `lastNamed` the app has refused. */
export function fieldFault(bytes: Buffer, lastNamed: number): string | undefined {
  let last = 0
  let request = 0
  for (const { type, flags, stream, payload } of framesIn(bytes).frames) {
    if (type === TYPE.headers) {
      request = stream > last ? stream : 0
      last = Math.max(last, stream)
    }
    const ends = (type === TYPE.headers || type === TYPE.continuation) && (flags & FLAG.endHeaders) !== 0
    if (!ends || request === 0 || request > lastNamed) continue
    const padding = type === TYPE.headers && (flags & FLAG.padded) !== 0 ? payload[0]! : 0
    const field = payload.subarray(0, payload.length - padding).subarray(-OUR_FIELD.length)
    if (!field.equals(OUR_FIELD)) return `to app: stream ${request} comes without our field`
  }
  return undefined
}

/** The client: SETTINGS first, whole frames, and a last stream in GOAWAY that is never raised (§6.8). */
export function faultToClient(bytes: Buffer): string | undefined {
  const { frames } = framesIn(bytes)
  const wrong = blockFault(frames)
  if (wrong !== undefined) return `to client: ${wrong}`
  let last = MAX_STREAM
  for (const [i, { type, payload }] of frames.entries()) {
    if (i === 0 && type !== TYPE.settings) return 'to client: SETTINGS is not the first'
    if (type !== TYPE.goaway) continue
    const said = payload.readUInt32BE(0)
    if (said > last) return `to client: GOAWAY raised from ${last} to ${said}`
    last = said
  }
  return undefined
}
