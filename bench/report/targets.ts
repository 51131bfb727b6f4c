/** The targets that lastcall has set itself, each a ratio of medians of one run or a limit, and whether it is met. */

import { medianOf, type Row } from './stats.ts'

export interface Verdict {
  readonly target: string
  /** undefined: could not be said, because something was not measured. */
  readonly met: boolean | undefined
  /** The figures behind it. */
  readonly text: string
}

interface Ratio {
  readonly target: string
  readonly scenario: string
  readonly case: RegExp
  readonly metric: string
  readonly than: string
  readonly most: number
}

interface Limit {
  readonly target: string
  readonly scenario: string
  readonly case: RegExp
  readonly peer: string
  readonly metric: string
  readonly most: number
}

const AT_64 = { scenario: 'cost', case: /^64 connections, 60 bytes/, metric: 'cpuUs' }
const AT_2000 = { scenario: 'latency', case: /^2000 a second/, than: 'haproxy', most: 1.1 }
const DOWNLOAD = { scenario: 'bodies', case: /^download of 1 MiB/ }
const UPLOAD = { scenario: 'bodies', case: /^upload of 1 MiB/ }
const OWN = { peer: 'lastcall' }
/** Of the rehearsal's mix and of lastcall's defaults: slowest request 6 s, settle 3 s, quiet 2 s, and 1 s. */
const GONE_SECONDS = 12

const RATIOS: readonly Ratio[] = [
  { target: 'CPU per request at 64 connections', ...AT_64, than: 'haproxy', most: 1.1 },
  { target: 'CPU per request at 64 connections', ...AT_64, than: 'http-proxy', most: 0.3 },
  { target: 'CPU per request at 64 connections', ...AT_64, than: 'caddy', most: 0.35 },
  { target: 'Added latency p50 at 2,000 a second', ...AT_2000, metric: 'addedP50Us' },
  { target: 'Added latency p99 at 2,000 a second', ...AT_2000, metric: 'addedP99Us' },
  { target: 'CPU of a 1 MiB download', ...DOWNLOAD, metric: 'cpuUsPerMiB', than: 'haproxy', most: 1 },
  { target: 'CPU of a 1 MiB upload', ...UPLOAD, metric: 'cpuUsPerMiB', than: 'haproxy', most: 1 },
  {
    target: 'New connection per request',
    scenario: 'fresh',
    case: /(?:)/,
    metric: 'cpuUs',
    than: 'haproxy',
    most: 2,
  },
]

const LIMITS: readonly Limit[] = [
  { target: 'Memory while downloading 1 MiB bodies, MiB', ...OWN, ...DOWNLOAD, metric: 'peakMiB', most: 80 },
  { target: 'Memory while uploading 1 MiB bodies, MiB', ...OWN, ...UPLOAD, metric: 'peakMiB', most: 80 },
  {
    target: 'Memory while downloading 100 MiB bodies, MiB',
    ...OWN,
    scenario: 'bodies',
    case: /^download of 100 MiB/,
    metric: 'peakMiB',
    most: 80,
  },
  {
    target: 'Memory while uploading 100 MiB bodies, MiB',
    ...OWN,
    scenario: 'bodies',
    case: /^upload of 100 MiB/,
    metric: 'peakMiB',
    most: 80,
  },
  {
    target: 'Idle connection that was used, bytes',
    ...OWN,
    scenario: 'idle',
    case: /used/,
    metric: 'bytesEach',
    most: 12 * 1024,
  },
  {
    target: 'Start to first served request, ms',
    ...OWN,
    scenario: 'start',
    case: /(?:)/,
    metric: 'startMs',
    most: 150,
  },
  { target: 'Image, compressed, MiB', ...OWN, scenario: 'image', case: /(?:)/, metric: 'imageMiB', most: 60 },
  {
    target: 'Failed requests in rollouts',
    peer: 'lastcall plain',
    scenario: 'drain',
    case: /(?:)/,
    metric: 'failed',
    most: 0,
  },
  {
    target: 'Failed requests in rollouts, native sidecar',
    peer: 'lastcall native',
    scenario: 'drain',
    case: /(?:)/,
    metric: 'failed',
    most: 0,
  },
  {
    target: 'Slowest stop of a pod, s',
    peer: 'lastcall plain',
    scenario: 'drain',
    case: /(?:)/,
    metric: 'goneMostSeconds',
    most: GONE_SECONDS,
  },
  {
    target: 'Slowest stop of a pod, native sidecar, s',
    peer: 'lastcall native',
    scenario: 'drain',
    case: /(?:)/,
    metric: 'goneMostSeconds',
    most: GONE_SECONDS,
  },
]

/** Judges every target. */
export function judge(rows: readonly Row[]): Verdict[] {
  const ratios = RATIOS.map(({ target, scenario, case: one, metric, than, most }): Verdict => {
    const own = medianOf(rows, scenario, one, 'lastcall', metric)
    const theirs = medianOf(rows, scenario, one, than, metric)
    const title = `${target}: at most ${most} × ${than}`
    if (own === undefined || theirs === undefined)
      return { target: title, met: undefined, text: 'not measured' }
    const ratio = own / theirs
    const text = `${ratio.toFixed(2)} (${own.toFixed(1)} to ${theirs.toFixed(1)})`
    return { target: title, met: ratio <= most, text }
  })
  const limits = LIMITS.map(({ target, scenario, case: one, peer, metric, most }): Verdict => {
    const value = medianOf(rows, scenario, one, peer, metric)
    const title = `${target}: at most ${most}`
    if (value === undefined) return { target: title, met: undefined, text: 'not measured' }
    return { target: title, met: value <= most, text: value.toFixed(1) }
  })
  return [...ratios, ...limits]
}
