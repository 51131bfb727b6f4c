/**
 * The drawing of one termination: above, what the pod's endpoint, its readiness and its containers were in; below, its
 * requests, each a thin bar; failed ones have a cross. Across it is measured in percent of the plot, so that the same
 * drawing fits any width; labels stand to the left of the plot. Pure; colours are palette.ts's.
 */

import { clipped, type Markup, markup } from './page/markup.ts'
import { stateClass } from './palette.ts'
import type { Lane, RequestBar, Span, Termination } from './timeline.ts'

const LANE = { height: 16, pitch: 20 }
/** A line of text above the lanes. */
const TOP = 18
const AXIS = 20
const ROW = 4
/** A failed request has a cross, which needs room. */
const FAILED_ROW = 9
/** Widths of the plot at which texts and rows are judged, in pixels: the usual one, and a telephone's. */
const WIDE = 960
const NARROW = 270
/** A request of a millisecond must still be seen; percent. */
const LEAST_BAR = 0.22
const CROSS = (100 * FAILED_ROW) / WIDE
const GAP = 0.1
const LETTER = 6.2
/** So much wider than what there is to show: words stand there. */
const MARGIN = 1.06
const MOST_BARS = 1500
/** A step of the axis for each span of time, in milliseconds. */
const STEPS = [
  [12_000, 1000],
  [25_000, 2000],
  [60_000, 5000],
  [150_000, 15_000],
] as const
const LONGEST_STEP = 60_000

export interface Axis {
  readonly fromMs: number
  readonly toMs: number
}

export interface Panel {
  readonly parts: Markup
  readonly height: number
}

/** Where a failed request is told, such as `#failure-3`; undefined if it is not. */
export type LinkOf = (bar: RequestBar) => string | undefined

/** One axis for all of them, from a second before the deletions to the last moment. */
export function axisOf(terminations: readonly Termination[]): Axis {
  const ends = terminations.flatMap(({ goneMs, lanes, requests }) => [
    goneMs,
    ...lanes.flatMap(({ spans }) => spans.map(({ toMs }) => toMs)),
    ...requests.map(({ toMs }) => toMs),
  ])
  const toMs = ends.reduce((most, ms) => Math.max(most, ms), 1000)
  return {
    fromMs: terminations.reduce((least, { fromMs }) => Math.min(least, fromMs), -1000),
    toMs: toMs * MARGIN,
  }
}

/** Draws one termination from `y` = 0 down. */
export function drawPanel(termination: Termination, axis: Axis, linkOf: LinkOf = () => undefined): Panel {
  const { lanes, requests, goneMs } = termination
  const x = scale(axis)
  const parts: Markup[] = []
  for (const [index, lane] of lanes.entries()) parts.push(drawLane(lane, x, TOP + index * LANE.pitch))
  let y = TOP + lanes.length * LANE.pitch + 4
  for (const failed of [true, false]) {
    const bars = requests.filter((bar) => (bar.outcome === 'failed') === failed).slice(0, MOST_BARS)
    const pitch = failed ? FAILED_ROW : ROW
    for (const row of pack(bars, x, failed ? CROSS : LEAST_BAR)) {
      for (const bar of row) parts.push(drawBar(bar, x, y + (pitch - ROW) / 2, linkOf))
      y += pitch
    }
  }
  const gone = x(goneMs)
  const label = `gone after ${seconds(goneMs, 1)}`
  return {
    parts: markup`${grid(axis, x, TOP - 4, y)}
<line class="gone" x1="${gone}%" x2="${gone}%" y1="4" y2="${y}" stroke-dasharray="3 3"/>
${gone > 60 ? text(`${gone}%`, 12, label, 'pale', 'end', -6) : text(`${gone}%`, 12, label, 'pale', 'start', 6)}
${parts}`,
    height: y + AXIS,
  }
}

/** What is too much for one panel. */
export function undrawn({ requests }: Termination): number {
  const failed = requests.filter(({ outcome }) => outcome === 'failed').length
  return Math.max(0, failed - MOST_BARS) + Math.max(0, requests.length - failed - MOST_BARS)
}

/** The cross of a failed request, at the beginning of the coordinates. */
export const CROSS_MARK = markup`<path class="cross" d="M-3 -3l6 6m0 -6l-6 6"/>`
export const SIGTERM_MARK = markup`<path class="mark" d="M0 -2v19m-4 -19h8l-4 6z"/>`

type Scale = (ms: number) => number

function scale({ fromMs, toMs }: Axis): Scale {
  return (ms) => round((100 * (Math.min(Math.max(ms, fromMs), toMs) - fromMs)) / (toMs - fromMs))
}

function drawLane({ name, spans, hook, sigtermMs, sigkillMs }: Lane, x: Scale, y: number): Markup {
  return markup`${text('0', y + 12, clipped(name, 14), 'pale', 'end', -8)}
${spans.map((span) => drawSpan(name, span, x, y))}${hook === undefined ? undefined : drawHook(name, hook, x, y)}${
    sigtermMs === undefined
      ? undefined
      : markup`${placed(x(sigtermMs), y, markup`<title>SIGTERM to ${name} after ${seconds(sigtermMs)}</title>${SIGTERM_MARK}`)}`
  }${
    sigkillMs === undefined
      ? undefined
      : placed(x(sigkillMs), y, markup`<text class="kill" x="3" y="12">SIGKILL</text>`)
  }
`
}

/** A box that cuts off the text in it; where there is no room for the text, there is none. */
function drawSpan(lane: string, { what, fromMs, toMs }: Span, x: Scale, y: number): Markup {
  const width = round(Math.max(0.1, x(toMs) - x(fromMs)))
  const needs = what.length * LETTER + 8
  const room = (width * WIDE) / 100 > needs
  const narrow = (width * NARROW) / 100 <= needs
  const label = room
    ? markup`<text class="ink${narrow ? ' wide' : ''}" x="4" y="12">${what}</text>`
    : undefined
  return markup`<svg x="${x(fromMs)}%" y="${y}" width="${width}%" height="${LANE.height}"><title>${lane}: ${what}, ${seconds(toMs - fromMs)}</title><rect class="${stateClass(what)}" width="100%" height="${LANE.height}"/>${label}</svg>`
}

/** A stripe below the phases of a sidecar. */
function drawHook(lane: string, { what, fromMs, toMs }: Span, x: Scale, y: number): Markup {
  const width = round(Math.max(0.1, x(toMs) - x(fromMs)))
  return markup`<rect class="hook" x="${x(fromMs)}%" y="${y + LANE.height - 2}" width="${width}%" height="3"><title>${lane}: ${what}, ${seconds(toMs - fromMs)}</title></rect>`
}

/** Rows of bars that do not touch, as few as it takes. */
function pack(bars: readonly RequestBar[], x: Scale, least: number): RequestBar[][] {
  const rows: { readonly bars: RequestBar[]; end: number }[] = []
  for (const bar of bars.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const from = x(bar.fromMs)
    const end = Math.max(x(bar.toMs), from + least) + GAP
    const row = rows.find((candidate) => candidate.end <= from)
    if (row === undefined) rows.push({ bars: [bar], end })
    else {
      row.bars.push(bar)
      row.end = end
    }
  }
  return rows.map((row) => row.bars)
}

function drawBar(bar: RequestBar, x: Scale, y: number, linkOf: LinkOf): Markup {
  const { fromMs, toMs, outcome, says } = bar
  const width = round(Math.max(LEAST_BAR, x(toMs) - x(fromMs)))
  const cross = outcome === 'failed' ? placed(x(toMs), y + 1.5, CROSS_MARK) : undefined
  const drawn = markup`<g class="${outcome}"><title>${clipped(says, 300)}</title><rect x="${x(fromMs)}%" y="${y}" width="${width}%" height="${ROW - 1}"/>${cross}</g>`
  const link = linkOf(bar)
  return link === undefined ? markup`${drawn}\n` : markup`<a href="${link}" tabindex="-1">${drawn}</a>\n`
}

/** A line each second or so, dark where the pod was deleted. */
function grid(axis: Axis, x: Scale, top: number, bottom: number): Markup[] {
  const { fromMs, toMs } = axis
  const step = STEPS.find(([most]) => toMs - fromMs <= most)?.[1] ?? LONGEST_STEP
  const lines: Markup[] = []
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs; ms += step) {
    const at = x(ms)
    const minor = ms !== 0 && (ms / step) % 2 !== 0 ? ' wide' : ''
    const label = ms === 0 ? 'deleted' : `${ms / 1000} s`
    lines.push(
      markup`<line class="${ms === 0 ? 'zero' : 'grid'}" x1="${at}%" x2="${at}%" y1="${top}" y2="${bottom}"/>`,
      text(`${at}%`, bottom + 14, label, `pale${minor}`, 'middle'),
    )
  }
  return lines
}

/** Something drawn in pixels, at a place in percent. */
function placed(at: number, y: number, what: Markup): Markup {
  return markup`<svg x="${at}%" y="${y}" width="1" height="1" overflow="visible">${what}</svg>`
}

type Anchor = 'start' | 'middle' | 'end'

function text(x: string, y: number, content: string, name: string, anchor: Anchor, dx = 0): Markup {
  return markup`<text class="${name}" x="${x}" y="${y}" dx="${dx}" text-anchor="${anchor}">${content}</text>`
}

function seconds(ms: number, digits = 2): string {
  return `${(ms / 1000).toFixed(digits)} s`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
