/** The clients of the chaos that speak WebSocket and HTTP/2. */
import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Client, Stage } from './clients.ts'
import { type Outcome, show } from './ledger.ts'
import { matches, piece } from './pattern.ts'
import { isUnkind, type Plan, randomPlan, targetOf } from './plan.ts'

const PATIENCE_MS = 12_000
/** Close codes that lastcall or the kernel may give: it is leaving, or the connection broke. */
const GOING_AWAY = 1001

/** Talks with an echo, and leaves in one of three ways. */
const webSocket: Client = async ({ place, ledger, random }) => {
  const { epoch } = ledger
  const socket = new WebSocket(`ws://${place.host}:${place.port}/ws`, { perMessageDeflate: false })
  socket.on('error', () => undefined)
  const closed = Promise.withResolvers<number>()
  socket.on('close', (code) => closed.resolve(code))
  const sent = Array.from({ length: random.below(20) }, (_, i) =>
    Buffer.concat([Buffer.from([i]), piece(i, 0, random.pick([0, 10, 126, 5000, 65_535]))]),
  )
  let echoed = 0
  let wrong = false
  const all = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    wrong ||= sent[echoed]?.equals(data) !== true
    echoed += 1
    if (echoed === sent.length) all.resolve()
  })
  const opened = Promise.withResolvers<boolean>()
  socket.on('open', () => opened.resolve(true))
  const excused = () => ledger.epoch !== epoch || ledger.excuses
  const late = timeout()
  if (
    !(await Promise.race([opened.promise, closed.promise.then(() => false), late.promise.then(() => false)]))
  ) {
    if (!excused()) ledger.breach('websocket: could not be opened')
    return end()
  }
  for (const message of sent) {
    socket.send(message)
    if (random.chance(30)) await sleep(random.below(10))
  }
  if (random.chance(20)) return end()
  if (sent.length > 0) await Promise.race([all.promise, closed.promise, late.promise])
  if (wrong) ledger.breach('websocket: an echo that is none')
  socket.close(1000)
  const code = await Promise.race([closed.promise, late.promise])
  if (code === undefined) ledger.breach(`websocket: not closed, ${echoed} of ${sent.length} echoes`)
  else if (code !== GOING_AWAY && (code !== 1000 || echoed !== sent.length) && !excused())
    ledger.breach(`websocket: closed with ${code} after ${echoed} of ${sent.length} echoes`)
  ledger.count(`websocket closed with ${code}`)
  return end()

  function end(): void {
    late.cancel()
    socket.terminate()
  }
}

/** A connection with many streams, some of which it resets; in the end it closes, or is gone. */
const http2: Client = async (stage) => {
  const { place, random, ledger } = stage
  // Not of each stream: the app may be gone, and we are not told of it yet.
  const { epoch } = ledger
  const session = connect(`http://${place.host}:${place.port}`)
  session.on('error', () => undefined)
  const told = new AbortController()
  session.on('goaway', () => told.abort())
  const rude = random.chance(20)
  try {
    try {
      await Promise.race([once(session, 'connect'), once(session, 'close')])
    } catch (error) {
      if (!ledger.excuses && ledger.epoch === epoch)
        ledger.breach(`http2: could not connect: ${String(error)}`)
      return
    }
    const streams: Promise<void>[] = []
    for (let i = random.below(15); i >= 0 && !told.signal.aborted && !session.closed; i -= 1) {
      streams.push(stream(stage, session, () => told.signal.aborted || rude || ledger.epoch !== epoch))
      if (random.chance(40)) await sleep(random.below(10))
    }
    if (rude) await sleep(random.below(100))
    else await Promise.all(streams)
    ledger.count('http2 sessions')
  } finally {
    session.destroy()
  }
}

async function stream(
  { random, ledger }: Stage,
  session: ClientHttp2Session,
  excused: () => boolean,
): Promise<void> {
  const plan = randomPlan(random, { framing: 'length', chunkedUp: false })
  const resets = random.chance(15)
  const one = session.request(
    {
      ':method': plan.method,
      ':path': targetOf(plan),
      ...(plan.up > 0 && { 'content-length': String(plan.up) }),
    },
    { endStream: plan.up === 0 },
  )
  const answer = read(one, plan, (what) => ledger.breach(`http2: ${what}: ${show(plan)}`))
  const gone = once(one, 'close').catch(() => undefined)
  for (let at = 0; at < plan.up && !one.destroyed;) {
    const part = piece(2 * plan.id, at, 1 + random.below(40_000)).subarray(0, plan.up - at)
    at += part.length
    if (!one.write(part)) await Promise.race([once(one, 'drain').catch(() => undefined), gone])
    if (resets && random.chance(30)) break
  }
  if (resets) one.destroy(new Error('as planned'))
  else if (plan.up > 0 && !one.destroyed) one.end()
  const late = timeout()
  const outcome = (await Promise.race([answer, late.promise])) ?? { kind: 'cut', how: 'nothing' }
  late.cancel()
  if (outcome.kind === 'cut' && outcome.how === 'nothing' && !excused() && !resets)
    ledger.breach(`http2: no answer: ${show(plan)}`)
  ledger.ended(plan, outcome, !excused() && !resets && !isUnkind(plan), 'http2')
}

async function read(one: ClientHttp2Stream, plan: Plan, breach: (what: string) => void): Promise<Outcome> {
  let received = 0
  let status = 0
  let id = ''
  let clean = false
  let failure: string | undefined
  one.on('response', (headers) => {
    status = Number(headers[':status'])
    id = String(headers['x-id'])
  })
  one.on('data', (bytes: Buffer) => {
    if (!matches(2 * plan.id + 1, received, bytes)) breach(`other bytes from ${received} on`)
    received += bytes.length
  })
  one.on('end', () => (clean = true))
  one.on('aborted', () => (failure ??= 'aborted'))
  one.on('error', (error: NodeJS.ErrnoException) => (failure ??= error.message))
  await once(one, 'close').catch(() => undefined)
  // nghttp2 compares Content-Length with what has come when a stream is said to be complete.
  if (one.rstCode === constants.NGHTTP2_PROTOCOL_ERROR) breach('a malformed answer')
  if (plan.method !== 'HEAD' && received < plan.down) failure ??= 'short'
  if (failure !== undefined || one.rstCode !== 0 || !clean || status === 0)
    return { kind: 'cut', how: failure ?? `code ${one.rstCode}` }
  if (status !== 200) return { kind: 'refused', status }
  if (id !== String(plan.id)) breach(`the answer of ${id}`)
  if (plan.method !== 'HEAD' && received > plan.down) breach(`${received} bytes`)
  return { kind: 'whole' }
}

function timeout(): { promise: Promise<undefined>; cancel: () => void } {
  let timer: NodeJS.Timeout
  const promise = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
  })
  return { promise, cancel: () => clearTimeout(timer) }
}

export const PROTOCOL_CLIENTS: Readonly<Record<string, Client>> = { webSocket, http2 }
