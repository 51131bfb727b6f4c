/** What the numbers of a sample are called in tables, and in which unit and precision they are written. */

export interface Metric {
  readonly title: string
  readonly digits: number
  readonly best: 'low' | 'high' | 'none'
}

/** In the order of the columns. */
export const METRICS: Readonly<Record<string, Metric>> = {
  cpuUs: { title: 'CPU per request, µs', digits: 1, best: 'low' },
  cpuUsPerMessage: { title: 'CPU per message, µs', digits: 1, best: 'low' },
  cpuUsPerMiB: { title: 'CPU per MiB, µs', digits: 0, best: 'low' },
  gibPerSecond: { title: 'GiB/s', digits: 2, best: 'high' },
  perSecond: { title: 'requests/s', digits: 0, best: 'high' },
  messagesPerSecond: { title: 'messages/s', digits: 0, best: 'high' },
  busy: { title: 'proxy busy', digits: 2, best: 'none' },
  p50Us: { title: 'p50, µs', digits: 0, best: 'low' },
  p90Us: { title: 'p90, µs', digits: 0, best: 'low' },
  p99Us: { title: 'p99, µs', digits: 0, best: 'low' },
  p999Us: { title: 'p99.9, µs', digits: 0, best: 'low' },
  maxUs: { title: 'max, µs', digits: 0, best: 'low' },
  addedP50Us: { title: 'added p50, µs', digits: 0, best: 'low' },
  addedP99Us: { title: 'added p99, µs', digits: 0, best: 'low' },
  bytesEach: { title: 'bytes each', digits: 0, best: 'low' },
  peakMiB: { title: 'peak, MiB', digits: 0, best: 'low' },
  idleMiB: { title: 'at rest, MiB', digits: 0, best: 'low' },
  startMs: { title: 'start, ms', digits: 0, best: 'low' },
  imageMiB: { title: 'image, MiB', digits: 1, best: 'low' },
  runtimeMiB: { title: 'of it Node, MiB', digits: 1, best: 'none' },
  baseMiB: { title: 'of it base, MiB', digits: 1, best: 'none' },
  programMiB: { title: 'of it program, MiB', digits: 2, best: 'none' },
  requests: { title: 'requests', digits: 0, best: 'none' },
  failed: { title: 'failed', digits: 0, best: 'low' },
  lost: { title: 'acknowledged, lost', digits: 0, best: 'low' },
  goneSeconds: { title: 'pod gone, s', digits: 1, best: 'low' },
  goneMostSeconds: { title: 'at most, s', digits: 1, best: 'low' },
  newWorkSeconds: { title: 'last new connection, s', digits: 1, best: 'none' },
  rolloutSeconds: { title: 'rollout, s', digits: 1, best: 'none' },
  lateUs: { title: 'generator late p99, µs', digits: 0, best: 'none' },
}
