/** One strategy in a few figures, as a card. Pure. */

import type { Report } from '../report.ts'
import type { RequestOutcome, Termination, Timeline } from '../timeline.ts'
import { type Markup, markup } from './markup.ts'
import { facts } from './parts.ts'

/** What a strategy is called in sentences. */
export function strategyName(strategy: string): string {
  if (strategy === 'bare') return 'the app alone'
  const sleep = /^sleep (.+)$/.exec(strategy)?.[1]
  return sleep === undefined ? strategy : `a preStop sleep of ${sleep}`
}

export function strategyCard({ report, timeline }: { report: Report; timeline: Timeline }): Markup {
  const { strategy, requests, failures, pods, rolloutMs, ledger } = report
  const failed = failures.length
  const all = timeline.terminations
  const lates = pods.flatMap(({ lastConnectionMs }) => lastConnectionMs ?? [])
  return markup`<li><h2>${strategyName(strategy)}</h2>
<p class="big ${failed === 0 ? 'good' : 'lost'}">${failed} <small>of ${requests} requests failed${share(failed, requests)}</small></p>
${facts([
  ['in flight at a deletion', answeredOf(all, ({ fromMs, toMs }) => fromMs < 0 && toMs > 0)],
  ['sent to a deleted pod', answeredOf(all, ({ fromMs }) => fromMs >= 0)],
  ['pod gone after', `${seconds(median(pods.map(({ goneMs }) => goneMs)))} (median)`],
  [
    'last new connection',
    lates.length === 0 ? 'none after a deletion' : `${seconds(Math.max(...lates))} after a deletion`,
  ],
  ['rollout', seconds(median(rolloutMs))],
  [
    'acknowledged work',
    ledger &&
      `${ledger.acknowledged} orders, ${ledger.lost.length} lost, ${ledger.repeated.length} done twice`,
  ],
])}</li>
`
}

/** How many of the requests with pods that were stopped were answered, of those that are meant. */
export function answeredOf(
  terminations: readonly Termination[],
  meant: (bar: { readonly fromMs: number; readonly toMs: number }) => boolean,
): string {
  const bars = terminations.flatMap(({ requests }) => requests).filter(meant)
  const failed = bars.filter(({ outcome }) => (outcome satisfies RequestOutcome) === 'failed').length
  return bars.length === 0 ? 'none' : `${bars.length - failed} of ${bars.length} answered`
}

function share(failed: number, requests: number): string {
  if (failed === 0 || requests === 0) return ''
  const percent = (100 * failed) / requests
  return ` (${percent < 1 ? 'below 1' : Math.round(percent)} %)`
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`
}
