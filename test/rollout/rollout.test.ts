/**
 * The rollout in miniature: three replicas are replaced under mixed load, in the kubelet's order and behind endpoints
 * that lag. Bare, requests are lost, so that the test is known to be able to fail; with lastcall none is, and every
 * acknowledged order is in the ledger exactly once. LASTCALL_ROLLOUTS=n makes it longer.
 */

import t, { type Test } from 'tap'
import { formatDetails, formatTable } from '../../src/tools/rehearsal/format.ts'
import { rehearse } from '../../src/tools/rehearsal/rehearse.ts'
import type { Report } from '../../src/tools/rehearsal/report.ts'
import { bare, lastcall, type Strategy } from '../../src/tools/rehearsal/strategies.ts'

const rollouts = Number(process.env['LASTCALL_ROLLOUTS'] ?? 1)
const seed = Number(process.env['LASTCALL_SEED'] ?? Math.floor(Math.random() * 1_000_000))
/** A rollout takes about 20 s, the start and the end of a rehearsal another 15 s. */
const timeout = 60_000 + rollouts * 60_000

t.setTimeout(3 * timeout)

async function run(test: Test, strategy: Strategy, appIdleMs?: number): Promise<Report> {
  const idle = appIdleMs === undefined ? {} : { appIdleMs }
  const progress = (line: string) => test.comment(line)
  const report = await rehearse({ strategy, rollouts, seed, progress, ...idle })
  test.comment(formatTable([report]))
  test.comment(formatDetails(report))
  return report
}

function holdsWhatItPromises(test: Test, report: Report): void {
  test.same(report.failures, [], 'no request failed')
  test.ok(report.requests > 500 * rollouts, `${report.requests} requests`)
  const clients = Object.values(report.byClient)
  test.ok(
    clients.length >= 11 && clients.every((client) => client.requests > 0),
    'every kind of client was at work',
  )
  const { ledger, pods } = report
  test.ok(
    ledger !== undefined && ledger.acknowledged > 50 * rollouts,
    `${ledger?.acknowledged} orders acknowledged`,
  )
  test.same(ledger?.lost, [], 'every acknowledged order was applied')
  test.same(ledger?.repeated, [], 'and none twice')
  test.equal(pods.length, 3 * rollouts, 'every replica was replaced')
  test.ok(
    pods.some((pod) => pod.lateConnections > 0),
    'the lag was real: deleted pods still got connections',
  )
  for (const pod of pods) {
    test.equal(pod.killed, false, `${pod.pod} went by itself`)
    test.same(pod.hookFailures, [], `its hooks were answered`)
    test.same(pod.exits.toSorted(), ['app 0', 'lastcall 0'], 'with nothing cut')
  }
}

void t.test('bare pods lose requests', { timeout }, async (test) => {
  const report = await run(test, bare)
  test.ok(report.failures.length > 10, `${report.failures.length} requests failed`)
  test.ok(
    report.failures.every((failure) => failure.ended !== 'serving'),
    'each because its pod was going',
  )
  test.same(report.ledger?.lost, [], 'the app is honest: what it acknowledges is applied')
})

void t.test('lastcall in a plain pod loses nothing', { timeout }, async (test) => {
  holdsWhatItPromises(test, await run(test, lastcall('plain')))
})

void t.test(
  'lastcall as a native sidecar loses nothing, nor when the app closes idle connections',
  { timeout },
  async (test) => {
    holdsWhatItPromises(test, await run(test, lastcall('native'), 1500))
  },
)
