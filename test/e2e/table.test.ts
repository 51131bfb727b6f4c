/** The table of the end-to-end test, and what it says of a failed request. */
import tap from 'tap'
import { AT, failure, row, story } from './rows.ts'
import { details, failureLine, starts, stopped, table } from './table.ts'

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

void tap.test('a failed request is reported with the history of its pod', async (t) => {
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
