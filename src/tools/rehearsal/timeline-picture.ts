/**
 * Timelines as one SVG picture: a section a strategy, in it a panel for each pod that was stopped, all on one scale of
 * seconds from the deletion. Above the containers and what they were in, below the requests, each a thin bar; failed
 * ones stand out. Pure; knows nothing of files. It has a ground of its own, so that it reads on light and dark pages.
 */

import type { Lane, RequestBar, RequestOutcome, Termination, Timeline } from './timeline.ts'

const WIDTH = 1120
const LEFT = 130
const RIGHT = 24
const LANE = { height: 16, pitch: 20 }
const ROW = 4
/** A failed request has a cross, which needs room. */
const FAILED_ROW = 9
const PANEL_GAP = 26
/** A request of a millisecond must still be seen. */
const LEAST_BAR = 2
/** So much wider than what there is to show: words stand there. */
const MARGIN = 1.12
/** More panels of one strategy tell nothing new. */
const MOST_PANELS = 6

const INK = '#24292f'
const PALE = '#57606a'
const GRID = '#d8dee4'
const OUTCOMES: { readonly [O in RequestOutcome]: { readonly color: string; readonly says: string } } = {
  answered: { color: '#54aeff', says: 'answered' },
  late: { color: '#0550ae', says: 'answered, on a connection opened after the deletion' },
  failed: { color: '#cf222e', says: 'failed' },
}
const STATES: Readonly<Record<string, string>> = {
  running: '#dafbe1',
  'preStop hook': '#aceebb',
  stopping: '#d0d7de',
  starting: '#eaeef2',
  serving: '#dafbe1',
  settling: '#fff1b8',
  'lame-duck': '#ffd8a8',
  draining: '#e0cffc',
  drained: '#c5d9f7',
  exiting: '#d0d7de',
  exited: '#d0d7de',
}

type Scale = (ms: number) => number

/** The picture of all timelines as SVG text. */
export function drawTimelines(timelines: readonly Timeline[]): string {
  const chosen = timelines.map((timeline) => ({ ...timeline, terminations: mostTelling(timeline) }))
  const all = chosen.flatMap((timeline) => timeline.terminations)
  const fromMs = Math.min(-1000, ...all.map((one) => one.fromMs))
  const toMs = Math.max(1000, ...all.map(lastMoment)) * MARGIN
  const x: Scale = (ms) =>
    LEFT + ((Math.min(Math.max(ms, fromMs), toMs) - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT - RIGHT)
  const parts: string[] = []
  let y = 30
  parts.push(
    text(
      24,
      y,
      'Each pod that was stopped, and the requests that were with it',
      'font-size="16" font-weight="bold"',
    ),
  )
  y = legend(parts, y + 26)
  for (const [index, timeline] of chosen.entries()) {
    y += 34
    parts.push(text(24, y, heading(timeline), 'font-size="14" font-weight="bold"'))
    const note = footnote(timeline, timelines[index]!)
    if (note !== '') parts.push(text(24, (y += 17), note, `fill="${PALE}"`))
    y += 14
    const top = y
    const panels: string[] = []
    for (const termination of timeline.terminations) y = panel(panels, termination, x, y) + PANEL_GAP
    y += 2 - PANEL_GAP
    parts.push(...grid(x, fromMs, toMs, top - 4, y), ...panels)
    y += 16
  }
  const height = y + 14
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
      ` font-family="Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="${escape(spoken(timelines))}">`,
    `<rect x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="10" fill="#ffffff" stroke="#d0d7de"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/** The terminations with the most failures, but in the order of time. */
function mostTelling({ terminations }: Timeline): Termination[] {
  const best = new Set(terminations.toSorted((a, b) => failures(b) - failures(a)).slice(0, MOST_PANELS))
  return terminations.filter((one) => best.has(one))
}

function failures({ requests }: Termination): number {
  return requests.filter((bar) => bar.outcome === 'failed').length
}

function lastMoment({ goneMs, requests }: Termination): number {
  return Math.max(goneMs, ...requests.map((bar) => bar.toMs))
}

function heading({ strategy, requests, failed }: Timeline): string {
  return `${strategy}: ${failed === 0 ? 'none' : failed} of ${requests} requests failed`
}

function footnote(shown: Timeline, whole: Timeline): string {
  const notes: string[] = []
  const more = whole.terminations.length - shown.terminations.length
  if (more > 0) notes.push(`${more} more pods were stopped, with no more failures each than these`)
  if (whole.failedElsewhere > 0)
    notes.push(`${whole.failedElsewhere} failed with no pod that was being stopped`)
  return notes.join('; ')
}

function spoken(timelines: readonly Timeline[]): string {
  return `Timeline of a rehearsal. ${timelines.map(heading).join('. ')}.`
}

/** Two lines: requests, then states. Answers where it ends. */
function legend(parts: string[], y: number): number {
  let at = 24
  for (const [outcome, { color, says }] of Object.entries(OUTCOMES)) {
    parts.push(`<rect x="${at}" y="${y - 6}" width="22" height="3" fill="${color}"/>`)
    if (outcome === 'failed') parts.push(cross(at + 11, y - 4.5))
    parts.push(text(at + 28, y, says))
    at += 28 + says.length * 6.4 + 24
  }
  at = 24
  const names = Object.keys(STATES).filter((name) => name !== 'starting' && name !== 'exited')
  for (const name of names) {
    parts.push(
      `<rect x="${at}" y="${y + 11}" width="14" height="12" fill="${STATES[name]}" stroke="${GRID}"/>`,
    )
    parts.push(text(at + 20, y + 21, name))
    at += 20 + name.length * 6.4 + 18
  }
  parts.push(sigterm(at + 4, y + 9), text(at + 14, y + 21, 'SIGTERM'))
  return y + 22
}

/** One termination; answers where it ends. */
function panel(parts: string[], termination: Termination, x: Scale, top: number): number {
  const { pod, lanes, requests, goneMs } = termination
  parts.push(`<g data-pod="${escape(pod)}">`)
  parts.push(text(24, top + 12, pod, 'font-weight="bold"'))
  for (const [index, lane] of lanes.entries()) parts.push(...drawLane(lane, x, top + index * LANE.pitch))
  let y = top + lanes.length * LANE.pitch + 4
  const bars = (failed: boolean) => requests.filter((bar) => (bar.outcome === 'failed') === failed)
  for (const [failed, pitch] of [
    [true, FAILED_ROW],
    [false, ROW],
  ] as const) {
    const rows = pack(bars(failed), x, failed ? FAILED_ROW : LEAST_BAR)
    for (const row of rows) {
      for (const bar of row) parts.push(drawBar(bar, x, y + (pitch - ROW) / 2))
      y += pitch
    }
  }
  parts.push(`<path d="M${round(x(goneMs))} ${top}V${y}" stroke="${PALE}" stroke-dasharray="3 3"/>`)
  const gone = `gone after ${(goneMs / 1000).toFixed(1)} s`
  parts.push(text(x(goneMs) + 6, top + 12, gone, `fill="${PALE}" font-size="11"`))
  parts.push('</g>')
  return y
}

function drawLane({ container, spans, sigtermMs, sigkillMs }: Lane, x: Scale, y: number): string[] {
  const parts = [text(LEFT - 10, y + 12, container, `text-anchor="end" fill="${PALE}"`)]
  for (const { what, fromMs, toMs } of spans) {
    const [from, to] = [x(fromMs), x(toMs)]
    const width = Math.max(1, to - from)
    parts.push(
      `<rect x="${round(from)}" y="${y}" width="${round(width)}" height="${LANE.height}" fill="${STATES[what] ?? '#eaeef2'}">` +
        `<title>${escape(`${container}: ${what}, ${((toMs - fromMs) / 1000).toFixed(2)} s`)}</title></rect>`,
    )
    if (width > what.length * 6.2 + 8) parts.push(text(from + 4, y + 12, what, 'font-size="11"'))
  }
  if (sigtermMs !== undefined) parts.push(sigterm(x(sigtermMs), y - 2))
  if (sigkillMs !== undefined)
    parts.push(text(x(sigkillMs) + 3, y + 12, 'SIGKILL', `fill="${OUTCOMES.failed.color}" font-size="11"`))
  return parts
}

/** Rows of bars that do not touch, as few as it takes. */
function pack(bars: readonly RequestBar[], x: Scale, least: number): RequestBar[][] {
  const rows: { readonly bars: RequestBar[]; end: number }[] = []
  for (const bar of bars.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const from = x(bar.fromMs)
    const end = Math.max(x(bar.toMs), from + least) + 1
    const row = rows.find((candidate) => candidate.end <= from)
    if (row === undefined) rows.push({ bars: [bar], end })
    else {
      row.bars.push(bar)
      row.end = end
    }
  }
  return rows.map((row) => row.bars)
}

function drawBar({ fromMs, toMs, outcome, says }: RequestBar, x: Scale, y: number): string {
  const width = Math.max(LEAST_BAR, x(toMs) - x(fromMs))
  const mark = outcome === 'failed' ? cross(x(toMs), y + 1.5) : ''
  const bar = `<rect x="${round(x(fromMs))}" y="${round(y)}" width="${round(width)}" height="${ROW - 1}" fill="${OUTCOMES[outcome].color}"/>`
  return `<g class="${outcome}"><title>${escape(says)}</title>${bar}${mark}</g>`
}

/** A line each second, dark where the pod was deleted. */
function grid(x: Scale, fromMs: number, toMs: number, top: number, bottom: number): string[] {
  const parts: string[] = []
  const step = toMs - fromMs > 20_000 ? 5000 : 1000
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs; ms += step) {
    parts.push(`<path d="M${round(x(ms))} ${top}V${bottom}" stroke="${ms === 0 ? INK : GRID}"/>`)
    const label = ms === 0 ? 'deleted' : `${ms / 1000} s`
    parts.push(text(x(ms), bottom + 14, label, `text-anchor="middle" fill="${PALE}" font-size="11"`))
  }
  return parts
}

function sigterm(x: number, y: number): string {
  return `<path d="M${round(x)} ${y}v${LANE.height + 3}m-4 -${LANE.height + 3}h8l-4 6z" stroke="${INK}" fill="${INK}"><title>SIGTERM</title></path>`
}

function cross(x: number, y: number): string {
  return `<path d="M${round(x - 3)} ${round(y - 3)}l6 6m0 -6l-6 6" stroke="${OUTCOMES.failed.color}" stroke-width="1.8"/>`
}

function text(x: number, y: number, content: string, more = ''): string {
  const fill = more.includes('fill=') ? '' : ` fill="${INK}"`
  return `<text x="${round(x)}" y="${round(y)}"${fill}${more === '' ? '' : ` ${more}`}>${escape(content)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(content: string): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  // oxlint-disable-next-line no-control-regex -- XML 1.0 has no place for them, not even escaped
  return safe.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '?')
}
