/**
 * A WebSocket client of the load: sends a message, waits for its echo, is silent, and again; each message is one
 * request. Told to go away (Close 1001) it dials again. Whatever else ends a connection is a failure; so is an echo that
 * does not come, unless its message crossed a Close frame: then no protocol says what became of it, and it is counted
 * apart.
 */
import { WebSocket } from 'ws'
import { pause, within } from '../../src/tools/rehearsal/pause.ts'
import type { Random } from '../../src/tools/rehearsal/random.ts'
import type { Record } from './main.ts'

const GOING_AWAY = 1001
const NORMAL = 1000
const TIMEOUT_MS = 25_000
const SHORTEST_IDLE_MS = 50
const LONGEST_IDLE_MS = 3000
const LONGEST_SESSION_MS = 120_000
const LONGEST_REDIAL_MS = 500

/** Sends to `origin` (http://host:port) until `signal`; never rejects. */
export async function webSocketLoad(
  origin: string,
  random: Random,
  signal: AbortSignal,
  record: (one: Record) => void,
): Promise<void> {
  while (!signal.aborted) {
    await session(origin.replace(/^http/, 'ws'), random, signal, record)
    await pause(random.between(0, LONGEST_REDIAL_MS), signal)
  }
}

async function session(
  url: string,
  random: Random,
  signal: AbortSignal,
  record: (one: Record) => void,
): Promise<void> {
  const until = performance.now() + random.between(LONGEST_SESSION_MS / 4, LONGEST_SESSION_MS)
  const socket = new WebSocket(url, { handshakeTimeout: TIMEOUT_MS, perMessageDeflate: false })
  let pod: string | undefined
  let fault: string | undefined
  socket.on('upgrade', ({ headers }) => (pod = headers['x-pod'] as string | undefined))
  socket.on('error', ({ message }) => (fault = message))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const note = (startedAt: number, reused: boolean, more: Partial<Record>): void =>
    record({
      client: 'websocket',
      path: 'message',
      pod,
      reused,
      startedAt,
      endedAt: performance.now(),
      ...more,
    })

  const dialledAt = performance.now()
  const opened = new Promise<boolean>((resolve) => socket.on('open', () => resolve(true)))
  const isOpen = await Promise.race([opened, closed.then(() => false)])
  if (!isOpen) return note(dialledAt, false, { failure: `no connection: ${fault ?? 'closed'}` })

  let reused = false
  while (!signal.aborted && performance.now() < until && socket.readyState === WebSocket.OPEN) {
    const startedAt = performance.now()
    const sent = `${startedAt} ${'x'.repeat(Math.round(random.magnitude(1, 5000)))}`
    const outcome = await ask(socket, sent, closed)
    note(startedAt, reused, judged(outcome, sent, fault))
    if (outcome.kind !== 'echo') return socket.terminate()
    reused = true
    const idle = new AbortController()
    void closed.then(() => idle.abort())
    await pause(random.magnitude(SHORTEST_IDLE_MS, LONGEST_IDLE_MS), AbortSignal.any([signal, idle.signal]))
  }
  const idleAt = performance.now()
  socket.close(NORMAL)
  const code = (await within(TIMEOUT_MS, closed)) ? await closed : 0
  if (code !== GOING_AWAY && code !== NORMAL)
    note(idleAt, reused, {
      failure: `closed with ${code} while idle${fault === undefined ? '' : `: ${fault}`}`,
    })
}

type Outcome =
  | { readonly kind: 'echo'; readonly text: string }
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'late' }

/** What came of a message first. */
async function ask(socket: WebSocket, sent: string, closed: Promise<number>): Promise<Outcome> {
  const stop = new AbortController()
  try {
    const echo = new Promise<Outcome>((resolve) =>
      socket.once('message', (data: Buffer) => resolve({ kind: 'echo', text: data.toString() })),
    )
    socket.send(sent)
    const end = closed.then((code): Outcome => ({ kind: 'closed', code }))
    return await Promise.race([
      echo,
      end,
      pause(TIMEOUT_MS, stop.signal).then((): Outcome => ({ kind: 'late' })),
    ])
  } finally {
    stop.abort()
  }
}

function judged(outcome: Outcome, sent: string, fault: string | undefined): Partial<Record> {
  switch (outcome.kind) {
    case 'echo':
      return outcome.text === sent ? {} : { failure: `wrong echo: ${outcome.text.slice(0, 60)}` }
    case 'closed':
      if (outcome.code === GOING_AWAY) return { crossed: true }
      return { failure: `no echo: closed with ${outcome.code}${fault === undefined ? '' : `, ${fault}`}` }
    case 'late':
      return { failure: `no echo within ${TIMEOUT_MS} ms` }
    default:
      return outcome satisfies never
  }
}
