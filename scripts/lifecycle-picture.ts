/**
 * docs/lifecycle.svg, drawn from the table of machine.ts: a box a phase, an arrow a row that moves. Rows to the next
 * phase go straight down, ways back run in lanes on the left, ways ahead in lanes on the right; rows that lead from
 * several phases to one share a lane. Pure; knows nothing of files. It has a ground of its own, so that it reads on
 * light and dark pages.
 */
import type { Budget } from '../src/proxy/lifecycle/budget.ts'
import { ready, TABLE, type Cause, type Row } from '../src/proxy/lifecycle/machine.ts'
import { traffic } from '../src/proxy/lifecycle/traffic.ts'
import {
  type Drain,
  PHASES,
  type Phase,
  type ClientMode,
  type State,
  type Trigger,
} from '../src/proxy/lifecycle/state.ts'

const BOX = { x: 232, width: 360, height: 68, gap: 60, top: 24 }
const LANE = 42
const INK = '#24292f'
const AHEAD = '#57606a'
const BACK = '#1a7f37'
const END = '#b3261e'

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

/** The picture of the lifecycle as SVG text; the same text for the same table. */
export function drawLifecycle(): string {
  const all = ways()
  const straight = all.filter((way) => way.from.length === 1 && rank(way.to) === rank(way.from[0]!) + 1)
  const lanes = all.filter((way) => !straight.includes(way)).toSorted((a, b) => span(a) - span(b))
  const left = lanes.filter((way) => back(way))
  const right = lanes.filter((way) => !back(way))
  const width = BOX.x + BOX.width + LANE * right.length + 40
  const height = top('exited') + BOX.height + BOX.top + 24 + 15 * (LEGEND.length - 1)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
      ` font-family="Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="The lifecycle of lastcall">`,
    `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" rx="10" fill="#ffffff" stroke="#d0d7de"/>`,
    ...PHASES.map(box),
    ...straight.flatMap(down),
    ...left.flatMap((way, i) => lane(way, BOX.x - LANE * (i + 1), slots(way, left))),
    ...right.flatMap((way, i) => lane(way, BOX.x + BOX.width + LANE * (i + 1), slots(way, right))),
    ...left.map((way, i) => sign(way, BOX.x - LANE * (i + 1), slots(way, left))),
    ...right.map((way, i) => sign(way, BOX.x + BOX.width + LANE * (i + 1), slots(way, right))),
    ...LEGEND.map((words, i) =>
      text(BOX.x, height - 18 - 15 * (LEGEND.length - 1 - i), words, `fill="${AHEAD}"`),
    ),
    '</svg>',
    '',
  ].join('\n')
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

function top(phase: Phase): number {
  return BOX.top + rank(phase) * (BOX.height + BOX.gap)
}

function box(phase: Phase): string {
  const y = top(phase)
  const fill = phase === 'serving' ? '#dafbe1' : phase === 'exited' ? '#eaeef2' : '#f6f8fa'
  const [door, told] = treatment(phase)
  return [
    `<rect x="${BOX.x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="${fill}" stroke="${INK}"/>`,
    text(BOX.x + 14, y + 22, phase, `font-weight="bold" font-size="15"`),
    text(BOX.x + BOX.width - 14, y + 22, readiness(phase), `text-anchor="end" fill="${AHEAD}"`),
    text(BOX.x + 14, y + 42, door),
    text(BOX.x + 14, y + 59, told),
  ].join('\n')
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

function down({ from, to, says: labels }: Way): string[] {
  const x = BOX.x + BOX.width / 2
  const y = top(to)
  const middle = y - BOX.gap / 2 - ((labels.length - 1) * 15) / 2 + 2
  return [
    line(`M${x} ${top(from[0]!) + BOX.height}V${y - 7}`, INK),
    head(x, y, 'down', INK),
    ...labels.map((label, i) => text(x + 12, middle + i * 15, label)),
  ]
}

/** Where the ways of one side touch a box: each at a height of its own. */
function slots(way: Way, side: readonly Way[]): (phase: Phase) => number {
  return (phase) => {
    const here = side.filter((other) => other.to === phase || other.from.includes(phase))
    return Math.round(top(phase) + (BOX.height * (here.indexOf(way) + 1)) / (here.length + 1))
  }
}

function lane(way: Way, x: number, slot: (phase: Phase) => number): string[] {
  const edge = x < BOX.x ? BOX.x : BOX.x + BOX.width
  const tip = x < BOX.x ? 'right' : 'left'
  const [low, high] = ends(way, slot)
  return [
    ...way.from.map((phase) => line(`M${edge} ${slot(phase)}H${x}`, tint(way))),
    line(`M${x} ${high}V${low}`, tint(way)),
    line(`M${x} ${slot(way.to)}H${edge + (tip === 'left' ? 7 : -7)}`, tint(way)),
    head(edge, slot(way.to), tip, tint(way)),
  ]
}

/** What a lane says, along it; written after all lanes, on a ground that lines do not cross. */
function sign(way: Way, x: number, slot: (phase: Phase) => number): string {
  const [low, high] = ends(way, slot)
  const middle = (low + high) / 2
  const label = way.says.join(' · ')
  // A label longer than its lane would hide it: it stands beside.
  const aside = label.length * 7 > low - high ? -6 : 4
  const along = `transform="rotate(-90 ${x} ${middle}) translate(0 ${aside})"`
  const ground = 'stroke="#ffffff" stroke-width="6" stroke-linejoin="round" paint-order="stroke"'
  return text(x, middle, label, `text-anchor="middle" fill="${tint(way)}" ${ground} ${along}`)
}

function ends(way: Way, slot: (phase: Phase) => number): [low: number, high: number] {
  const heights = [...way.from, way.to].map(slot)
  return [Math.max(...heights), Math.min(...heights)]
}

function tint(way: Way): string {
  if (way.to === 'exited') return END
  return back(way) ? BACK : AHEAD
}

function line(path: string, color: string): string {
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.4"/>`
}

function head(x: number, y: number, to: 'down' | 'left' | 'right', color: string): string {
  const turn = { down: 0, left: 90, right: -90 }[to]
  return `<path d="M0 0L-4.5 -9H4.5Z" fill="${color}" transform="translate(${x} ${y}) rotate(${turn})"/>`
}

function text(x: number, y: number, content: string, more = ''): string {
  if (content === '') return ''
  const fill = more.includes('fill=') ? '' : ` fill="${INK}"`
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}"${fill}${more === '' ? '' : ` ${more}`}>${escaped}</text>`
}
