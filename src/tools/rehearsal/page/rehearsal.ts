/**
 * The report of a rehearsal as one HTML document: the verdict, each strategy, the timeline of each pod that was stopped,
 * each failed request with its story, the clients, and what was run. Pure.
 */

import { busy, byCause } from '../format.ts'
import { axisOf } from '../panel.ts'
import type { Failure, Report } from '../report.ts'
import type { RehearseRequest } from '../request.ts'
import { mostTelling, noteOf } from '../timeline-picture.ts'
import type { Timeline } from '../timeline.ts'
import { clients, type ClientFigures } from './clients.ts'
import { documentOf } from './document.ts'
import { clipped, type Markup, markup } from './markup.ts'
import { legend, podFigure, verdictBox } from './parts.ts'
import { podStory, podTable } from './pods.ts'
import { runFacts } from './run-facts.ts'
import { duration, list, storyOf, whose } from './story.ts'
import { strategyCard, strategyName } from './strategy-card.ts'

/** One strategy: what became of it, as a report and as a timeline. */
export interface Rehearsed {
  readonly report: Report
  readonly timeline: Timeline
  readonly clients: ClientFigures
}

/** All that a page is made of. The last strategy is the one with lastcall. */
export interface RehearsalRun {
  readonly request: RehearseRequest
  readonly seed: number
  /** Of lastcall. */
  readonly version: string
  /** Of Node and the system, for people. */
  readonly machine: string
  readonly endedAt: Date
  readonly strategies: readonly Rehearsed[]
}

const MOST_PANELS = 24
/** Of one strategy, and of one cause in it. */
const MOST_STORIES = 60
const MOST_OF_CAUSE = 8

/** The page as text. */
export function rehearsalPage(run: RehearsalRun): string {
  const last = run.strategies.at(-1)!
  const sentence = verdictOf(last)
  const told = ids(run.strategies)
  const body = markup`${verdictBox(
    last.report.failures.length === 0,
    `${sentence}.`,
    markup`${comparison(run.strategies.slice(0, -1))}lastcall rehearse stopped ${pods(last)} of <code>${clipped(run.request.command.join(' '), 300)}</code> under load, once for each of these strategies. ${busy(last.report)}`,
  )}
<ul class="cards">
${run.strategies.map(strategyCard)}</ul>
<section aria-labelledby="timeline">
<h2 id="timeline">What happened to each pod</h2>
<p class="lead">Time counts from the deletion of the pod. Each thin bar is a request that was with this pod; a cross marks one that failed. Point at a bar to see its request.</p>
${legend(true)}${timelines(run.strategies, told)}</section>
<section aria-labelledby="failures">
<h2 id="failures">Requests that failed</h2>
<p class="lead">The Service passes on a refused connection as a reset, so that the client's error is often ECONNRESET.</p>
${run.strategies.toReversed().map((one) => failures(one, told, one === last))}</section>
<section aria-labelledby="clients">
<h2 id="clients">Clients</h2>
${clients(run.strategies.map(({ report, clients: figures }) => [report.strategy, figures]))}</section>
<section aria-labelledby="pods">
<h2 id="pods">Pods</h2>
${podTable(run.strategies.map(({ report }) => report))}</section>
<section aria-labelledby="run">
<h2 id="run">This run</h2>
${runFacts(run, last.report.worstLatenessMs)}</section>
<footer>The kubelet, the Service, the Deployment and the clients of a rehearsal are simulated on one machine; the app and lastcall are real processes.</footer>`
  return documentOf(`lastcall rehearse: ${sentence}`, body)
}

function pods({ report }: Rehearsed): string {
  const count = report.pods.length
  return count === 1 ? 'one pod' : `${count} pods`
}

/** One sentence: how many requests failed with lastcall, and whose. */
function verdictOf({ report }: Rehearsed): string {
  const { requests, failures: failed, byClient } = report
  const counts = `${failed.length} of ${requests} requests failed behind lastcall`
  return failed.length === 0 ? counts : `${counts}: ${whose(byClient)}`
}

/** The same of the strategies without lastcall, for comparison. */
function comparison(others: readonly Rehearsed[]): string {
  const counts = others.map(
    ({ report }, index) =>
      `${report.failures.length} of ${report.requests} ${index === 0 ? 'failed ' : ''}with ${strategyName(report.strategy)}`,
  )
  return counts.length === 0 ? '' : `Without it, ${list(counts)}. `
}

type Told = ReadonlyMap<object, string>

/** The failures that are told, each with its id in the document. */
function ids(strategies: readonly Rehearsed[]): Told {
  const all = strategies.flatMap(({ report }) => chosen(report).flatMap(([, failed]) => failed))
  return new Map(all.map(({ request }, index) => [request, `failure-${index + 1}`]))
}

/** Some failures of each cause, bounded. */
function chosen({ failures: all }: Report): (readonly [cause: string, failures: readonly Failure[]])[] {
  let left = MOST_STORIES
  return byCause(all).map(([cause, failed]) => {
    const some = failed.slice(0, Math.min(left, MOST_OF_CAUSE))
    left -= some.length
    return [cause, some]
  })
}

function timelines(strategies: readonly Rehearsed[], told: Told): Markup[] {
  const shown = strategies.map(({ timeline }) => mostTelling(timeline, MOST_PANELS))
  const axis = axisOf(shown.flat())
  return strategies.map(({ timeline, report }, index) => {
    const note = noteOf(timeline, shown[index]!)
    return markup`<h3>${strategyName(report.strategy)}: ${report.failures.length} of ${report.requests} requests failed</h3>
${note === '' ? undefined : markup`<p class="lead">${note}.</p>\n`}${shown[index]!.map((termination, pod) =>
      podFigure(termination, `pod-${index}-${pod}`, podStory(termination), axis, (bar) => {
        const id = told.get(bar.source)
        return id === undefined ? undefined : `#${id}`
      }),
    )}`
  })
}

/** `open`: unfolded from the start; what is only there for comparison is not. */
function failures({ report, timeline }: Rehearsed, told: Told, open: boolean): Markup {
  const { strategy, failures: all, requests } = report
  const heading = `${strategyName(strategy)}: ${all.length} of ${requests}`
  if (all.length === 0)
    return markup`<h3>${heading}</h3>
<p class="lead">No request failed.</p>
`
  const totals = new Map(byCause(all).map(([cause, failed]) => [cause, failed.length]))
  return markup`<h3>${heading}</h3>
${chosen(report).map(([cause, some]) => {
  const total = totals.get(cause)!
  return markup`<details class="card"${open ? markup` open=""` : undefined}>
<summary>${total} × ${cause}</summary>
<ol class="stories">
${some.map((failure) => story(failure, timeline, told))}</ol>
${total > some.length ? markup`<p class="pale">and ${total - some.length} more</p>\n` : undefined}</details>
`
})}`
}

function story(failure: Failure, { terminations }: Timeline, told: Told): Markup {
  const termination = terminations.find(({ pod }) => pod === failure.pod)
  const { what, when, sentences, raw } = storyOf(failure, termination)
  const tookMs = failure.request.endedAt - failure.request.startedAt
  return markup`<li id="${told.get(failure.request)}">
<p class="what"><code>${what}</code><span>${failure.request.client}</span><span>${when}</span><span>failed after ${duration(tookMs)}</span></p>
<p>${sentences.join(' ')}</p>
<p class="raw">The client's error: <code>${raw}</code></p>
</li>
`
}
