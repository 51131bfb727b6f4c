/** What one request of the chaos asks for, written in its target, so that client and app agree on what has to happen. */
import type { Random } from '../fuzz/random.ts'

/** What the app does. Those of UNKIND may cost the client its answer; after the others it has a right to it. */
const KIND = [
  'after',
  'after',
  'after',
  'early',
  'early',
  'interim',
  'slow',
  'idle-close',
  'says-close',
] as const
const UNKIND = ['early-close', 'reset-head', 'reset-body', 'short-fin', 'no-read'] as const
/** A stream of `down` events; only for those who ask for it. */
const EVENTS = 'events'
export type Conduct = (typeof KIND)[number] | (typeof UNKIND)[number] | typeof EVENTS

export interface Plan {
  readonly id: number
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** Bytes of the request's body. */
  readonly up: number
  readonly chunkedUp: boolean
  /** Bytes of the answer's. */
  readonly down: number
  readonly framing: 'length' | 'chunked' | 'close'
  readonly conduct: Conduct
}

const UP = [0, 1, 10, 1000, 16_384, 65_535, 200_000, 1_000_000] as const
const DOWN = [0, 1, 100, 5000, 65_536, 300_000] as const

let lastId = 0

/** A plan at random; `fixed` says what is not left to chance. */
export function randomPlan(random: Random, fixed: Partial<Plan> = {}): Plan {
  const method = fixed.method ?? random.pick(['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT'])
  const uploads = method === 'POST' || method === 'PUT'
  lastId += 1
  return {
    id: lastId,
    method,
    up: uploads ? random.pick(UP) : 0,
    chunkedUp: uploads && random.chance(40),
    down: random.pick(DOWN),
    framing: random.pick(['length', 'length', 'chunked', 'chunked', 'close']),
    conduct: random.chance(80) ? random.pick(KIND) : random.pick(UNKIND),
    ...fixed,
  }
}

/** Whether a client that behaves may be left without a whole answer. */
export function isUnkind({ conduct }: Plan): boolean {
  return (UNKIND as readonly string[]).includes(conduct)
}

export function targetOf({ id, up, down, framing, conduct }: Plan): string {
  return `/${id}?up=${up}&down=${down}&framing=${framing}&conduct=${conduct}`
}

/** Reads what `targetOf` wrote. Throws on anything else. */
export function planOf(method: string, target: string, chunkedUp: boolean): Plan {
  const url = new URL(target, 'http://app')
  const id = Number(url.pathname.slice(1))
  const [up, down] = [url.searchParams.get('up'), url.searchParams.get('down')].map(Number)
  const conduct = url.searchParams.get('conduct') as Conduct
  const framing = url.searchParams.get('framing') as Plan['framing']
  if (!(id > 0) || up === undefined || down === undefined) throw new Error(`no plan: ${method} ${target}`)
  return { id, method: method as Plan['method'], up, chunkedUp, down, framing, conduct }
}

/** The head of the request. */
export function headOf(plan: Plan): string {
  const length = plan.chunkedUp
    ? 'Transfer-Encoding: chunked\r\n'
    : plan.method === 'POST' || plan.method === 'PUT'
      ? `Content-Length: ${plan.up}\r\n`
      : ''
  return `${plan.method} ${targetOf(plan)} HTTP/1.1\r\nHost: chaos\r\n${length}\r\n`
}
