/**
 * The metrics of DESIGN §7 by prom-client: a registry of its own with the process metrics and the catalog's. Nothing
 * is pushed into it while requests pass; each metric reads its plain numbers when somebody scrapes. What the metrics
 * are is `catalog.ts`, and `process.ts` for those of prom-client's own that have to be replaced.
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { CATALOG, type CatalogEntry } from './catalog.ts'
import type { MetricsSource } from './source.ts'
import { processMetrics } from './process.ts'

export interface Metrics {
  /** Prometheus text of this moment. */
  scrape(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** prom-client's own measuring of the event loop, which cannot be left out, and which is replaced: never. */
const NEVER_MS = 2 ** 31 - 1

/** `register` is for tests that look inside. */
export function createMetrics(source: MetricsSource, register = new Registry()): Metrics {
  for (const entry of CATALOG) register.registerMetric(bridge(entry, source))
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: NEVER_MS })
  for (const entry of processMetrics()) {
    register.removeSingleMetric(entry.name)
    register.registerMetric(bridge(entry, source))
  }
  return {
    async scrape() {
      return { contentType: register.contentType, body: await register.metrics() }
    },
  }
}

/**
 * What a registry asks of a metric, and no more: prom-client registers its own aggregated metrics in this way. Its
 * Counter and Histogram can only be added to, so they would have to be fed from the hot path.
 */
function bridge({ name, type, help, read }: CatalogEntry, source: MetricsSource): Metric {
  const metric = {
    name,
    type,
    help,
    aggregator: 'sum',
    reset: () => undefined,
    get: () => ({
      name,
      type,
      help,
      values: read(source).map(({ suffix = '', labels, value }) => ({
        metricName: name + suffix,
        labels,
        value,
      })),
    }),
  }
  return metric as unknown as Metric
}
