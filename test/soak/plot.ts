/** A soak as one picture: memory, descriptors, what is open and in flight, and requests, over one axis of time. Pure. */
import { dot, drawing, line, polyline, text } from '../../bench/report/svg.ts'
import { type Level, MIB } from './judge.ts'
import type { Sample } from './sample.ts'

interface Curve {
  readonly name: string
  readonly colour: string
  readonly points: readonly (readonly [number, number])[]
  /** At rest, after each round. */
  readonly dots?: readonly (readonly [number, number])[]
}

const [WIDTH, LEFT, RIGHT] = [760, 60, 640]
const [TOP, HEIGHT, GAP] = [56, 110, 40]
const PALE = '#868e96'
/** About so many lines across a panel, and along the axis of time. */
const LINES = 4
const TIMES = 8

/** The picture as SVG text. */
export function plot(
  title: string,
  { samples, levels }: { readonly samples: readonly Sample[]; readonly levels: readonly Level[] },
): string {
  const curve = (name: string, colour: string, of: (sample: Sample) => number): Curve => ({
    name,
    colour,
    points: samples.map((sample) => [sample.atMs, of(sample)]),
  })
  const atRest = (of: (level: Level) => number): Curve['points'] =>
    levels.map((level) => [level.atMs, of(level)])
  const panels: readonly (readonly [string, readonly Curve[]])[] = [
    [
      'memory, MiB; dots: at rest, after each round',
      [
        {
          ...curve('resident', '#d6336c', ({ rssBytes }) => rssBytes / MIB),
          dots: atRest(({ rssBytes }) => rssBytes / MIB),
        },
        {
          ...curve('used heap', '#1971c2', ({ heapBytes }) => heapBytes / MIB),
          dots: atRest(({ heapBytes }) => heapBytes / MIB),
        },
      ],
    ],
    [
      'descriptors',
      [{ ...curve('descriptors', '#e8590c', ({ fds }) => fds), dots: atRest(({ fds }) => fds) }],
    ],
    [
      'open connections, requests in flight',
      [
        curve('clients', '#1971c2', ({ clients }) => clients),
        curve('to the app', '#2f9e44', ({ apps }) => apps),
        curve('in flight', '#d6336c', ({ inFlight }) => inFlight),
      ],
    ],
    ['requests at the app, per second', [{ name: 'requests/s', colour: '#5f3dc4', points: rates(samples) }]],
  ]
  const mostMs = Math.max(1, ...[...samples, ...levels].map(({ atMs }) => atMs))
  const x = (ms: number): number => LEFT + (ms / mostMs) * (RIGHT - LEFT)
  const parts = panels.flatMap(([name, curves], index) =>
    panel(name, curves, x, TOP + index * (HEIGHT + GAP)),
  )
  const bottom = TOP + panels.length * (HEIGHT + GAP) - GAP
  const times = ticks(mostMs / 1000, TIMES).map((seconds) =>
    text(x(seconds * 1000), bottom + 18, `${seconds} s`, { anchor: 'middle', fill: PALE }),
  )
  return drawing(WIDTH, bottom + 32, title, [...parts, ...times])
}

function panel(name: string, curves: readonly Curve[], x: (ms: number) => number, top: number): string[] {
  const bottom = top + HEIGHT
  const values = curves.flatMap(({ points, dots = [] }) => [...points, ...dots].map(([, value]) => value))
  const most = Math.max(1, ...values) * 1.05
  const y = (value: number): number => bottom - (value / most) * HEIGHT
  return [
    text(LEFT, top - 8, name, { weight: 600 }),
    ...ticks(most, LINES).flatMap((value) => [
      line(LEFT, y(value), RIGHT, y(value)),
      text(LEFT - 8, y(value) + 4, String(value), { anchor: 'end', fill: PALE }),
    ]),
    ...curves.flatMap(({ name: of, colour, points, dots = [] }, index) => [
      polyline(
        points.map(([ms, value]) => [x(ms), y(value)]),
        colour,
        1,
      ),
      ...dots.map(([ms, value]) => dot(x(ms), y(value), 2.5, colour)),
      text(RIGHT + 12, top + 14 + index * 16, of, { fill: colour, weight: 600 }),
    ]),
  ]
}

/** Per second, between each two samples. */
function rates(samples: readonly Sample[]): (readonly [number, number])[] {
  return samples.slice(1).map((sample, i) => {
    const before = samples[i]!
    const seconds = (sample.atMs - before.atMs) / 1000
    return [sample.atMs, seconds > 0 ? (sample.arrived - before.arrived) / seconds : 0]
  })
}

/** Round numbers from 0 up to `most`, about `count` of them. */
function ticks(most: number, count: number): number[] {
  const raw = most / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step)
}
