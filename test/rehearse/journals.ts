/** A made-up rehearsal of one pod that is stopped, with hostile names in it. Times count from the deletion. */
import type { ConnectionRecord, PodEvent, RequestRecord } from '../../src/tools/rehearsal/journal.ts'
import type { Journal } from '../../src/tools/rehearsal/report.ts'

export const ORIGIN = Date.parse('2026-01-01T00:00:00.000Z')
export const DELETED_AT = 5000

export function event(at: number, what: PodEvent['what'], container?: string): PodEvent {
  return { at: DELETED_AT + at, pod: 'pod-1', container, what, detail: undefined }
}

export function request(from: number, to: number, clientPort: number, failure?: string): RequestRecord {
  return {
    client: 'keep-alive/<undici>',
    method: 'GET',
    path: '/?a=1&b="2"',
    startedAt: DELETED_AT + from,
    endedAt: DELETED_AT + to,
    idleMs: 5,
    status: failure === undefined ? 200 : undefined,
    failure,
    pod: undefined,
    reused: false,
    clientPort,
    order: undefined,
  }
}

export function connection(
  clientPort: number,
  openedAt: number,
  pod: string | undefined = 'pod-1',
): ConnectionRecord {
  return {
    clientPort,
    pod,
    openedAt: DELETED_AT + openedAt,
    firstEnd: undefined,
    firstEndAt: undefined,
    clientBytes: 0,
    podBytes: 0,
    passedOnAt: undefined,
  }
}

function phase(at: number, name: string): string {
  const time = new Date(ORIGIN + DELETED_AT + at).toISOString()
  return JSON.stringify({ level: 'info', time, name: 'lastcall', phase: name, from: 'x', msg: 'phase' })
}

export const journal: Journal = {
  strategy: 'lastcall & more',
  seed: 1,
  rolloutMs: [3000],
  requests: [
    request(-4000, -3990, 1),
    request(-500, -490, 1),
    request(100, 110, 2),
    request(200, 210, 1, 'ECONNRESET <\u0001>'),
    request(300, 310, 3, 'ECONNRESET'),
  ],
  connections: [connection(1, -4500), connection(2, 99), { ...connection(3, 299), pod: undefined }],
  events: [
    event(-4900, 'started', 'app'),
    event(-4900, 'started', 'lastcall'),
    event(0, 'deleted'),
    event(1, 'hook-called', 'app'),
    event(2000, 'hook-answered', 'app'),
    event(2001, 'sigterm', 'app'),
    { ...event(2100, 'exited', 'app'), detail: '0' },
    event(2200, 'sigkill', 'lastcall'),
    { ...event(2250, 'exited', 'lastcall'), detail: 'SIGKILL' },
    event(2260, 'gone'),
  ],
  ledger: undefined,
  output: new Map([
    [
      'pod-1',
      [
        'no JSON',
        phase(-4800, 'serving'),
        phase(2, 'settling'),
        phase(1500, 'draining'),
        phase(9000, 'exited'),
      ],
    ],
  ]),
  worstLatenessMs: 1,
}
