/**
 * Asks both, our conversation and llhttp, and says where they differ in a way that they must not (DESIGN §2).
 *
 * Requests: what llhttp refuses we refuse; what both accept has the same method, target, version, body and end. We may
 * refuse more. Responses: where both understand one it ends at the same byte; we may find that we do not understand.
 */
import { withoutOffer } from './h2c.ts'
import { type Judge, LENIENT, STRICT } from './llhttp.ts'
import { readRequests, readResponse, type Requests, type Response } from './ours.ts'
import type { Random } from './random.ts'

export interface Finding {
  /** What differs; undefined where nothing does. */
  readonly difference: string | undefined
  /** Messages that both took for complete. */
  readonly accepted: number
}

/** Judges a stream of requests: whole, and cut by `random`. */
export function compareRequests(judge: Judge, stream: Buffer, random: Random): Finding {
  const ours = readRequests([stream])
  const cut = readRequests(random.chance(10) ? bytewise(stream) : random.cut(stream, 6))
  const difference = cutDifference(ours, cut) ?? requestDifference(judge, stream, ours)
  return { difference, accepted: ours.complete.length }
}

function cutDifference(whole: Requests, cut: Requests): string | undefined {
  if (whole.complete.length !== cut.complete.length)
    return `cut: ${cut.complete.length} complete, whole: ${whole.complete.length}`
  if (!whole.complete.every((message, i) => message.equals(cut.complete[i]!)))
    return 'cut: other bytes for the app'
  // A head that comes in pieces is judged when it ends: until then it may be waited for where it is refused whole.
  if (whole.end === 'refused' && cut.end === 'in-head') return undefined
  if (whole.end !== cut.end) return `cut: ${cut.end}, whole: ${whole.end}`
  return whole.refusal === cut.refusal
    ? undefined
    : `cut: refused as ${cut.refusal}, whole: as ${whole.refusal}`
}

/** What llhttp says of a stream of requests that were read like this. */
export function requestDifference(
  judge: Judge,
  stream: Buffer,
  { complete, end }: Requests,
): string | undefined {
  judge.requests()
  let at = 0
  // llhttp, alone, reads Proxy-Connection as Connection. Whether a connection goes on is no matter of framing.
  const closes = () => judge.error?.startsWith('HPE_CLOSED_CONNECTION') && complete.some(hasProxyConnection)
  for (const [i, message] of complete.entries()) {
    const start = afterEmptyLines(stream, at)
    const next = endOf(stream, start, message)
    if (next < 0) return `the app got other bytes for request ${i}`
    judge.feed(stream.subarray(at, next - 1))
    if (closes()) return undefined
    if (judge.complete !== i) return `llhttp finds the end of request ${i} earlier (${judge.error ?? ''})`
    judge.feed(stream.subarray(next - 1, next))
    if (judge.complete !== i + 1)
      return `llhttp does not find the end of request ${i} (${judge.error ?? 'waits'})`
    const problem = messageDifference(judge, i, stream.toString('latin1', start, next))
    if (problem !== undefined) return problem
    at = next
  }
  // What we refuse, llhttp may take; and behind a last request neither reads on.
  if (end === 'refused' || end === 'closed') return undefined
  judge.feed(stream.subarray(at))
  if (closes()) return undefined
  const heads = judge.messages.length - complete.length
  if (judge.complete > complete.length) return `llhttp finds a request where we are ${end}`
  if (heads !== (end === 'in-body' ? 1 : 0))
    return `llhttp finds ${heads} heads where we are ${end} (${judge.error ?? ''})`
  // A head is judged when it ends.
  return judge.error !== undefined && end !== 'in-head'
    ? `llhttp refuses where we are ${end}: ${judge.error}`
    : undefined
}

/** Where the request ends that the app got as `message`, which is `stream` at `start` but for an offer of h2c. */
function endOf(stream: Buffer, start: number, message: Buffer): number {
  const end = start + message.length
  if (stream.subarray(start, end).equals(message)) return end
  const text = stream.toString('latin1', start)
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 4)
  const left = withoutOffer(head)
  const same = (left + text.slice(head.length)).startsWith(message.toString('latin1'))
  return same ? end + head.length - left.length : -1
}

function hasProxyConnection(message: Buffer): boolean {
  return /\r\nproxy-connection:/i.test(message.toString('latin1'))
}

function messageDifference(judge: Judge, i: number, text: string): string | undefined {
  const theirs = judge.messages[i]!
  const [, method, target, version] = /^(\S+) (\S+) HTTP\/(\d\.\d)\r\n/.exec(text) ?? []
  if (theirs.method !== method) return `request ${i}: method ${theirs.method}, not ${method}`
  if (theirs.target !== target) return `request ${i}: target ${theirs.target}, not ${target}`
  if (theirs.version !== version) return `request ${i}: version ${theirs.version}, not ${version}`
  const headEnd = text.indexOf('\r\n\r\n') + 4
  const body = /\r\ntransfer-encoding:/i.test(text.slice(0, headEnd))
    ? dechunked(text.slice(headEnd))
    : text.slice(headEnd)
  return theirs.body === body
    ? undefined
    : `request ${i}: body ${JSON.stringify(theirs.body)}, not ${JSON.stringify(body)}`
}

/** A chunked body's content, as naively as can be. */
function dechunked(text: string): string {
  let result = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = parseInt(text.slice(at, lineEnd), 16)
    if (!(size > 0)) return result
    result += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}

function afterEmptyLines(stream: Buffer, start: number): number {
  let at = start
  while (stream[at] === 0x0d && stream[at + 1] === 0x0a) at += 2
  return at
}

/** Judges a stream of responses, to requests with random methods. */
export function compareResponses(judge: Judge, stream: Buffer, random: Random): Finding {
  let accepted = 0
  for (let rest = stream; rest.length > 0;) {
    const toHead = random.chance(15)
    const ours = readResponse([rest], toHead)
    const cut = readResponse(random.chance(10) ? bytewise(rest) : random.cut(rest, 6), toHead)
    const difference =
      responseCutDifference(ours, cut) ??
      responseDifference(judge, rest, ours, toHead, random.chance(50) ? STRICT : LENIENT)
    if (difference !== undefined)
      return { difference: toHead ? `to HEAD: ${difference}` : difference, accepted }
    if (ours.end !== 'complete') break
    accepted += 1
    rest = rest.subarray(ours.length)
  }
  return { difference: undefined, accepted }
}

function responseCutDifference(whole: Response, cut: Response): string | undefined {
  // A head that comes in pieces is judged when it ends.
  if (whole.end === 'opaque' && cut.end === 'in-head') return undefined
  return whole.end === cut.end && whole.length === cut.length
    ? undefined
    : `cut: ${cut.end} ${cut.length}, whole: ${whole.end} ${whole.length}`
}

function responseDifference(
  judge: Judge,
  stream: Buffer,
  { end, length }: Response,
  toHead: boolean,
  flags: number,
): string | undefined {
  if (end === 'opaque' || end === 'tunnel') return undefined
  // With these flags llhttp takes two LFs for the end of one size line: what it finds behind them is not meant.
  if (flags === LENIENT && /\n[0-9a-f]+[^\r\n]*\n\n/i.test(stream.toString('latin1'))) return undefined
  judge.responses(toHead, flags)
  const final = () => judge.messages.some((message) => message.complete && message.status >= 200)
  if (end !== 'complete') {
    judge.feed(stream)
    return final() ? `llhttp finds a whole response where we are ${end}` : undefined
  }
  judge.feed(stream.subarray(0, length - 1))
  if (final()) return 'llhttp finds the end of the response earlier'
  judge.feed(stream.subarray(length - 1, length))
  return final() || judge.error !== undefined
    ? undefined
    : `llhttp does not find the end of the response at ${length}`
}

function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}
