/** The pods that were stopped: a sentence for each picture, and a table of all. Pure. */

import type { Report } from '../report.ts'
import type { Termination } from '../timeline.ts'
import { clipped, type Markup } from './markup.ts'
import { type Column, figures, table } from './parts.ts'
import { duration } from './story.ts'
import { answeredOf, strategyName } from './strategy-card.ts'

/** Of one strategy. */
const MOST_ROWS = 60
const LONGEST = 400

/** What a picture shows, in words. */
export function podStory(termination: Termination): string {
  const { lanes, goneMs } = termination
  const parts = lanes.flatMap(({ name, sigtermMs, sigkillMs, hook, spans }) => [
    ...[hook, ...spans.filter(({ what }) => what === 'preStop hook')].flatMap((span) =>
      span === undefined ? [] : [`the preStop hook of ${name} took ${duration(span.toMs - span.fromMs)}`],
    ),
    ...(sigtermMs === undefined ? [] : [`SIGTERM to ${name} after ${duration(sigtermMs)}`]),
    ...(sigkillMs === undefined ? [] : [`SIGKILL to ${name} after ${duration(sigkillMs)}`]),
  ])
  const listed = lanes.find(({ name }) => name === 'endpoint')?.spans.at(-1)?.toMs
  const learned =
    listed === undefined ? [] : [`the Service learned of the deletion after ${duration(listed)}`]
  const crossed = answeredOf([termination], ({ fromMs, toMs }) => fromMs < 0 && toMs > 0)
  const arrived = answeredOf([termination], ({ fromMs }) => fromMs >= 0)
  const all = [...learned, ...parts, `gone after ${duration(goneMs)}`].join('; ')
  return `${all[0]!.toUpperCase()}${all.slice(1)}. Requests in flight at the deletion: ${crossed}; sent after it: ${arrived}.`
}

const COLUMNS: readonly Column[] = [
  ...figures('pod', 'gone', 'last new connection', 'new connections'),
  { name: 'exit codes', holds: 'codes' },
  { name: 'verdict of lastcall', holds: 'words' },
]

export function podTable(reports: readonly Report[]): Markup {
  const groups = reports.map(({ strategy, pods }) => {
    const rows = pods
      .slice(0, MOST_ROWS)
      .map((pod) => [
        pod.pod,
        duration(pod.goneMs),
        pod.lastConnectionMs === undefined ? 'none' : duration(pod.lastConnectionMs),
        pod.lateConnections,
        [...pod.exits, ...(pod.killed ? ['SIGKILL'] : [])].join(', '),
        [
          ...(pod.verdict === undefined ? [] : [clipped(pod.verdict, LONGEST)]),
          ...pod.hookFailures.map((why) => `hook of ${clipped(why, LONGEST)}`),
        ].join('; ') || '-',
      ])
    const more = pods.length - rows.length
    return {
      name: strategyName(strategy),
      rows: more > 0 ? [...rows, [`and ${more} more`, '', '', '', '', '']] : rows,
    }
  })
  return table('Every pod that was stopped', 'Times count from the deletion of the pod.', COLUMNS, groups)
}
