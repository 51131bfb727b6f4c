/** The clients of a rehearsal in figures: a row for each kind, a group of rows for each strategy. Pure. */

import type { RequestRecord } from '../journal.ts'
import type { Markup } from './markup.ts'
import { figures as columns, table } from './parts.ts'
import { duration } from './story.ts'
import { strategyName } from './strategy-card.ts'

interface Figures {
  readonly requests: number
  readonly failed: number
  /** Of those that were answered; undefined if none was. */
  readonly medianMs: number | undefined
  readonly slowestMs: number | undefined
}

/** By the kind of client. */
export type ClientFigures = ReadonlyMap<string, Figures>

export function clientFigures(requests: readonly RequestRecord[]): ClientFigures {
  const figures = new Map<string, Figures>()
  for (const [client, own] of Map.groupBy(requests, (request) => request.client)) {
    const answered = own.filter(({ failure }) => failure === undefined)
    const times = answered.map(({ startedAt, endedAt }) => endedAt - startedAt).toSorted((a, b) => a - b)
    figures.set(client, {
      requests: own.length,
      failed: own.length - answered.length,
      medianMs: times[Math.floor(times.length / 2)],
      slowestMs: times.at(-1),
    })
  }
  return figures
}

const NOTE =
  'How many requests each kind of client sent, and how long the answered ones took. No client retries. keep-alive: busy kept-alive ' +
  'connections; new-connection: a new one for each request; idle: kept-alive connections that are silent for up to 7 s ' +
  'between two requests; idle-post: the same with POST. undici and agent (of node:http) are libraries; fresh has no agent.'

export function clients(
  strategies: readonly (readonly [strategy: string, figures: ClientFigures])[],
): Markup {
  const groups = strategies.map(([strategy, figures]) => ({
    name: strategyName(strategy),
    rows: [...figures]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([client, { requests, failed, medianMs, slowestMs }]) => [
        client,
        requests,
        failed,
        medianMs === undefined ? '-' : duration(medianMs),
        slowestMs === undefined ? '-' : duration(slowestMs),
      ]),
  }))
  return table(
    'Figures of each kind of client',
    NOTE,
    columns('client', 'requests', 'failed', 'median', 'slowest'),
    groups,
  )
}
