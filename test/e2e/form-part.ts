/** What the report of an end-to-end test says of one form: its figures, its pods, and its failed requests. Pure. */
import type { FailureReport } from '../../images/load-client/main.ts'
import { clipped, type Markup, markup } from '../../src/tools/rehearsal/page/markup.ts'
import { facts, podFigure } from '../../src/tools/rehearsal/page/parts.ts'
import { duration, errorInWords, podThen, since } from '../../src/tools/rehearsal/page/story.ts'
import { axisOf } from '../../src/tools/rehearsal/panel.ts'
import type { Termination } from '../../src/tools/rehearsal/timeline.ts'
import { terminationOf } from './lives.ts'
import type { Form } from './objects.ts'
import type { Row } from './table.ts'

/** What a form is called in sentences. */
export const NAMES: Readonly<Record<Form, string>> = {
  bare: 'the app alone',
  plain: 'lastcall plain',
  native: 'lastcall native',
}
/** Of one step, of one form, of one text. */
const MOST_PANELS = 12
export const MOST_STORIES = 60
export const LONGEST = 400
/** With more pods than this, only steps in which something failed are unfolded. */
const MANY_PODS = 12

/** The rows of one form, and what the page says of them. */
export class FormPart {
  readonly form: Form
  readonly rows: readonly Row[]
  readonly requests: number
  readonly failed: number
  readonly #pods: ReadonlyMap<Row, readonly Termination[]>
  /** The failures that are told, each with its id in the document. */
  readonly #told: ReadonlyMap<FailureReport, string>

  constructor(form: Form, rows: readonly Row[]) {
    this.form = form
    this.rows = rows
    this.requests = sum(rows, (row) => row.requests)
    this.failed = sum(rows, (row) => row.failed)
    this.#pods = new Map(
      rows.map((row) => [row, row.seen.pods.flatMap((pod) => terminationOf(pod, row.seen.failures) ?? [])]),
    )
    const told = rows.flatMap((row) => row.seen.failures).slice(0, MOST_STORIES)
    this.#told = new Map(told.map((failure, index) => [failure, `${form}-failure-${index + 1}`]))
  }

  card(): Markup {
    const stopped = this.rows.flatMap((row) => row.stopped)
    return markup`<li><h2>${NAMES[this.form]}</h2>
<p class="big ${this.failed === 0 ? 'good' : 'lost'}">${this.failed} <small>of ${this.requests} requests failed</small></p>
${facts([
  ['steps', this.rows.length],
  ['pods stopped', stopped.length],
  ['pods gone after', longest(stopped.map(({ goneMs }) => goneMs))],
  ['last new connection', longest(stopped.map(({ lastConnectionMs }) => lastConnectionMs))],
  ['crossed', sum(this.rows, (row) => row.crossed)],
])}</li>
`
  }

  timelines(index: number): Markup {
    const all = [...this.#pods.values()].flat()
    const axis = axisOf(all)
    const steps = this.rows.flatMap((row, step) => {
      const pods = this.#pods.get(row)!
      if (pods.length === 0) return []
      const shown = pods.toSorted((a, b) => b.requests.length - a.requests.length).slice(0, MOST_PANELS)
      const more = pods.length - shown.length
      const open = row.failed > 0 || all.length <= MANY_PODS ? markup` open=""` : undefined
      return markup`<details${open}>
<summary>${row.step}: ${row.failed} of ${row.requests} requests failed, ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'} stopped</summary>
${shown.map((pod, panel) =>
  podFigure(pod, `pod-${index}-${step}-${panel}`, podStory(pod, row), axis, ({ source }) => {
    const id = this.#told.get(source as FailureReport)
    return id === undefined ? undefined : `#${id}`
  }),
)}${more > 0 ? markup`<p class="lead">and ${more} more</p>\n` : undefined}</details>
`
    })
    return markup`<h3>${NAMES[this.form]}</h3>
${steps.length === 0 ? markup`<p class="lead">No pod was stopped.</p>\n` : steps}`
  }

  failures(): Markup {
    const heading = markup`<h3>${NAMES[this.form]}: ${this.failed} of ${this.requests}</h3>
`
    if (this.failed === 0)
      return markup`${heading}<p class="lead">No request failed.</p>
`
    const steps = this.rows.flatMap((row) => {
      const told = row.seen.failures.filter((failure) => this.#told.has(failure))
      if (row.failed === 0) return []
      const more = row.failed - told.length
      return markup`<details class="card"${this.form === 'bare' ? undefined : markup` open=""`}>
<summary>${row.step}: ${row.failed} of ${row.requests}</summary>
<ol class="stories">
${told.map((failure) => this.#story(failure, row))}</ol>
${more > 0 ? markup`<p class="pale">and ${more} more</p>\n` : undefined}</details>
`
    })
    return markup`${heading}${steps}`
  }

  #story(failure: FailureReport, row: Row): Markup {
    const { what, client, pod, startedAt, endedAt, reused, idleMs } = failure
    const story = row.seen.pods.find(({ name }) => name === pod)
    const end = this.#pods.get(row)!.find((one) => one.pod === pod)
    const name = pod === undefined ? undefined : clipped(pod, LONGEST)
    const sentMs = story?.deletedAt === undefined ? undefined : startedAt - story.deletedAt
    const when =
      sentMs === undefined || name === undefined ? new Date(startedAt).toISOString() : since(sentMs, name)
    const idle = idleMs === undefined ? '' : ` that had been idle for ${duration(idleMs)}`
    const how = reused ? `on an open connection${idle}` : 'on a new connection'
    const sentences = [
      name === undefined ? `Sent ${how}; which pod it reached is not known.` : `Sent to ${name} ${how}.`,
      ...(end === undefined || sentMs === undefined
        ? []
        : podThen({ sentMs, endMs: sentMs + endedAt - startedAt, reused }, end)),
      ...(name !== undefined && sentMs === undefined ? ['The pod was not being stopped.'] : []),
      errorInWords(failure.failure),
    ]
    return markup`<li id="${this.#told.get(failure)}">
<p class="what"><code>${clipped(what, LONGEST)}</code><span>${client}</span><span>${when}</span><span>failed after ${duration(endedAt - startedAt)}</span></p>
<p>${sentences.join(' ')}</p>
<p class="raw">The client's error: <code>${clipped(failure.failure, LONGEST)}</code></p>
</li>
`
  }
}

function longest(values: readonly (number | undefined)[]): string | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : `${duration(Math.max(...known))} at most`
}

function podStory({ pod, goneMs }: Termination, row: Row): string {
  const {
    deregisteredMs,
    lastConnectionMs,
    exits = [],
    verdict,
  } = row.stopped.find((one) => one.pod === pod) ?? {}
  const parts = [
    ...(deregisteredMs === undefined ? [] : [`No longer listed as ready after ${duration(deregisteredMs)}`]),
    lastConnectionMs === undefined
      ? 'no new connection after the deletion'
      : `last new connection after ${duration(lastConnectionMs)}`,
    `gone after ${duration(goneMs)}`,
    exits.length === 0 ? 'how its containers ended was not seen' : `exit codes: ${exits.join(', ')}`,
  ]
  return `${parts.join('; ')}.${verdict === undefined ? '' : ` lastcall: ${clipped(verdict, LONGEST)}.`}`
}

/** What the kinds of clients did in all of these. */
export function byClient(rows: readonly Row[]): Record<string, { requests: number; failed: number }> {
  const counts: Record<string, { requests: number; failed: number }> = {}
  for (const [client, { requests, failed }] of rows.flatMap((row) => Object.entries(row.seen.byClient))) {
    const count = (counts[client] ??= { requests: 0, failed: 0 })
    count.requests += requests
    count.failed += failed
  }
  return counts
}

export function sum(rows: readonly Row[], pick: (row: Row) => number): number {
  return rows.reduce((total, row) => total + pick(row), 0)
}
