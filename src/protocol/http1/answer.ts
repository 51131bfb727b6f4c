/**
 * The responses that lastcall itself gives, in place of the app (DESIGN §1). Each has a Proxy-Status field (RFC 9209), so
 * that it can be told from a response of the app. Pure.
 */

import type { EndWho, Refusal } from '../../words.ts'
import { REFUSAL_NAMES, refusalRow } from './refusal.ts'

const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

interface Parts {
  readonly status: number
  /** An error type of RFC 9209 §2.3. */
  readonly error: string
  readonly text: string
  readonly fields?: string
}

function answer({ status, error, text, fields = '' }: Parts): Buffer {
  const body = `lastcall: ${text}\n`
  return Buffer.from(
    `HTTP/1.1 ${status} ${PHRASES[status]}\r\n` +
      `Proxy-Status: lastcall; error=${error}; details="${text.replace(/["\\]/g, '')}"\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n${fields}` +
      `Connection: close\r\n\r\n${body}`,
    'latin1',
  )
}

const RETRY = 'Retry-After: 1\r\n'

export interface FaultAnswer {
  readonly status: number
  /** The label of lastcall_refused_total. */
  readonly label: Refusal
  /** Who caused it. */
  readonly who: EndWho
  readonly answer: Buffer
}

const fault = (label: Refusal, parts: Parts, who: EndWho = 'app'): FaultAnswer => ({
  status: parts.status,
  label,
  who,
  answer: answer(parts),
})

/** The responses for each reason why the app cannot answer. */
export const APP_FAULTS = {
  refused: fault('app-unavailable', {
    status: 503,
    error: 'connection_refused',
    text: 'the app refused connections for all of --connect-wait',
    fields: RETRY,
  }),
  away: fault('app-unavailable', {
    status: 503,
    error: 'destination_unavailable',
    text: 'the app is starting or restarting, and was not there within --connect-wait',
    fields: RETRY,
  }),
  timeout: fault('app-timeout', {
    status: 504,
    error: 'connection_timeout',
    text: 'the app did not accept a connection within --connect-wait',
  }),
  /** An error at once, such as EADDRNOTAVAIL or EHOSTUNREACH, that waiting does not cure. */
  unreachable: fault('app-unavailable', {
    status: 503,
    error: 'destination_unavailable',
    text: 'lastcall could not connect to the app: its address cannot be reached',
    fields: RETRY,
  }),
  /** Not the app's fault: lastcall had no file descriptor left to connect with. */
  descriptors: fault(
    'descriptors',
    {
      status: 503,
      error: 'connection_limit_reached',
      text: 'lastcall is out of file descriptors (EMFILE) and could not connect to the app',
      fields: RETRY,
    },
    'lastcall',
  ),
  failed: fault('app-failed', {
    status: 502,
    error: 'connection_terminated',
    text: 'the app closed the connection without responding',
  }),
  cutHead: fault('app-failed', {
    status: 502,
    error: 'http_response_incomplete',
    text: 'the app closed the connection before its response head was complete',
  }),
} as const
export type AppFault = keyof typeof APP_FAULTS

/** The response on a connection above the limit; `setBy` names what set the limit. */
export function fullAnswer(setBy: string): Buffer {
  return answer({
    status: 503,
    error: 'connection_limit_reached',
    text: `the connection limit is reached (${setBy}) and no connection is idle`,
    fields: RETRY,
  })
}

/** RFC 9209 §2.3: `http_request_error` is for a fault of the client's, `http_request_denied` for a method not allowed. */
const REFUSALS = REFUSAL_NAMES.map((name, i) => {
  const { status, text } = refusalRow(-i - 1)
  const fields = name === 'connect' ? 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' : ''
  return answer({
    status,
    error: status === 405 ? 'http_request_denied' : 'http_request_error',
    text,
    fields,
  })
})

/** The response to a request that is refused with this verdict (refusal.ts). */
export function refusalAnswer(verdict: number): Buffer {
  return REFUSALS[-verdict - 1]!
}

/** The response on `--lb-health-path`. */
export function healthAnswer(healthy: boolean, persistent: boolean, toHead: boolean): Buffer {
  const body = healthy ? 'ok\n' : 'leaving\n'
  const status = healthy ? 200 : 503
  return Buffer.from(
    `HTTP/1.1 ${status} ${PHRASES[status]}\r\nProxy-Status: lastcall\r\nContent-Type: text/plain\r\n` +
      `Cache-Control: no-store\r\nContent-Length: ${body.length}\r\n` +
      `Connection: ${persistent ? 'keep-alive' : 'close'}\r\n\r\n${toHead ? '' : body}`,
    'latin1',
  )
}
