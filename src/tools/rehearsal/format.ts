/** A report as text for people: one row a strategy, then the pods and each failure. JSON is JSON.stringify of it. */

import type { Failure, Report } from './report.ts'

/** A strategy that loses every other request needs no more examples than this. */
const SHOWN_FAILURES = 25

/** One table of all reports, a line each. */
export function formatTable(reports: readonly Report[]): string {
  const head = [
    'strategy',
    'requests',
    'failed',
    'acked',
    'lost',
    'twice',
    'rollout',
    'pod gone',
    'last new conn',
  ]
  const rows = reports.map((report) => [
    report.strategy,
    String(report.requests),
    String(report.failures.length),
    String(report.ledger?.acknowledged ?? '-'),
    String(report.ledger?.lost.length ?? '-'),
    String(report.ledger?.repeated.length ?? '-'),
    seconds(median(report.rolloutMs)),
    seconds(median(report.pods.map((pod) => pod.goneMs))),
    seconds(Math.max(...report.pods.map((pod) => pod.lastConnectionMs ?? 0))),
  ])
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
  return all.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** What a table leaves out: clients, pods with their sidecar's verdict, and every failed request. */
export function formatDetails(report: Report): string {
  const clients = Object.entries(report.byClient).map(
    ([name, { requests, failed }]) => `  ${name}: ${requests} requests, ${failed} failed`,
  )
  const pods = report.pods.map((pod) => {
    const flaws = [...pod.hookFailures, ...(pod.killed ? ['SIGKILL'] : [])]
    const parts = [
      `gone after ${seconds(pod.goneMs)}`,
      `${pod.lateConnections} late connections, last ${seconds(pod.lastConnectionMs)}`,
      pod.exits.join(', '),
      ...flaws,
    ]
    return `  ${pod.pod}: ${parts.join('; ')}${pod.verdict === undefined ? '' : `\n    ${pod.verdict}`}`
  })
  const failures = report.failures.slice(0, SHOWN_FAILURES).map((failure) => `  ${formatFailure(failure)}`)
  const more = report.failures.length - failures.length
  return [
    `${report.strategy}, seed ${report.seed}; the harness was late by ${Math.round(report.worstLatenessMs)} ms at worst`,
    ...clients,
    ...pods,
    ...failures,
    ...(more > 0 ? [`  and ${more} more failures`] : []),
  ].join('\n')
}

/** Whether any request failed, and if so of what, as the pod saw it; the most frequent first. */
export function formatCauses({ strategy, requests, failures }: Report): string {
  if (failures.length === 0) return `${strategy}: none of ${requests} requests failed`
  const causes = byCause(failures).map(([cause, those]) => `  ${those.length} × ${cause}`)
  return [`${strategy}: ${failures.length} of ${requests} requests failed`, ...causes].join('\n')
}

/** Failures grouped by what happened and what the pod was in; the most frequent first. */
export function byCause(failures: readonly Failure[]): (readonly [cause: string, failures: Failure[]])[] {
  const groups = Map.groupBy(failures, (failure) => `${causeOf(failure)} (${phaseOf(failure)})`)
  return [...groups].toSorted(([, one], [, other]) => other.length - one.length)
}

/** The client of a real cluster would see a refused connection as such, not as the reset that this Service makes of it. */
function causeOf({ request, connection }: Failure): string {
  if (request.status !== undefined) return request.failure!
  const end = connection?.firstEnd
  switch (end) {
    case 'refused':
      return 'connection refused'
    case 'no-endpoint':
      return 'no pod was ready'
    case 'pod-rst':
      return 'connection reset'
    case 'pod-fin':
      return 'connection closed without an answer, or in the middle of it'
    case 'client-fin':
    case 'client-rst':
    case 'closed':
    case undefined:
      return request.failure!
    default:
      return end satisfies never
  }
}

function phaseOf({ pod, ended }: Failure): string {
  return pod === undefined ? 'no pod' : `pod ${ended}`
}

/** Later than this, a request may be written to a connection whose FIN has been waiting in the kernel for long. */
const BUSY_MS = 25

/** A warning if failures may come from a machine that was too busy; undefined if not. */
export function busy({ failures, worstLatenessMs }: Report): string | undefined {
  if (failures.length === 0 || worstLatenessMs <= BUSY_MS) return undefined
  return (
    `This machine was busy (the clients were late by up to ${Math.round(worstLatenessMs)} ms). That alone can make a ` +
    'request on an idle connection fail. Try again when the machine is less busy.'
  )
}

/** One failed request with its connection and its pod, in a line. */
export function formatFailure({ request, pod, began, ended, sinceDeletionMs, connection }: Failure): string {
  const tookMs = request.endedAt - request.startedAt
  const used = request.reused ? `reused connection, ${Math.round(request.idleMs)} ms idle` : 'new connection'
  const when = sinceDeletionMs === undefined ? '' : `, ${Math.round(sinceDeletionMs)} ms after deletion`
  const phases = began === ended ? ended : `${began}, then ${ended}`
  const end =
    connection?.firstEndAt === undefined
      ? 'connection still open'
      : `${connection.firstEnd} ${(connection.firstEndAt - request.startedAt).toFixed(1)} ms after the request began`
  // Late: this machine was too busy to pass it on, and the pod may have closed the connection meanwhile.
  const passedOn =
    connection?.passedOnAt === undefined
      ? ''
      : `, passed on to the pod ${(connection.passedOnAt - request.startedAt).toFixed(1)} ms after it began`
  const bytes =
    connection === undefined ? '' : `, ${connection.clientBytes} bytes up, ${connection.podBytes} down`
  return `${request.client} ${request.method} ${request.path}: ${request.failure} after ${tookMs.toFixed(1)} ms (${used}) by ${pod ?? 'no pod'} (${phases}${when}); ${end}${passedOn}${bytes}`
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${(ms / 1000).toFixed(1)}s`
}
