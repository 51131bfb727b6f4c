/** A row of the table as a rollout in which one request failed makes it, and what it is made of. */
import type { FailureReport } from '../../images/load-client/main.ts'
import type { PodStory } from './pods.ts'
import { failureLine, type Row, stopped } from './table.ts'

export const AT = Date.parse('2026-11-21T10:00:00Z')
export const story: PodStory = {
  name: 'a',
  uid: '1',
  bare: false,
  startedAt: undefined,
  firstReadyAt: undefined,
  ready: false,
  unreadyAt: AT + 3400,
  restarts: 0,
  deletedAt: AT,
  goneAt: AT + 12_300,
  deregisteredAt: AT + 40,
  exits: ['app 0', 'lastcall 0'],
  endedAt: { app: AT + 9100, lastcall: AT + 9400 },
  verdict:
    'drained in 9.0 s (settle 3.0 s, lame duck 5.5 s, draining 0.5 s), exited 0.4 s later (the app has gone): 3 in flight at the start, 40 finished, 0 cut; last new connection 1.4 s after the drain began',
}
export const failure: FailureReport = {
  client: 'idle-post/agent',
  what: 'POST /orders?id=q1',
  failure: 'ECONNRESET read ECONNRESET',
  pod: 'a',
  reused: true,
  idleMs: 1500.2,
  startedAt: AT + 7990,
  endedAt: AT + 8000,
}
export const row: Row = {
  form: 'plain',
  step: 'rollout 1',
  requests: 1000,
  failed: 1,
  crossed: 2,
  seconds: 26.44,
  readyMs: [2400, 900, 1230],
  stopped: [stopped(story, AT + 1400), stopped({ ...story, name: 'b', goneAt: AT + 11_000 }, AT - 500)],
  returned: ['c: back in service'],
  failures: [failureLine(failure, new Map([['a', story]]))],
  problems: ['a was lost'],
  seen: {
    pods: [story],
    failures: [failure],
    byClient: { 'idle-post/agent': { requests: 1000, failed: 1 } },
  },
}
