/** What docs/performance.md shows: one row a peer, the figures that a user would choose by, and two plots. */

import type { Results } from '../sample.ts'
import { medianOf, type Row } from './stats.ts'

interface Column {
  readonly title: string
  readonly scenario: string
  readonly case: RegExp
  readonly metric: string
  readonly digits: number
}

const COLUMNS: readonly Column[] = [
  { title: 'CPU per request, µs', scenario: 'cost', case: /^64 connections, 60/, metric: 'cpuUs', digits: 1 },
  {
    title: 'added p50 at 2,000/s, µs',
    scenario: 'latency',
    case: /^2000 a/,
    metric: 'addedP50Us',
    digits: 0,
  },
  { title: 'added p99, µs', scenario: 'latency', case: /^2000 a/, metric: 'addedP99Us', digits: 0 },
  {
    title: 'CPU per MiB down, µs',
    scenario: 'bodies',
    case: /^download of 1 MiB/,
    metric: 'cpuUsPerMiB',
    digits: 0,
  },
  { title: 'new connection each, µs', scenario: 'fresh', case: /(?:)/, metric: 'cpuUs', digits: 0 },
  {
    title: 'memory, 100 MiB bodies, MiB',
    scenario: 'bodies',
    case: /^download of 100/,
    metric: 'peakMiB',
    digits: 0,
  },
  { title: 'start, ms', scenario: 'start', case: /(?:)/, metric: 'startMs', digits: 0 },
]

export function formatSummary(results: Results, rows: readonly Row[], plots: readonly string[]): string {
  const peers = results.peers.filter(({ name }) => name !== 'direct')
  const lines = peers.map(({ name, version }) => {
    const cells = COLUMNS.map(({ scenario, case: one, metric, digits }) => {
      const value = medianOf(rows, scenario, one, name, metric)
      return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits)
    })
    const title = name === 'lastcall' ? '**lastcall**' : `${name} ${version.split(',')[0] ?? ''}`.trim()
    return `| ${title} | ${cells.join(' | ')} |`
  })
  const missing = results.missing.map(({ name }) => name).join(', ')
  return [
    `| | ${COLUMNS.map(({ title }) => title).join(' | ')} |`,
    `|---|${COLUMNS.map(() => '---:|').join('')}`,
    ...lines,
    '',
    `One run on ${results.machine['processors']}, ${results.date.slice(0, 10)}; ${results.pinning}. Compare within the table only. Not measured: ${missing === '' ? 'nothing' : missing}.`,
    '',
    ...plots.map((path) => `![${path}](${path})`),
  ].join('\n')
}
