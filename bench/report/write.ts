/** Writes the results: JSON, Markdown and plots into bench/results and, if asked, the summary into docs/performance.md. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Results } from '../sample.ts'
import { SCENARIOS } from '../scenarios/catalog.ts'
import { withAdded } from './added.ts'
import { formatReport } from './markdown.ts'
import { barPlot, latencyPlot, rolloutPlot } from './plots.ts'
import { formatSummary } from './summary.ts'
import { type Row, rowsOf } from './stats.ts'

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url))
const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const BEGIN = '<!-- bench -->'
const END = '<!-- /bench -->'

/** Writes all; answers the paths. */
export function writeResults(results: Results, { name, docs }: { name: string; docs: boolean }): string[] {
  mkdirSync(FOLDER, { recursive: true })
  const titles = new Map(SCENARIOS.map((scenario) => [scenario.name, scenario.title]))
  const rows = rowsOf(withAdded(results.samples))
  const plots = plotsOf(rows, results)
  const files = new Map([
    [join(FOLDER, `${name}.json`), `${JSON.stringify(results)}\n`],
    [
      join(FOLDER, `${name}.md`),
      formatReport(
        results,
        titles,
        plots.map(([plot]) => `${name}-${plot}.svg`),
      ),
    ],
    ...plots.map(([plot, svg]) => [join(FOLDER, `${name}-${plot}.svg`), svg] as const),
  ])
  if (docs) {
    const shown = plots
      .filter(([plot]) => plot === 'cost' || plot === 'rollout')
      .map(([plot]) => `../bench/results/${name}-${plot}.svg`)
    files.set(PAGE, between(readFileSync(PAGE, 'utf8'), formatSummary(results, rows, shown)))
  }
  for (const [path, text] of files) writeFileSync(path, text)
  return [...files.keys()]
}

function plotsOf(rows: readonly Row[], results: Results): [string, string][] {
  const of = (scenario: string, one: string): Row[] =>
    rows.filter((row) => row.scenario === scenario && row.case.startsWith(one))
  const all: [string, string | undefined][] = [
    [
      'cost',
      barPlot(
        'CPU time of the proxy per request, 64 keep-alive connections',
        'µs',
        of('cost', '64 connections, 60'),
        'cpuUs',
      ),
    ],
    [
      'fresh',
      barPlot('CPU time of the proxy per request, each on a new connection', 'µs', of('fresh', ''), 'cpuUs'),
    ],
    [
      'websocket',
      barPlot(
        'CPU time of the proxy per WebSocket message of 60 bytes, 64 connections',
        'µs',
        of('websocket', '64 connections, 60'),
        'cpuUsPerMessage',
      ),
    ],
    [
      'http2',
      barPlot('CPU time of the proxy per HTTP/2 request, 8 × 8 streams', 'µs', of('http2', '8 '), 'cpuUs'),
    ],
    [
      'grpc',
      barPlot(
        'CPU time of the proxy per gRPC message on 64 streams',
        'µs',
        of('grpc', 'messages'),
        'cpuUsPerMessage',
      ),
    ],
    [
      'download',
      barPlot(
        'CPU time of the proxy per MiB, downloads of 1 MiB',
        'µs',
        of('bodies', 'download of 1 MiB'),
        'cpuUsPerMiB',
      ),
    ],
    [
      'memory',
      barPlot(
        'Resident memory at most, downloads of 100 MiB',
        'MiB',
        of('bodies', 'download of 100 MiB'),
        'peakMiB',
      ),
    ],
    ['start', barPlot('From exec to the first served request', 'ms', of('start', ''), 'startMs')],
    ...['500', '2000', '10000'].map((rate): [string, string | undefined] => [
      `latency-${rate}`,
      latencyPlot(
        `Latency at ${Number(rate).toLocaleString('en')} requests a second, from when each was due`,
        of('latency', `${rate} a`),
      ),
    ]),
    [
      'rollout',
      rolloutPlot(
        'Rollout of three replicas',
        results.samples.filter(({ scenario }) => scenario === 'drain'),
      ),
    ],
  ]
  return all.flatMap(([name, svg]) => (svg === undefined ? [] : [[name, svg] as [string, string]]))
}

/** Replaces the text between the marks; throws if they are missing. Exported for its test. */
export function between(text: string, middle: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has no ${BEGIN} … ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${middle}\n\n${text.slice(end)}`
}
