/**
 * A finding as a picture: what lastcall, its listener, the app, the hooks and the work in flight were in, as bars; the events of
 * the story as numbered marks, told below; the deadlines as dashed lines. Events of one moment stand side by side, so the axis is
 * not even. Pure; colours are those of the rehearsal's timeline, the sentences those of the story.
 */
import { type Markup, markup, trusted } from '../../../src/tools/rehearsal/page/markup.ts'
import { paint, stateClass } from '../../../src/tools/rehearsal/palette.ts'
import type { Finding, World } from './explore.ts'
import type { Played } from './moves.ts'
import { phaseOf, type Position } from './position.ts'
import { ordersOf, telling } from './story.ts'

const WIDTH = 1120
const LEFT = 110
const RIGHT = 30
const LANE = { height: 18, pitch: 24 }
/** Room for the heading above the lanes, for two lines of deadlines among it. */
const TOP = 112
/** Between two marks at most, where time is not what parts them; and after the last one, so that it is seen what came of it. */
const APART = 120
const TAIL = 90
const LINE = 18
/** Where the orders stand, beside their event. */
const ORDERS = LEFT + 230
const LETTER = 6.4

const FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="12"'
const OWN = `.bad{fill:#cf222e}.due{stroke:#cf222e;stroke-dasharray:4 3}.tick{stroke:#8c959f}`

interface Lane {
  readonly name: string
  /** What it was in; undefined: nothing to show. */
  is(p: Position): string | undefined
}

const LANES: readonly Lane[] = [
  { name: 'lastcall', is: phaseOf },
  { name: 'listener', is: ({ door }) => (door.open ? undefined : 'closed') },
  {
    name: 'the app',
    is: ({ notes: { app, up } }) => (app === 'gone' ? 'gone' : up ? 'ready' : 'not ready'),
  },
  { name: 'in flight', is: ({ inFlight }) => (inFlight > 0 ? 'in flight' : undefined) },
  { name: 'hooks', is: ({ notes }) => (notes.hooks === 'waiting' ? 'preStop hook' : undefined) },
]

interface Deadline {
  readonly says: string
  readonly at: number
}

/** The picture as SVG text. */
export function drawStory({ broken, story }: Finding, { name }: World): string {
  const told = telling(story)
  const x = axis(told)
  const bottom = TOP + LANES.length * LANE.pitch
  const deadlines = deadlinesOf(story)
  const reached = deadlines.filter(({ at }) => at <= told.at(-1)!.after.now)
  const later = deadlines.filter((deadline) => !reached.includes(deadline))
  const list = bottom + 48
  const rows = told.map((played) => wrapped(ordersOf(played)))
  const tops = rows.map((_, index) => list + rows.slice(0, index).flat().length * LINE)
  const end = list + rows.flat().length * LINE
  const height = end + (later.length > 0 ? LINE + 6 : 0) + 8
  const parts = [
    text(24, 32, `broken: ${broken}`, 'bad', 'font-size="16" font-weight="bold"'),
    text(24, 52, `world: ${name}`, 'pale'),
    ...LANES.map((lane, index) => drawLane(lane, told, x, TOP + index * LANE.pitch)),
    ...reached.map((deadline, index) => drawDeadline(deadline, x.ofTime(deadline.at), index, bottom)),
    ...told.map((_, index) => drawMark(index, x.ofStep(index), bottom, index === told.length - 1)),
    ...times(told, x, bottom),
    ...told.map((played, index) =>
      drawRow(played, index, rows[index]!, tops[index]!, index === told.length - 1),
    ),
    later.length > 0
      ? text(24, end + 6, `not reached: ${later.map(sayDeadline).join(', ')}`, 'pale')
      : undefined,
  ]
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${trusted(FONT)} role="img" aria-label="${`Timeline of a broken promise: ${broken}`}">
<style>${trusted(`${paint('light')}\n${OWN}`)}</style>
<rect x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="10" fill="#ffffff" stroke="#d0d7de"/>
${parts}</svg>`.text
  }\n`
}

interface Axis {
  ofStep(index: number): number
  ofTime(at: number): number
}

/** Half of the width is shared out evenly to the marks, so that none hides another, half of it by time. */
function axis(told: readonly Played[]): Axis {
  const from = told[0]!.after.now
  const span = told.at(-1)!.after.now - from
  const width = WIDTH - LEFT - RIGHT - TAIL
  const apart = Math.min(APART, (span === 0 ? width : width / 2) / told.length)
  const rest = width - apart * told.length
  const scale = span === 0 ? 0 : rest / span
  const ofStep = (index: number) => LEFT + apart * (index + 0.5) + (told[index]!.after.now - from) * scale
  return {
    ofStep,
    ofTime(at) {
      const next = told.findIndex(({ after }) => after.now >= at)
      if (next <= 0) return ofStep(0)
      const [a, b] = [told[next - 1]!.after.now, told[next]!.after.now]
      return ofStep(next - 1) + ((at - a) / (b - a)) * (ofStep(next) - ofStep(next - 1))
    },
  }
}

/** The moments that the kubelet's clock sets, from the last clock of the story. */
function deadlinesOf(story: readonly Played[]): Deadline[] {
  const clockAt = story.findLast(({ notes }) => notes.clockAt !== undefined)?.notes.clockAt
  if (clockAt === undefined) return []
  const { hookDeadlineMs, cutMs, falseAlarmMs } = story[0]!.before.state.budget
  const signalled = story.some(({ notes }) => notes.signals > 0)
  return [
    { says: 'hooks answered', at: clockAt + hookDeadlineMs },
    signalled
      ? { says: 'deadline', at: clockAt + cutMs }
      : { says: 'false alarm', at: clockAt + falseAlarmMs },
  ]
}

function sayDeadline({ says, at }: Deadline): string {
  return `${says} by ${seconds(at)}`
}

function drawDeadline(deadline: Deadline, at: number, index: number, bottom: number): Markup {
  const y = 72 + index * 14
  const says = sayDeadline(deadline)
  const late = at + says.length * LETTER > WIDTH - RIGHT
  return markup`<line class="due" x1="${round(at)}" x2="${round(at)}" y1="${y - 9}" y2="${bottom}"/>
${text(late ? at - 5 : at + 5, y, says, 'bad', late ? 'text-anchor="end"' : '')}`
}

function drawLane(lane: Lane, told: readonly Played[], x: Axis, y: number): Markup {
  const bars: Markup[] = []
  let from = LEFT
  let is = lane.is(told[0]!.before)
  const close = (to: number, next: string | undefined) => {
    if (is !== undefined && to > from) bars.push(drawBar(lane.name, is, from, to, y))
    from = to
    is = next
  }
  for (const [index, { after }] of told.entries())
    if (lane.is(after) !== is) close(x.ofStep(index), lane.is(after))
  close(WIDTH - RIGHT, undefined)
  return markup`${text(LEFT - 10, y + 13, lane.name, 'pale', 'text-anchor="end"')}
${bars}`
}

function drawBar(lane: string, is: string, from: number, to: number, y: number): Markup {
  const label =
    to - from > is.length * LETTER + 8 ? text(from + 5, y + 13, is, 'ink', 'font-size="11"') : undefined
  return markup`<rect class="${stateClass(is)}" x="${round(from)}" y="${y}" width="${round(to - from)}" height="${LANE.height}"><title>${lane}: ${is}</title></rect>
${label}`
}

function drawMark(index: number, x: number, bottom: number, last: boolean): Markup {
  return markup`<line class="tick" x1="${round(x)}" x2="${round(x)}" y1="${TOP - 4}" y2="${bottom}"/>
${text(x, TOP - 8, String(index + 1), last ? 'bad' : 'ink', 'text-anchor="middle" font-weight="bold"')}`
}

/** The time below the first mark of each moment, where there is room. */
function times(told: readonly Played[], x: Axis, bottom: number): Markup[] {
  const labels: Markup[] = []
  let free = 0
  for (const [index, { after }] of told.entries()) {
    const at = x.ofStep(index)
    const says = seconds(after.now)
    const half = (says.length * LETTER) / 2
    if ((index > 0 && told[index - 1]!.after.now === after.now) || at - half < free) continue
    labels.push(text(at, bottom + 14, says, 'pale', 'text-anchor="middle"'))
    free = at + half + 6
  }
  return labels
}

function drawRow(played: Played, index: number, orders: readonly string[], y: number, last: boolean): Markup {
  const tint = last ? 'bad' : 'ink'
  const bold = last ? 'font-weight="bold"' : ''
  return markup`${text(40, y, String(index + 1), tint, 'text-anchor="end" font-weight="bold"')}
${text(LEFT - 10, y, seconds(played.after.now), 'pale', 'text-anchor="end"')}
${text(LEFT, y, played.move.name, tint, bold)}
${orders.map((line, row) => text(ORDERS, y + row * LINE, line, 'pale'))}`
}

/** A list in lines that fit beside the events. */
function wrapped(list: string): string[] {
  const lines = ['']
  for (const item of list.split(/(?<=,) /)) {
    const line = lines.at(-1)!
    const longer = line === '' ? item : `${line} ${item}`
    if (ORDERS + longer.length * LETTER > WIDTH - RIGHT) lines.push(item)
    else lines[lines.length - 1] = longer
  }
  return lines
}

function text(x: number, y: number, content: string, name: string, more = ''): Markup {
  if (content === '') return markup``
  return markup`<text class="${name}" x="${round(x)}" y="${round(y)}"${more === '' ? undefined : trusted(` ${more}`)}>${content}</text>
`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')} s`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
