/**
 * From what was seen to rows, a table and sentences about each failed request. Pure. Times of the clients are already
 * of the same clock as those of the pods.
 */
import type { FailureReport, LoadReport } from '../../images/load-client/main.ts'
import type { Form } from './objects.ts'
import type { PodStory } from './pods.ts'

/** A pod that was stopped in a step; milliseconds since its deletion. */
export interface Stopped {
  readonly pod: string
  readonly goneMs: number | undefined
  /** Until no EndpointSlice had it as ready. */
  readonly deregisteredMs: number | undefined
  /** Until the last new connection of a client that the pod answered; undefined if none came. */
  readonly lastConnectionMs: number | undefined
  readonly exits: readonly string[]
  readonly verdict: string | undefined
}

export interface Row {
  readonly form: Form
  readonly step: string
  readonly requests: number
  readonly failed: number
  /** Lost with bare pods that stopped, in this step or before it: not in `failed`. Undefined in a step without any. */
  readonly deaths?: number
  /** A step that may lose requests with the pods that it stops. */
  readonly apart?: boolean
  /** See docs/e2e.md: not failed. */
  readonly crossed: number
  readonly seconds: number
  /** How long the pods that became ready took, since they were put on a node; milliseconds. */
  readonly readyMs: readonly number[]
  readonly stopped: readonly Stopped[]
  /** What lastcall said of drains that it came back from. */
  readonly returned: readonly string[]
  /** Each failed request, with what its pod was in. */
  readonly failures: readonly string[]
  /** What did not happen as it should have, requests aside. */
  readonly problems: readonly string[]
  readonly seen: Seen
}

/** What a row was made of. */
export interface Seen {
  /** The pods that were stopped. */
  readonly pods: readonly PodStory[]
  /** The last ones, if there are very many. */
  readonly failures: readonly FailureReport[]
  readonly byClient: LoadReport['byClient']
}

/** What the kinds of clients did between two reports. */
export function difference(
  before: LoadReport['byClient'],
  after: LoadReport['byClient'],
): LoadReport['byClient'] {
  return Object.fromEntries(
    Object.entries(after).map(([client, { requests, failed }]) => [
      client,
      {
        requests: requests - (before[client]?.requests ?? 0),
        failed: failed - (before[client]?.failed ?? 0),
      },
    ]),
  )
}

/** The stop of a pod, from its story and the time of the last new connection to it. */
export function stopped(story: PodStory, lastConnectionAt: number | undefined): Stopped {
  const since = (at: number | undefined) =>
    at === undefined || story.deletedAt === undefined ? undefined : Math.max(0, at - story.deletedAt)
  const late = lastConnectionAt !== undefined && lastConnectionAt > story.deletedAt!
  return {
    pod: story.name,
    goneMs: since(story.goneAt),
    deregisteredMs: since(story.deregisteredAt),
    lastConnectionMs: late ? since(lastConnectionAt) : undefined,
    exits: story.exits,
    verdict: story.verdict,
  }
}

/** A watch, and the clients' clock, may be this far behind. */
const CLOCKS_MS = 1000

/**
 * The pods with which requests may have been lost that failed in a step since `startedAt`: bare ones, whenever they
 * stopped (a connection to a pod that is gone may wait for its client's timeout, until a later step); and with `apart` all that
 * stopped in the step.
 */
export function mortal(stories: readonly PodStory[], startedAt: number, apart: boolean): PodStory[] {
  return stories.filter(
    ({ bare, deletedAt, goneAt = Infinity }) =>
      deletedAt !== undefined && (bare || (apart && goneAt >= startedAt)),
  )
}

/**
 * Whether a request was lost with one of these pods: on a connection of it, or, where nobody knows whose it was, while
 * one of them stopped.
 */
export function byDeath({ pod, startedAt, endedAt }: FailureReport, dying: readonly PodStory[]): boolean {
  return dying.some(({ name, deletedAt = Infinity, goneAt = Infinity }) =>
    pod === undefined
      ? endedAt >= deletedAt - CLOCKS_MS && startedAt <= goneAt + CLOCKS_MS
      : pod === name && endedAt >= deletedAt - CLOCKS_MS,
  )
}

export const HEAD = [
  'form',
  'step',
  'requests',
  'failed',
  'crossed',
  'time',
  'start to ready',
  'pods gone',
  'endpoint gone',
  'last new connection',
]

/** A row under HEAD; of times the longest, from start to ready the median. */
export function cells(row: Row): string[] {
  const most = (pick: (one: Stopped) => number | undefined, none = '-') =>
    longest(row.stopped.map(pick)) ?? none
  return [
    row.form,
    row.step,
    String(row.requests),
    row.deaths === undefined ? String(row.failed) : `${row.failed} (bare pods: ${row.deaths})`,
    String(row.crossed),
    `${row.seconds.toFixed(1)} s`,
    median(row.readyMs) ?? '-',
    most(({ goneMs }) => goneMs),
    most(({ deregisteredMs }) => deregisteredMs),
    row.stopped.length === 0 ? '-' : most(({ lastConnectionMs }) => lastConnectionMs, 'none'),
  ]
}

/** One line for each row. */
export function table(rows: readonly Row[]): string {
  const all = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  const pad = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return all.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** How fast the pods of each form were ready, all steps together. */
export function starts(rows: readonly Row[]): string[] {
  const forms = [...new Set(rows.map(({ form }) => form))]
  return forms.flatMap((form) => {
    const all = rows.filter((row) => row.form === form).flatMap(({ readyMs }) => readyMs)
    const middle = median(all)
    return middle === undefined
      ? []
      : [`${form}: from start to ready ${middle}, the median of ${all.length} pods`]
  })
}

/** What the table leaves out: the verdict of each pod, failed requests, problems. */
export function details(row: Row): string[] {
  const pods = row.stopped.map(
    ({ pod, exits, verdict }) =>
      `${pod} (${exits.join(', ') || 'exits not seen'}): ${verdict ?? 'no verdict'}`,
  )
  const problems = row.problems.map((problem) => `problem: ${problem}`)
  const lines = [...problems, ...row.failures, ...pods, ...row.returned]
  return lines.length === 0 ? [] : [`${row.form}, ${row.step}:`, ...lines.map((line) => `  ${line}`)]
}

/** A failed request as a sentence: when, how, and what its pod had gone through by then. */
export function failureLine(failure: FailureReport, stories: ReadonlyMap<string, PodStory>): string {
  const { client, what, pod, reused, idleMs, startedAt, endedAt } = failure
  const connection = reused
    ? `used connection${idleMs === undefined ? '' : `, ${Math.round(idleMs)} ms idle`}`
    : 'new connection'
  const story = pod === undefined ? undefined : stories.get(pod)
  const past = (event: string, at: number | undefined) =>
    at === undefined || at > endedAt ? [] : [`${event} ${endedAt - at} ms before`]
  const phases =
    story === undefined
      ? []
      : [
          ...past('deleted', story.deletedAt),
          ...past('endpoint gone', story.deregisteredAt),
          ...past('gone', story.goneAt),
        ]
  const where = `${pod ?? 'unknown pod'}${phases.length === 0 ? '' : `: ${phases.join(', ')}`}`
  const at = new Date(endedAt).toISOString()
  return `${at} ${client} ${what}: ${failure.failure} after ${endedAt - startedAt} ms (${connection}) by ${where}`
}

function longest(values: readonly (number | undefined)[]): string | undefined {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return undefined
  const ms = Math.max(...known)
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Of an even number the lower one of the two in the middle. */
function median(values: readonly number[]): string | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  return middle === undefined ? undefined : `${(middle / 1000).toFixed(2)} s`
}
