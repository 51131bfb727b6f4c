/** The table of the end-to-end test, and what it says of a failed request. */
import tap from 'tap'
import type { FailureReport } from '../../images/load-client/main.ts'
import type { PodStory } from './pods.ts'
import { details, failureLine, type Row, starts, stopped, table } from './table.ts'

const AT = Date.parse('2026-11-21T10:00:00Z')
const story: PodStory = {
  name: 'a',
  uid: '1',
  startedAt: undefined,
  firstReadyAt: undefined,
  ready: false,
  restarts: 0,
  deletedAt: AT,
  goneAt: AT + 12_300,
  deregisteredAt: AT + 40,
  exits: ['app 0', 'lastcall 0'],
  verdict: 'drained in 9.0 s',
}
const failure: FailureReport = {
  client: 'idle-post/agent',
  what: 'POST /orders?id=q1',
  failure: 'ECONNRESET read ECONNRESET',
  pod: 'a',
  reused: true,
  idleMs: 1500.2,
  startedAt: AT + 7990,
  endedAt: AT + 8000,
}
const row: Row = {
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
}

void tap.test('times count from the deletion', async (t) => {
  t.match(stopped(story, AT + 1400), { goneMs: 12_300, deregisteredMs: 40, lastConnectionMs: 1400 })
  t.equal(stopped(story, AT - 1).lastConnectionMs, undefined, 'a connection of before is none')
  t.equal(stopped({ ...story, goneAt: undefined }, undefined).goneMs, undefined)
})

void tap.test('a row has the longest of each time', async (t) => {
  const [head, first, calm] = table([row, { ...row, step: 'load alone', readyMs: [], stopped: [] }]).split(
    '\n',
  )
  t.equal(
    head,
    'form   step        requests  failed  crossed    time  start to ready  pods gone  endpoint gone  last new connection',
  )
  t.equal(
    first,
    'plain  rollout 1       1000       1        2  26.4 s          1.23 s     12.3 s          40 ms                1.4 s',
  )
  t.match(calm, / s +- +- +- +-$/)
  t.same(starts([row, { ...row, form: 'bare', readyMs: [] }, { ...row, readyMs: [100] }]), [
    'plain: from start to ready 0.90 s, the median of 4 pods',
  ])
})

void tap.test('a failed request is told with what its pod had gone through by then', async (t) => {
  t.equal(
    failureLine(failure, new Map([['a', story]])),
    '2026-11-21T10:00:08.000Z idle-post/agent POST /orders?id=q1: ECONNRESET read ECONNRESET after 10 ms ' +
      '(used connection, 1500 ms idle) by a: deleted 8000 ms before, endpoint gone 7960 ms before',
  )
  t.match(failureLine({ ...failure, pod: undefined }, new Map()), /by unknown pod$/)
})

void tap.test('details: problems and failures first', async (t) => {
  const lines = details(row)
  t.equal(lines[0], 'plain, rollout 1:')
  t.match(lines[1], 'problem: a was lost')
  t.match(lines[2], 'ECONNRESET')
  t.match(lines.join('\n'), 'a (app 0, lastcall 0): drained in 9.0 s')
  const calm = { ...row, stopped: [], returned: [], failures: [], problems: [] }
  t.same(details(calm), [], 'nothing to tell')
})
