/**
 * The picture of the lifecycle, drawn from the table of machine.ts: a box a phase, an arrow a row that moves. Rows to the
 * next phase go straight down, ways back run in lanes on the left, ways ahead in lanes on the right; rows that lead from
 * several phases to one share a lane. Drawn twice, for docs/ and for the page of the admin port (picture-style.ts).
 * Pure; knows nothing of files.
 */
import type { Budget } from '../src/proxy/lifecycle/budget.ts'
import { TABLE, type Cause, type Row } from '../src/proxy/lifecycle/machine.ts'
import { ready } from '../src/proxy/lifecycle/readiness.ts'
import { traffic } from '../src/proxy/lifecycle/traffic.ts'
import {
  type Drain,
  PHASES,
  type Phase,
  type ClientMode,
  type State,
  type Trigger,
} from '../src/proxy/lifecycle/state.ts'
import type { PictureStyle, Role } from './picture-style.ts'

/** What the labels cannot say. */
const LEGEND = [
  'proof: a signal (SIGTERM, SIGINT) or GET /prestop/sidecar',
  'deadline, app gone (exit): only after a signal, or with proof and the app gone',
  'false alarm: neither has come by grace-period + 2 s after the first hook',
]

/** What an event's row is called where it says nothing itself. */
const CAUSES: { readonly [C in Cause]: string } = {
  'app-up': 'app healthy',
  'app-down': 'app unhealthy',
  'app-gone': 'app gone',
  'app-back': 'app back',
  'app-restarted': 'app restarted',
  hook: 'preStop hook',
  signal: 'signal',
  drain: 'operator’s drain',
  resume: 'operator’s resume',
  tick: 'time',
  quiesced: 'nothing in flight',
  'idle-closed': 'nothing in flight',
  lingered: 'clients gone',
  always: '',
}

/** Arrows that share a target, their sources and so a way. */
interface Way {
  readonly from: readonly Phase[]
  readonly to: Phase
  readonly says: readonly string[]
}

/** The picture of the lifecycle as SVG text; the same text for the same table and style. */
export function drawLifecycle(style: PictureStyle): string {
  const { box: at, lane: wide } = style
  const all = ways()
  const straight = all.filter((way) => way.from.length === 1 && rank(way.to) === rank(way.from[0]!) + 1)
  const lanes = all.filter((way) => !straight.includes(way)).toSorted((a, b) => span(a) - span(b))
  const left = lanes
    .filter((way) => back(way))
    .map((way, i, side) => ({ way, x: at.x - wide * (i + 1), slot: slots(style, way, side) }))
  const right = lanes
    .filter((way) => !back(way))
    .map((way, i, side) => ({ way, x: at.x + at.width + wide * (i + 1), slot: slots(style, way, side) }))
  const legend = style.legend ? LEGEND : []
  const width = at.x + at.width + wide * right.length + (style.legend ? 40 : wide)
  const bottom = style.legend ? 24 + 15 * (LEGEND.length - 1) : 0
  const height = top(style, 'exited') + at.height + at.top + bottom
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${style.whole(width, height)}>`,
    ...(style.legend
      ? [
          `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" rx="10"${style.fill.ground}${style.stroke.ground}/>`,
        ]
      : []),
    ...PHASES.map((phase) => style.group({ class: 'phase', 'data-phase': phase }, [box(style, phase)])),
    ...straight.map((way) => style.group(marks(way), down(style, way))),
    ...[...left, ...right].map((each) => style.group(marks(each.way), lane(style, each))),
    ...[...left, ...right].map((each) => style.group(marks(each.way), [sign(style, each)])),
    ...legend.map((words, i) =>
      text(at.x, height - 18 - 15 * (LEGEND.length - 1 - i), words, style.fill.ahead),
    ),
    '</svg>',
    '',
  ].join('\n')
}

/** A way in its lane. */
interface Lane {
  readonly way: Way
  readonly x: number
  readonly slot: (phase: Phase) => number
}

/** For a script: what leads where. */
function marks({ from, to }: Way): Record<string, string> {
  return { class: 'way', 'data-from': from.join(' '), 'data-to': to }
}

/** Every move of the table, gathered: first by what it says and where it leads, then by where it comes from. */
function ways(): Way[] {
  const byName = new Map<string, { from: Phase[]; to: Phase; name: string }>()
  for (const from of PHASES) {
    for (const [cause, rows] of Object.entries(TABLE[from]) as [Cause, readonly Row<never>[]][]) {
      for (const { says: name = CAUSES[cause], to } of rows) {
        if (to === undefined) continue
        const next = rank(to) === rank(from) + 1 && name !== 'second signal' && name !== 'deadline'
        const key = `${name} ${to} ${next ? from : rank(to) < rank(from)}`
        const known = byName.get(key) ?? { from: [], to, name }
        if (!known.from.includes(from)) known.from.push(from)
        byName.set(key, known)
      }
    }
  }
  const byEnds = new Map<string, Way>()
  for (const { from, to, name } of byName.values()) {
    const key = `${from.join()} ${to}`
    byEnds.set(key, { from, to, says: [...(byEnds.get(key)?.says ?? []), name] })
  }
  return [...byEnds.values()]
}

function rank(phase: Phase): number {
  return PHASES.indexOf(phase)
}

function back({ from, to }: Way): boolean {
  return rank(to) < rank(from[0]!)
}

function span({ from, to }: Way): number {
  return Math.max(...from.map((phase) => Math.abs(rank(to) - rank(phase))))
}

function top({ box: at }: PictureStyle, phase: Phase): number {
  return at.top + rank(phase) * (at.height + at.gap)
}

function box(style: PictureStyle, phase: Phase): string {
  const { box: at, pad, baseline, fill } = style
  const y = top(style, phase)
  const right = at.x + at.width - pad
  const color = phase === 'serving' ? '#dafbe1' : phase === 'exited' ? '#eaeef2' : '#f6f8fa'
  const ground = style.legend ? ` fill="${color}"` : ''
  const lines = [
    `<rect x="${at.x}" y="${y}" width="${at.width}" height="${at.height}" rx="6"${ground}${style.stroke.box}/>`,
    text(at.x + pad, y + baseline.name, phase, fill.name),
    ...(style.legend
      ? [text(right, y + baseline.aside, readiness(phase), fill.aside)]
      : [text(at.x + pad, y + baseline.aside, phase === 'exited' ? '' : readiness(phase), fill.aside)]),
    ...baseline.details.map((below, i) => text(at.x + pad, y + below, treatment(phase)[i]!, fill.detail)),
    ...style.extra(right, y + at.height / 2 + 4),
  ]
  return lines.join('\n')
}

/** A state of this phase, such as the traffic and the readiness are read from. */
function sample(phase: Phase, trigger: Trigger): State {
  const budget: Budget = {
    settleMs: 0,
    quietMs: 0,
    lameDuckMaxMs: 0,
    appStopMs: 0,
    hookDeadlineMs: 0,
    cutMs: 0,
    falseAlarmMs: 0,
  }
  const drain: Drain = {
    triggers: [trigger],
    clockAt: 0,
    signalAt: trigger === 'signal' ? 0 : undefined,
    calls: [],
    app: 'there',
    appUp: true,
    appMet: true,
    settled: true,
    hooks: { kind: 'none' },
  }
  if (phase === 'starting') return { phase, budget }
  if (phase === 'serving') return { phase, budget, appUp: true }
  if (phase === 'exited') return { phase, budget, code: 0 }
  if (phase === 'exiting') return { phase, budget, since: 0, drain, idleClosedAt: 0 }
  if (phase === 'draining') return { phase, budget, since: 0, drain, closing: false }
  return { phase, budget, since: 0, drain }
}

function readiness(phase: Phase): string {
  if (phase === 'exited') return 'exit code 0, or 1 if something was cut'
  const [fail, keep] = (['fail', 'keep'] as const).map((policy) =>
    ready(sample(phase, 'signal'), true, policy),
  )
  if (fail === keep) return fail ? 'ready' : 'not ready'
  return 'ready by policy'
}

const TOLD: { readonly [P in ClientMode]: string } = {
  serving: '',
  'lame-duck': 'clients are told to leave',
  draining: 'clients are told to leave, streams are ended',
}

/** Two lines: what becomes of new connections, and what clients are told. */
function treatment(phase: Phase): [string, string] {
  if (phase === 'exited') return ['', '']
  const [proof, restart] = (['signal', 'app'] as const).map((trigger) => {
    const { listener, queues } = traffic(sample(phase, trigger))
    if (listener === 'closed') return 'refused'
    return queues ? 'wait for the app' : 'served'
  })
  const door =
    proof === restart ? `new connections: ${proof}` : `new connections: ${proof} (no proof: ${restart})`
  return [door, TOLD[traffic(sample(phase, 'signal')).clientMode]]
}

function down(style: PictureStyle, { from, to, says }: Way): string[] {
  const { box: at, spine, lineCharacters, lineHeight, fill, stroke } = style
  const labels = inLines(says, lineCharacters)
  const x = at.x + spine
  const y = top(style, to)
  const middle = y - at.gap / 2 - ((labels.length - 1) * lineHeight) / 2 + 2
  return [
    line(`M${x} ${top(style, from[0]!) + at.height}V${y - 7}`, stroke.next),
    head(x, y, 'down', fill.next),
    ...labels.map((label, i) =>
      text(x + 12, middle + i * lineHeight, label, style.legend ? fill.detail : fill.next),
    ),
  ]
}

/** As many labels in each line as it holds, at least one. */
function inLines(says: readonly string[], characters: number): string[] {
  const lines: string[] = []
  for (const label of says) {
    const joined = `${lines.at(-1)} · ${label}`
    if (lines.length > 0 && joined.length <= characters) lines[lines.length - 1] = joined
    else lines.push(label)
  }
  return lines
}

/** Where the ways of one side touch a box: each at a height of its own. */
function slots(style: PictureStyle, way: Way, side: readonly Way[]): (phase: Phase) => number {
  return (phase) => {
    const here = side.filter((other) => other.to === phase || other.from.includes(phase))
    return Math.round(top(style, phase) + (style.box.height * (here.indexOf(way) + 1)) / (here.length + 1))
  }
}

function lane({ box: at, fill, stroke }: PictureStyle, { way, x, slot }: Lane): string[] {
  const edge = x < at.x ? at.x : at.x + at.width
  const tip = x < at.x ? 'right' : 'left'
  const [low, high] = ends(way, slot)
  const role = roleOf(way)
  return [
    ...way.from.map((phase) => line(`M${edge} ${slot(phase)}H${x}`, stroke[role])),
    line(`M${x} ${high}V${low}`, stroke[role]),
    line(`M${x} ${slot(way.to)}H${edge + (tip === 'left' ? 7 : -7)}`, stroke[role]),
    head(edge, slot(way.to), tip, fill[role]),
  ]
}

/** What a lane says, along it; written after all lanes, on a ground that lines do not cross. */
function sign({ box: at, fill, halo, characterWidth, beside }: PictureStyle, { way, x, slot }: Lane): string {
  const [low, high] = ends(way, slot)
  const middle = (low + high) / 2
  const label = way.says.join(' · ')
  // A label longer than its lane would hide it: it stands beside.
  const aside = label.length * characterWidth > low - high ? beside[x < at.x ? 0 : 1] : 4
  const along = ` transform="rotate(-90 ${x} ${middle}) translate(0 ${aside})"`
  return text(x, middle, label, ` text-anchor="middle"${fill[roleOf(way)]}${halo}${along}`)
}

function ends(way: Way, slot: (phase: Phase) => number): [low: number, high: number] {
  const heights = [...way.from, way.to].map(slot)
  return [Math.max(...heights), Math.min(...heights)]
}

function roleOf(way: Way): Role {
  if (way.to === 'exited') return 'end'
  return back(way) ? 'back' : 'ahead'
}

function line(path: string, paint: string): string {
  return `<path d="${path}"${paint}/>`
}

function head(x: number, y: number, to: 'down' | 'left' | 'right', paint: string): string {
  const turn = { down: 0, left: 90, right: -90 }[to]
  return `<path d="M0 0L-4.5 -9H4.5Z"${paint} transform="translate(${x} ${y}) rotate(${turn})"/>`
}

function text(x: number, y: number, content: string, paint: string): string {
  if (content === '') return ''
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}"${paint}>${escaped}</text>`
}
