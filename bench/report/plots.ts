/** The plots: latency curves, cost bars, rollout timelines. Each answers a whole SVG, or undefined if nothing is known. */

import { PERCENTILES } from '../load/messages.ts'
import type { Sample } from '../sample.ts'
import type { Row } from './stats.ts'
import { bar, colourOf, decades, dot, drawing, line, logScale, polyline, text } from './svg.ts'

const WIDTH = 760

/** Bars of one figure, the least first; a thin line shows the rounds' spread. */
export function barPlot(
  title: string,
  unit: string,
  rows: readonly Row[],
  metric: string,
): string | undefined {
  const known = rows
    .flatMap(({ peer, figures }) => {
      const figure = figures.get(metric)
      return figure === undefined || !(figure.median > 0) ? [] : [{ peer, ...figure }]
    })
    .toSorted((one, other) => one.median - other.median)
  if (known.length === 0) return undefined
  const [left, right, top, step] = [110, WIDTH - 90, 46, 30]
  const most = Math.max(...known.map((figure) => figure.most))
  const x = (value: number): number => left + (value / most) * (right - left)
  const parts = known.flatMap(({ peer, median, least, most: high }, index) => {
    const y = top + index * step
    const own = peer.startsWith('lastcall')
    return [
      text(left - 8, y + 14, peer, { anchor: 'end', weight: own ? 700 : 400 }),
      bar(left, y, x(median) - left, 20, colourOf(peer)),
      line(x(least), y + 10, x(high), y + 10, '#212529', 1),
      text(x(high) + 8, y + 14, `${median.toFixed(median < 100 ? 1 : 0)} ${unit}`),
    ]
  })
  return drawing(WIDTH, top + known.length * step + 10, title, parts)
}

/** Latency by percentile, both by magnitude: the tail is what a stall looks like. */
export function latencyPlot(title: string, rows: readonly Row[]): string | undefined {
  const known = rows.flatMap(({ peer, curve }) => (curve === undefined ? [] : [{ peer, curve }]))
  if (known.length === 0) return undefined
  const [left, right, top, bottom] = [70, WIDTH - 130, 46, 360]
  const shown = PERCENTILES.map((percentile, index) => ({ percentile, index })).filter(
    ({ percentile }) => percentile >= 25 && percentile < 100,
  )
  const values = known.flatMap(({ curve }) => shown.map(({ index }) => curve[index]!))
  const [least, most] = [Math.min(...values) * 0.9, Math.max(...values) * 1.1]
  const y = logScale(least, most, bottom, top)
  const nines = logScale(1 / 0.75, 1 / 0.0001, left, right)
  const x = (percentile: number): number => nines(1 / (1 - percentile / 100))
  const grid = [
    ...decades(least, most).flatMap((value) => [
      line(left, y(value), right, y(value)),
      text(left - 8, y(value) + 4, duration(value), { anchor: 'end' }),
    ]),
    ...[50, 90, 99, 99.9, 99.99].flatMap((percentile) => [
      line(x(percentile), top, x(percentile), bottom),
      text(x(percentile), bottom + 18, `${percentile}%`, { anchor: 'middle' }),
    ]),
  ]
  const ends = spread(known.map(({ curve }) => y(curve[shown.at(-1)!.index]!)))
  const curves = known.flatMap(({ peer, curve }, index) => {
    const own = peer === 'lastcall'
    const points = shown.map(({ percentile, index: at }) => [x(percentile), y(curve[at]!)] as const)
    return [
      polyline(points, colourOf(peer), own ? 3 : 1.5),
      text(right + 8, ends[index]! + 4, peer, { fill: colourOf(peer), weight: own ? 700 : 400 }),
    ]
  })
  return drawing(WIDTH, bottom + 34, title, [...grid, ...curves])
}

/** For each strategy and pod: how long it took to go, how long it got new connections, and when requests failed. */
export function rolloutPlot(title: string, samples: readonly Sample[]): string | undefined {
  const known = samples.filter(({ pods, round }) => pods !== undefined && round === 1)
  if (known.length === 0) return undefined
  const [left, right, top, podStep] = [120, WIDTH - 110, 64, 9]
  const most = Math.max(...known.flatMap(({ pods }) => pods!.map(({ goneMs }) => goneMs))) / 1000
  const x = (seconds: number): number => left + (Math.max(0, seconds) / most) * (right - left)
  const parts: string[] = [
    text(
      16,
      44,
      'seconds since the pod was deleted; dark: still gets new connections; black dots: failed requests',
      {
        fill: '#868e96',
      },
    ),
  ]
  let y = top
  const order = [...new Set(known.map(({ peer }) => peer))]
  for (const peer of order) {
    const sample = known.find((one) => one.peer === peer)!
    const pods = sample.pods!
    const height = pods.length * podStep
    const failed = sample.values['failed'] ?? 0
    parts.push(
      text(left - 8, y + height / 2 + 4, peer, {
        anchor: 'end',
        weight: peer.startsWith('lastcall') ? 700 : 400,
      }),
    )
    for (const [index, pod] of pods.entries()) {
      const at = y + index * podStep
      parts.push(
        `<g opacity="0.45">${bar(left, at, x(pod.goneMs / 1000) - left, podStep - 2, colourOf(peer))}</g>`,
      )
      parts.push(bar(left, at, x(pod.lastConnectionMs / 1000) - left, podStep - 2, colourOf(peer)))
      for (const ms of pod.failuresMs) parts.push(dot(x(ms / 1000), at + 3.5, 1.8, '#000'))
    }
    const longest = Math.max(...pods.map(({ goneMs }) => goneMs)) / 1000
    const reach =
      Math.max(...pods.map((pod) => Math.max(pod.goneMs, pod.lastConnectionMs, pod.failuresMs.at(-1) ?? 0))) /
      1000
    const words = `${longest.toFixed(1)} s, ${failed} failed`
    parts.push(text(x(reach) + 8, y + height / 2 + 4, words, { fill: failed > 0 ? '#c92a2a' : '#2b8a3e' }))
    y += height + 10
  }
  const grid = [0, 10, 20, 30, 40, 50].filter((second) => second <= most)
  const lines = grid.flatMap((second) => [
    line(x(second), top - 6, x(second), y),
    text(x(second), y + 14, `${second} s`, { anchor: 'middle' }),
  ])
  return drawing(WIDTH, y + 26, title, [...lines, ...parts])
}

/** Moves labels apart that would cover each other, from the top down. */
function spread(heights: readonly number[]): number[] {
  const order = heights
    .map((height, index) => ({ height, index }))
    .toSorted((one, other) => one.height - other.height)
  const placed: number[] = [...heights]
  let free = Number.NEGATIVE_INFINITY
  for (const { height, index } of order) {
    placed[index] = Math.max(height, free)
    free = placed[index] + 14
  }
  return placed
}

function duration(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds} µs`
  return microseconds < 1e6 ? `${microseconds / 1000} ms` : `${microseconds / 1e6} s`
}
