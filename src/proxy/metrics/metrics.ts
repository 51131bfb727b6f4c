/**
 * The metrics of DESIGN §7 with prom-client: a registry with the process metrics and those of the catalog. Requests
 * never write to it; each metric reads plain numbers at scrape time. `catalog.ts` lists the metrics, and `process.ts`
 * replaces some of prom-client's own.
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { CATALOG, type CatalogEntry } from './catalog.ts'
import type { MetricsSource } from './source.ts'
import { processMetrics } from './process.ts'

export interface Metrics {
  /** Returns the current metrics as Prometheus text. */
  scrape(): Promise<{ readonly contentType: string; readonly body: string }>
}

/**
 * The interval at which prom-client measures the event loop: never. It cannot be switched off, and `process.ts`
 * replaces it.
 */
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
 * The part of a metric that a registry uses; prom-client registers its own aggregated metrics in this way. Its Counter
 * and Histogram can only be incremented, so the hot path would have to feed them.
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
