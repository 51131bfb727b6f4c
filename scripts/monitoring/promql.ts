/**
 * Queries of Prometheus that can only name what is there: each selector is checked against the catalogue of metrics, its
 * labels and the values that they can have. Throws while the files are made, and not in front of a dashboard.
 */
import { type CatalogEntry, CATALOG } from '../../src/proxy/metrics/catalog.ts'
import type { MetricsSource } from '../../src/proxy/metrics/source.ts'
import { NONE_REFUSED } from '../../src/proxy/admin/refusals.ts'
import { NONE_SAVED } from '../../src/proxy/lifecycle/saved.ts'
import { Counters } from '../../src/proxy/relay/counters.ts'

/** The labels that Prometheus gives to what it scrapes in a pod; everything here is told apart by them. */
export const TARGET = 'namespace, pod'

/** Of prom-client's own metrics those that are shown; a test finds them in what lastcall exposes. */
export const PROCESS_METRICS = [
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_eventloop_lag_p99_seconds',
] as const

/** A lastcall with two ports on which everything has happened. */
const EVERYTHING: MetricsSource = {
  ports: () => ['http', 'grpc'].map((name) => ({ name, counters: everyCounter(), appUp: true })),
  phase: () => 'serving',
  drain: () => ({
    phaseMs: {},
    cutTotal: 0,
    savedTotal: NONE_SAVED,
    lateMs: 0,
    leftMs: 0,
    falseAlarms: 0,
  }),
  settings: () => ({ settle: 0, quiet: 0, 'lame-duck-max': 0, 'app-stop': 0, 'grace-period': 0 }),
  adminRefused: () => NONE_REFUSED,
  sockets: () => 0,
  listeners: () => 0,
}

/** Label to its values, of each metric; with all labels that there can be. */
const KNOWN = new Map<string, Map<string, Set<string>>>()
for (const entry of CATALOG) learn(entry)

/** What a selector asks of labels: one value, or one of several. */
type Where = Readonly<Record<string, string | readonly string[]>>

/**
 * A selector: `lastcall_phase{phase=~"settling|lame-duck"}`. `more` is put behind, unchecked: the variables of a
 * dashboard. Throws for a metric, a label or a value that does not exist.
 */
export function series(name: string, where: Where = {}, more = ''): string {
  const labels = KNOWN.get(name)
  if (labels === undefined) throw new Error(`there is no metric ${name}`)
  const matchers = Object.entries(where).map(([label, wanted]) => {
    const values = typeof wanted === 'string' ? [wanted] : wanted
    const unknown = values.find((value) => labels.get(label)?.has(value) !== true)
    if (unknown !== undefined) throw new Error(`${name} has no ${label}="${unknown}"`)
    return `${label}${values.length > 1 ? '=~' : '='}"${values.join('|')}"`
  })
  return selector(name, [...matchers, more])
}

/** A selector of one of prom-client's metrics, of lastcall's targets only: other containers have them, too. */
export function ofProcess(name: (typeof PROCESS_METRICS)[number], more = ''): string {
  return `${selector(name, [more])} and on (instance) ${series('lastcall_phase')}`
}

/** The labels of a metric, `port` among them where there can be several ports. */
export function labelsOfMetric(name: string): readonly string[] {
  return [...(KNOWN.get(name)?.keys() ?? [])]
}

function selector(name: string, matchers: readonly string[]): string {
  const text = matchers.filter(Boolean).join(',')
  return text === '' ? name : `${name}{${text}}`
}

function learn(entry: CatalogEntry): void {
  for (const { labels, suffix = '' } of entry.read(EVERYTHING)) {
    const known = KNOWN.get(entry.name + suffix) ?? new Map<string, Set<string>>()
    for (const [label, value] of Object.entries(labels))
      known.set(label, (known.get(label) ?? new Set()).add(value))
    KNOWN.set(entry.name + suffix, known)
  }
}

function everyCounter(): Counters {
  const counters = new Counters()
  counters.requests.fill(1)
  return counters
}
