/**
 * Timelines as one SVG picture: a section a strategy, in it a panel for each pod that was stopped, all on one scale of
 * seconds from the deletion. Pure; knows nothing of files. It has a ground of its own, so that it reads on light and
 * dark pages. The panels are panel.ts's.
 */

import { type Markup, markup, trusted } from './page/markup.ts'
import { LEGEND, OUTCOMES, paint, stateClass } from './palette.ts'
import { axisOf, CROSS_MARK, drawPanel, SIGTERM_MARK, undrawn } from './panel.ts'
import type { Termination, Timeline } from './timeline.ts'

const WIDTH = 1120
const LEFT = 130
const RIGHT = 24
const PANEL_GAP = 10
/** More panels of one strategy tell nothing new. */
const MOST_PANELS = 6
const LETTER = 6.4

/** The picture of all timelines as SVG text. */
export function drawTimelines(timelines: readonly Timeline[]): string {
  const chosen = timelines.map((timeline) => mostTelling(timeline, MOST_PANELS))
  const axis = axisOf(chosen.flat())
  const parts: Markup[] = []
  let y = 30
  parts.push(words(24, y, 'Each pod that was stopped, and the requests that were with it', 'title'))
  y = legend(parts, y + 26)
  for (const [index, timeline] of timelines.entries()) {
    const shown = chosen[index]!
    y += 34
    parts.push(words(24, y, headingOf(timeline), 'heading'))
    const note = noteOf(timeline, shown)
    if (note !== '') parts.push(words(24, (y += 17), note, 'pale'))
    y += 6
    for (const termination of shown) {
      const panel = drawPanel(termination, axis)
      parts.push(
        markup`<g data-pod="${termination.pod}">${words(24, y + 30, termination.pod, 'pod')}
<svg x="${LEFT}" y="${y}" width="${WIDTH - LEFT - RIGHT}" height="${panel.height}" overflow="visible">
${panel.parts}</svg></g>
`,
      )
      y += panel.height + PANEL_GAP
    }
    y -= PANEL_GAP
  }
  const height = y + 14
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="11" role="img" aria-label="${spoken(timelines)}">
<style>${trusted(STYLE)}</style>
<rect x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="10" fill="#ffffff" stroke="#d0d7de"/>
${parts}</svg>
`.text
}

const STYLE = `${paint('light')}
.title{font-size:16px;font-weight:bold;fill:#24292f}
.heading{font-size:14px;font-weight:bold;fill:#24292f}
.pod{font-size:12px;font-weight:bold;fill:#24292f}
.legend{font-size:12px;fill:#24292f}`

/** At most so many terminations: those with the most failures, but in the order of time. */
export function mostTelling({ terminations }: Timeline, most: number): Termination[] {
  const best = new Set(terminations.toSorted((a, b) => failures(b) - failures(a)).slice(0, most))
  return terminations.filter((one) => best.has(one))
}

function failures({ requests }: Termination): number {
  return requests.filter((bar) => bar.outcome === 'failed').length
}

function headingOf({ strategy, requests, failed }: Timeline): string {
  return `${strategy}: ${failed === 0 ? 'none' : failed} of ${requests} requests failed`
}

/** What the panels of a timeline leave out; empty if nothing. */
export function noteOf({ terminations, failedElsewhere }: Timeline, shown: readonly Termination[]): string {
  const notes: string[] = []
  const more = terminations.length - shown.length
  if (more > 0) notes.push(`${more} more pods were stopped, with no more failures each than these`)
  if (failedElsewhere > 0) notes.push(`${failedElsewhere} failed with no pod that was being stopped`)
  const bars = shown.reduce((sum, one) => sum + undrawn(one), 0)
  if (bars > 0) notes.push(`${bars} more requests are not drawn`)
  return notes.join('; ')
}

function spoken(timelines: readonly Timeline[]): string {
  return `Timeline of a rehearsal. ${timelines.map(headingOf).join('. ')}.`
}

/** Two lines: requests, then states. Answers where it ends. */
function legend(parts: Markup[], y: number): number {
  let at = 24
  for (const [outcome, { says }] of Object.entries(OUTCOMES)) {
    const cross = outcome === 'failed' ? moved(at + 11, y - 4.5, CROSS_MARK) : undefined
    parts.push(
      markup`<g class="${outcome}"><rect x="${at}" y="${y - 6}" width="22" height="3"/>${cross}</g>`,
      words(at + 28, y, says, 'legend'),
    )
    at += 28 + says.length * LETTER + 24
  }
  at = 24
  for (const [what, says] of LEGEND) {
    parts.push(
      markup`<rect class="${stateClass(what)}" x="${at}" y="${y + 11}" width="14" height="12"/>`,
      words(at + 20, y + 21, says, 'legend'),
    )
    at += 20 + says.length * LETTER + 14
  }
  parts.push(moved(at + 4, y + 9, SIGTERM_MARK), words(at + 14, y + 21, 'SIGTERM', 'legend'))
  return y + 22
}

function moved(x: number, y: number, what: Markup): Markup {
  return markup`<g transform="translate(${x} ${y})">${what}</g>`
}

function words(x: number, y: number, content: string, name: string): Markup {
  return markup`<text class="${name}" x="${Math.round(x)}" y="${y}">${content}</text>
`
}
