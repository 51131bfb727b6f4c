/**
 * Reads `/status` of a pod, as received through the API server's proxy: from this version of lastcall, older ones, and
 * anything else that may answer there. Pure.
 */
import { at, branch, number, text, type Tree } from '../manifest/tree.ts'
import { plain } from './plain.ts'

export type Answered =
  | {
      readonly kind: 'status'
      /** Undefined before 0.2.0. */
      readonly version: string | undefined
      readonly phase: string
      /** How long the phase lasts, and the drain; the latter is undefined outside of one. */
      readonly phaseMs: number
      readonly drainMs: number | undefined
      readonly proof: boolean
      readonly inFlight: number
      /** Of clients. */
      readonly connections: number
      /** Requests that the drain has saved so far; undefined where lastcall does not say. */
      readonly saved: number | undefined
      /** The last drain that was taken back, if there was one. */
      readonly lastDrain: string | undefined
    }
  | { readonly kind: 'none'; readonly why: string }

/** The pod may answer with any text, but a table has limited columns. */
const LONGEST_WORD = 20

const CALM = new Set(['starting', 'serving'])

/** Reads the body of `/status`. Anything else gives a sentence. */
export function readAnswer(body: string): Answered {
  let value: Tree
  try {
    value = JSON.parse(body) as Tree
  } catch {
    return { kind: 'none', why: 'what answers on its admin port is not lastcall' }
  }
  const status = branch(value)
  const phase = text(status['phase'])
  const total = number(at(status, 'inFlight', 'total'))
  if (phase === undefined || total === undefined)
    return { kind: 'none', why: 'what answers on its admin port is not lastcall' }
  const phaseMs = number(status['sinceMs']) ?? 0
  return {
    kind: 'status',
    version: shown(status['version'])?.slice(0, LONGEST_WORD),
    phase: plain(phase).slice(0, LONGEST_WORD),
    phaseMs,
    drainMs: CALM.has(phase) ? undefined : (number(status['drainMs']) ?? phaseMs),
    proof: status['proof'] === true,
    inFlight: total,
    connections: number(at(status, 'connections', 'client')) ?? 0,
    saved: savedIn(status['saved']),
    lastDrain: shown(at(status, 'verdict', 'text')),
  }
}

function shown(value: Tree | undefined): string | undefined {
  return typeof value === 'string' ? plain(value) : undefined
}

/** `{ inFlight, arrived }`: what was in flight when the stop began, and what came after it. */
function savedIn(saved: Tree | undefined): number | undefined {
  const [inFlight, arrived] = [number(at(saved, 'inFlight')), number(at(saved, 'arrived'))]
  return inFlight === undefined || arrived === undefined ? undefined : inFlight + arrived
}

/** Why `/status` is not available, in a few words, from kubectl's error. */
export function refusal(error: string): string {
  const said = error
    .replace(/^Error from server(?: \(\w+\))?: /, '')
    .split('\n', 1)[0]!
    .trim()
  for (const [sign, why] of SIGNS) if (sign.test(error)) return why
  // A pod may answer with its own error text, which kubectl passes on.
  return plain(said).slice(0, 200)
}

const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/pods\/proxy|forbidden.*proxy/i, 'you may not "get" pods/proxy'],
  [/connection refused/, 'nothing listens on its admin port'],
  [
    /connection reset|EOF|malformed HTTP response|bad gateway/i,
    'its admin port was reached, but the answer was cut: a mesh that requires mTLS does that',
  ],
  [
    /i\/o timeout|deadline exceeded|no route to host|Timeout|context deadline/i,
    'the API server cannot reach it: a NetworkPolicy may keep it from the admin port',
  ],
  [/address not allowed|no IP|does not have a host/i, 'the pod has no address'],
  [/pods "[^"]*" not found/, 'the pod is gone'],
]
