/**
 * Makes the samples of a metric from plain numbers: one for each port, for each value of a label, for each bucket of a
 * histogram. Pure; `catalog.ts` says which metric has which samples.
 */
import { type Counters, DURATION_BUCKETS_MS, requestCell, sumOf } from '../relay/counters.ts'
import { END_WHO, END_WHY, METHODS, PROTOCOLS, STATUS_CLASSES } from '../../words.ts'
import type { MetricsSource, PortFacts } from './source.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Only for the series of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

/** The counters of all ports together. */
export function inAll(source: MetricsSource): Counters {
  return sumOf(source.ports().map(({ counters }) => counters))
}

/** The samples of each port, labelled with its name if there are several. */
export function byPort(source: MetricsSource, read: (port: PortFacts) => Sample[]): Sample[] {
  const ports = source.ports()
  if (ports.length === 1) return read(ports[0]!)
  return ports.flatMap((port) =>
    read(port).map(({ labels, value }) => ({ labels: { port: port.name, ...labels }, value })),
  )
}

/** One sample for each value of a label. */
export function each<Value extends string>(
  label: string,
  values: readonly Value[],
  read: (value: Value, index: number) => number,
): Sample[] {
  return values.map((value, index) => ({ labels: { [label]: value }, value: read(value, index) }))
}

export function requests(counters: Counters): Sample[] {
  return PROTOCOLS.flatMap((protocol, p) =>
    METHODS.flatMap((method, m) =>
      STATUS_CLASSES.map((statusClass, s) => ({
        labels: { protocol, method, status_class: statusClass },
        value: counters.requests[requestCell(p, m, s)]!,
      })),
    ),
  ).filter(({ value }) => value > 0)
}

/** The relay counts each request in one bucket; in the exposition, each bucket includes the smaller ones. */
export function durations(counters: Counters): Sample[] {
  let count = 0
  const buckets = Array.from(counters.durations, (value, index): Sample => {
    count += value
    const bound = DURATION_BUCKETS_MS[index]
    const le = bound === undefined ? '+Inf' : String(bound / 1000)
    return { suffix: '_bucket', labels: { le }, value: count }
  })
  return [
    ...buckets,
    { suffix: '_sum', labels: {}, value: counters.durationSumMs / 1000 },
    { suffix: '_count', labels: {}, value: count },
  ]
}

export function pairEnds(counters: Counters): Sample[] {
  return END_WHO.flatMap((who, row) =>
    END_WHY.map((why, column) => ({
      labels: { who, why },
      value: counters.pairEnds[row * END_WHY.length + column]!,
    })),
  )
}
