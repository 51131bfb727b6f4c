/**
 * Metrics about the process. They replace those of prom-client's default metrics that block the event loop with
 * thousands of connections (listing every handle and descriptor), that count from the first scrape instead of from the
 * start of the process, or that are NaN until something has been measured. Names and help texts are prom-client's.
 * Shell.
 */
import { readdirSync, statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { CatalogEntry } from './catalog.ts'
import type { Sample } from './samples.ts'
import type { MetricsSource } from './source.ts'

/** prom-client's default of 10 ms would wake an idle sidecar a hundred times a second. */
const LOOP_LAG_RESOLUTION_MS = 100
/** Descriptors are listed one by one only below this number of sockets. */
const FEW_SOCKETS = 500
const DESCRIPTORS = '/proc/self/fd'

type Name = `${'process' | 'nodejs'}_${string}`

/** Returns a new set of these metrics; the delay of the event loop is that between two scrapes. */
export function processMetrics(): readonly CatalogEntry[] {
  return [...cpu(), openDescriptors(), ...known(), ...loopLag()]
}

function cpu(): CatalogEntry[] {
  return [
    seconds('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.', ({ user }) => user),
    seconds(
      'process_cpu_system_seconds_total',
      'Total system CPU time spent in seconds.',
      ({ system }) => system,
    ),
    seconds(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds.',
      ({ user, system }) => user + system,
    ),
  ]
}

function seconds(name: Name, help: string, micros: (usage: NodeJS.CpuUsage) => number): CatalogEntry {
  return { name, type: 'counter', help, read: () => one(micros(process.cpuUsage()) / 1e6) }
}

/** No samples if there is no /proc. */
function openDescriptors(): CatalogEntry {
  /** Descriptors that are not our sockets; undefined until they have been counted. */
  let others: number | undefined
  const count = (sockets: number): number => {
    // Since Linux 6.2, the size of this directory is the number of descriptors.
    const { size } = statSync(DESCRIPTORS)
    if (size > 0) return size
    // Without the descriptor that listing them needs.
    if (sockets < FEW_SOCKETS || others === undefined) others = readdirSync(DESCRIPTORS).length - 1 - sockets
    return others + sockets
  }
  return {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Number of open file descriptors.',
    read(source) {
      try {
        return one(count(source.sockets()))
      } catch {
        return []
      }
    },
  }
}

/** Of handles and resources, only those that can grow: sockets and listeners, which lastcall counts anyway. */
function known(): CatalogEntry[] {
  return [
    gauge(
      'nodejs_active_resources',
      'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
      (source) => byType(source, 'TCPSocketWrap', 'TCPServerWrap'),
    ),
    gauge('nodejs_active_resources_total', 'Total number of active resources.', total),
    gauge(
      'nodejs_active_handles',
      'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.',
      (source) => byType(source, 'Socket', 'Server'),
    ),
    gauge('nodejs_active_handles_total', 'Total number of active handles.', total),
  ]
}

function byType(source: MetricsSource, socket: string, listener: string): Sample[] {
  return [
    { labels: { type: socket }, value: source.sockets() },
    { labels: { type: listener }, value: source.listeners() },
  ]
}

function total(source: MetricsSource): Sample[] {
  return one(source.sockets() + source.listeners())
}

function gauge(name: Name, help: string, read: (source: MetricsSource) => Sample[]): CatalogEntry {
  return { name, type: 'gauge', help, read }
}

function loopLag(): CatalogEntry[] {
  const delays = monitorEventLoopDelay({ resolution: LOOP_LAG_RESOLUTION_MS })
  delays.enable()
  // Without a sample, the mean is NaN and the minimum is the largest possible number.
  const measured = (nanos: number): Sample[] => one(delays.count === 0 ? 0 : nanos / 1e9)
  let lagNanos = 0
  return [
    gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.', () => {
      const start = process.hrtime.bigint()
      setImmediate(() => (lagNanos = Number(process.hrtime.bigint() - start)))
      return one(lagNanos / 1e9)
    }),
    gauge('nodejs_eventloop_lag_min_seconds', 'The minimum recorded event loop delay.', () =>
      measured(delays.min),
    ),
    gauge('nodejs_eventloop_lag_max_seconds', 'The maximum recorded event loop delay.', () =>
      measured(delays.max),
    ),
    gauge('nodejs_eventloop_lag_mean_seconds', 'The mean of the recorded event loop delays.', () =>
      measured(delays.mean),
    ),
    gauge(
      'nodejs_eventloop_lag_stddev_seconds',
      'The standard deviation of the recorded event loop delays.',
      () => measured(delays.stddev),
    ),
    ...([50, 90] as const).map((percentile) =>
      gauge(
        `nodejs_eventloop_lag_p${percentile}_seconds`,
        `The ${percentile}th percentile of the recorded event loop delays.`,
        () => measured(delays.percentile(percentile)),
      ),
    ),
    gauge(
      'nodejs_eventloop_lag_p99_seconds',
      'The 99th percentile of the recorded event loop delays.',
      () => {
        const samples = measured(delays.percentile(99))
        // After the last of them: the next scrape starts anew.
        delays.reset()
        return samples
      },
    ),
  ]
}

function one(value: number): Sample[] {
  return [{ labels: {}, value }]
}
