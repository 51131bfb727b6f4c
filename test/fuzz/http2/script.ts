/**
 * Makes up what both sides of an HTTP/2 connection say, and what happens to it: frames that are mostly right, some that
 * are odd or damaged, in pieces that interleave anyhow, with drains and ends at any moment. Pure; a seed brings it back.
 */
import { OUR_PING } from '../../../src/proxy/conversation/http2-farewell.ts'
import * as f from '../../fixtures/frames.ts'
import type { Random } from '../random.ts'

export type Sign =
  | 'open'
  | 'fail'
  | 'part'
  | 'drain'
  | 'resume'
  | 'wait'
  | 'close if idle'
  | 'head timed out'
  | 'client fin'
  | 'client gone'
  | 'app fin'
  | 'app gone'
  | 'client stops reading'
  | 'client reads on'

export type Step =
  | { readonly from: 'client' | 'app'; readonly bytes: Buffer }
  | { readonly sign: Sign; readonly ms?: number }

export interface Script {
  readonly steps: readonly Step[]
  /** Nothing that a side says breaks a rule by itself. */
  readonly clientIsSound: boolean
  readonly appIsSound: boolean
}

const { ack, endHeaders, endStream, padded, priority } = f.FLAG
/** Field blocks: the tables are used, so that a decoder that misses one is found out. */
const INDEXED = Buffer.concat([f.GET, Buffer.from([0x40, 1, 0x78, 1, 0x79])])
const FROM_TABLE = Buffer.concat([f.POST, Buffer.from([0xbe])])
const LONG = Buffer.concat([f.POST, Buffer.from([0, 1, 0x78, 0x7f, 0x81, 1]), Buffer.alloc(256, 0x61)])
const RESIZED = Buffer.concat([Buffer.from([0x20]), f.GET])
/** The answer to our PING, if there was one. */
const PONG = f.frame('ping', ack, 0, OUR_PING)
const TRAILERS = Buffer.from([0, 1, 0x78, 1, 0x79])

/** One side, as it thinks the connection is. */
interface Model {
  next: number
  promised: number
  /** Streams and which sides have ended theirs. */
  readonly open: Map<number, { client: boolean; app: boolean; answered: boolean }>
  changesTable: boolean
  /** The decoder's table has an entry. */
  isIndexed: boolean
  /** No app speaks, so there is nothing to acknowledge. */
  readonly isAlone: boolean
  /** What the app has said in its last GOAWAY. */
  last: number
}

export function script(random: Random, steps: number, isAlone = false): Script {
  const model: Model = {
    next: 1,
    promised: 2,
    open: new Map(),
    changesTable: random.chance(30),
    isIndexed: false,
    isAlone,
    last: 2 ** 31 - 1,
  }
  const clientIsSound = random.chance(60)
  const appIsSound = random.chance(85)
  const calm = random.chance(60)
  const queues: Record<'client' | 'app', Buffer[]> = { client: [f.HELLO], app: [f.SETTINGS] }
  const all: Step[] = []
  let isOpen = false
  for (let i = 0; i < steps; i++) {
    if (!isOpen && random.chance(30)) {
      isOpen = true
      all.push({ sign: random.chance(95) ? 'open' : 'fail' })
    }
    const side = isAlone || random.chance(55) ? 'client' : 'app'
    const made = side === 'client' ? clientFrame(random, model) : appFrame(random, model)
    const isSound = side === 'client' ? clientIsSound : appIsSound
    queues[side].push(isSound || random.chance(85) ? made : damaged(random, made))
    for (const from of ['client', 'app'] as const) {
      if (from === 'app' && !isOpen) continue
      const bytes = some(random, queues[from])
      if (bytes.length > 0) all.push({ from, bytes })
    }
    if (!calm && random.chance(12)) all.push(sign(random))
    else if (random.chance(10)) all.push({ sign: 'wait', ms: random.below(300) })
  }
  for (const from of ['client', 'app'] as const) all.push({ from, bytes: Buffer.concat(queues[from]) })
  return { steps: all, clientIsSound, appIsSound }
}

/** Takes some bytes from a queue, seldom all. */
function some(random: Random, queue: Buffer[]): Buffer {
  const bytes = Buffer.concat(queue)
  const take = random.chance(40) ? bytes.length : random.below(bytes.length + 1)
  queue.splice(0, queue.length, bytes.subarray(take))
  return bytes.subarray(0, take)
}

function sign(random: Random): Step {
  const name = random.pick<Sign>([
    'part',
    'part',
    'drain',
    'drain',
    'resume',
    'wait',
    'wait',
    'close if idle',
    'head timed out',
    'client fin',
    'client gone',
    'app fin',
    'app gone',
    'client stops reading',
    'client reads on',
  ])
  return name === 'wait' ? { sign: name, ms: random.pick([1, 250, 1000, 5000]) } : { sign: name }
}

/** A frame of the client that breaks no rule, as far as the client can know. */
function clientFrame(random: Random, model: Model): Buffer {
  const mine = [...model.open].filter(([id, { client }]) => id % 2 === 1 && !client).map(([id]) => id)
  switch (random.below(mine.length === 0 ? 10 : 20)) {
    case 0:
      if (!model.isAlone && random.chance(20)) return PONG
      return f.frame('ping', model.isAlone ? 0 : random.pick([0, ack]), 0, Buffer.alloc(8, 7))
    case 1:
      return random.pick([
        f.SETTINGS,
        f.frame('settings', 0, 0, f.setting(4, 70_000)),
        model.isAlone ? f.SETTINGS : f.SETTINGS_ACK,
      ])
    case 2:
      return f.frame('windowUpdate', 0, 0, f.words(1 + random.below(1000)))
    case 3:
      return f.frame('priority', 0, model.next + 2, Buffer.from([0, 0, 0, 0, 9]))
    case 4:
      return f.frame(random.pick([0xa, 0x10, 0x77]), random.below(256), 0, Buffer.alloc(random.below(20)))
    case 5:
      return random.chance(5) ? f.goaway(0) : opens(random, model)
    case 6:
    case 7:
    case 8:
    case 9:
      return opens(random, model)
    case 10:
    case 11:
      return resets(random, model, random.pick([...model.open.keys()]))
    case 12:
      return f.frame('windowUpdate', 0, random.pick(mine), f.words(1 + random.below(1000)))
    case 13: {
      const id = random.pick(mine)
      closes(model, id, 'client')
      return block(random, id, TRAILERS, endStream)
    }
    default: {
      const id = random.pick(mine)
      const end = random.chance(40)
      if (end) closes(model, id, 'client')
      return data(random, id, end)
    }
  }
}

function opens(random: Random, model: Model): Buffer {
  const id = model.next
  model.next += 2 + 2 * random.below(2)
  const end = random.chance(50)
  model.open.set(id, { client: end, app: false, answered: false })
  return block(random, id, understood(random, model), end ? endStream : 0)
}

/** A field block that is understood, whatever came before. */
function understood(random: Random, model: Model): Buffer {
  const blocks = [f.GET, f.POST, LONG, ...(model.changesTable ? [INDEXED, RESIZED] : [])]
  const picked = random.pick(model.isIndexed ? [...blocks, FROM_TABLE] : blocks)
  if (picked === INDEXED) model.isIndexed = true
  if (picked === RESIZED) model.isIndexed = model.changesTable = false
  return picked
}

/** A field block in one frame or several, padded or not. */
function block(random: Random, id: number, fields: Buffer, flags: number): Buffer {
  const pieces = random.chance(70) ? [fields] : random.cut(fields, 4)
  if (random.chance(5)) pieces.push(Buffer.alloc(0))
  return Buffer.concat(
    pieces.map((piece, i) => {
      const last = i === pieces.length - 1 ? endHeaders : 0
      if (i > 0) return f.frame('continuation', last, id, piece)
      const padding = random.chance(20) ? random.below(30) : -1
      const weight = random.chance(20) ? Buffer.from([0, 0, 0, 0, 1]) : Buffer.alloc(0)
      const padFlag = padding < 0 ? 0 : padded
      const head = padding < 0 ? weight : Buffer.concat([Buffer.of(padding), weight])
      const payload = Buffer.concat([head, piece, Buffer.alloc(Math.max(0, padding))])
      return f.frame('headers', last | flags | padFlag | (weight.length > 0 ? priority : 0), id, payload)
    }),
  )
}

function data(random: Random, id: number, end: boolean): Buffer {
  const size = random.pick([0, 1, 10, 1000])
  const flags = end ? endStream : 0
  if (random.chance(70)) return f.frame('data', flags, id, Buffer.alloc(size, 0x64))
  const padding = random.below(20)
  const payload = Buffer.concat([Buffer.of(padding), Buffer.alloc(size + padding)])
  return f.frame('data', flags | padded, id, payload)
}

function resets(random: Random, model: Model, id: number): Buffer {
  model.open.delete(id)
  return f.rst(id, random.pick([0, 1, 2, 3, 5, 7, 8, 11]))
}

function closes(model: Model, id: number, side: 'client' | 'app'): void {
  const stream = model.open.get(id)
  if (stream === undefined) return
  stream[side] = true
  if (stream.client && stream.app) model.open.delete(id)
}

/** A frame of an app. */
function appFrame(random: Random, model: Model): Buffer {
  const mine = [...model.open].filter(([, { app }]) => !app).map(([id]) => id)
  if (mine.length === 0 || random.chance(20)) return appControl(random, model)
  const id = random.pick(mine)
  const stream = model.open.get(id)!
  if (random.chance(10)) return resets(random, model, id)
  const end = random.chance(40)
  if (end) closes(model, id, 'app')
  const isAnswered = stream.answered
  stream.answered = true
  if (isAnswered && random.chance(80)) return data(random, id, end)
  if (isAnswered) return block(random, id, TRAILERS, end ? endStream : 0)
  return block(random, id, random.pick([f.OK, Buffer.from([0x8d]), TRAILERS]), end ? endStream : 0)
}

function appControl(random: Random, model: Model): Buffer {
  switch (random.below(8)) {
    case 0:
      return f.frame('ping', random.pick([0, ack]), 0, Buffer.alloc(8, random.below(256)))
    case 1:
      return f.frame('settings', 0, 0, f.setting(5, random.pick([16_384, 20_000])))
    case 2:
      return f.SETTINGS_ACK
    case 3:
      if (random.chance(50)) model.last = Math.min(model.last, random.below(model.next + 2))
      return f.goaway(model.last, random.pick([0, 0, 2]))
    case 4: {
      if (model.open.size === 0) return f.SETTINGS_ACK
      const id = model.promised
      model.promised += 2
      const on = random.pick([...model.open.keys()])
      model.open.set(id, { client: true, app: false, answered: false })
      return f.frame('push', endHeaders, on, Buffer.concat([f.words(id), f.GET]))
    }
    case 5:
      return f.frame(0x77, 0, 0, Buffer.alloc(random.below(30)))
    default:
      return f.frame('windowUpdate', 0, 0, f.words(1 + random.below(1000)))
  }
}

/** One bit, byte, length or order that is not what it should be. */
function damaged(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  switch (random.below(6)) {
    case 0:
      copy[random.below(Math.min(9, copy.length))] = random.below(256)
      return copy
    case 1:
      copy[random.below(copy.length)]! ^= 1 << random.below(8)
      return copy
    case 2:
      return copy.subarray(0, random.below(copy.length))
    case 3:
      return Buffer.concat([copy, copy])
    case 4:
      copy.writeUInt32BE(random.pick([0, 1, 2, 3, 2 ** 31 - 1]), 5)
      return copy
    default:
      return Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))
  }
}
