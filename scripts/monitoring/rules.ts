/**
 * The recording rules and alerts of k8s/monitoring, as data. Prometheus does not scrape a pod after it has ended, so the
 * alerts use its last samples (`last_over_time`); counters that change just before the exit are only a second source.
 */
import { series, TARGET } from './promql.ts'

/** The durations in the rules, in seconds: tests run the same rules with shorter ones. */
export interface Timing {
  /** The scrape interval: with a longer one, a drain of 7 s may fall between two scrapes. */
  readonly scrape: number
  /** How long an alert about a single event, or about a pod that is gone, stays active. */
  readonly window: number
  /** How long an app may be down. */
  readonly appDown: number
  /** How long an app may take to start: some take minutes, in each rollout. */
  readonly appStart: number
  /** How long a pod may stay drained. */
  readonly drained: number
}

export const TIMING: Timing = { scrape: 5, window: 900, appDown: 60, appStart: 600, drained: 600 }

export interface Recording {
  readonly record: string
  readonly expr: string
}

export interface Alert {
  readonly alert: string
  readonly severity: 'critical' | 'warning'
  readonly expr: string
  /** Seconds. */
  readonly for?: number
  readonly summary: string
  /** For docs/monitoring.md, and as the description. */
  readonly means: string
  readonly todo: string
}

const DRAINING = ['settling', 'lame-duck', 'draining', 'drained']
const STOPPING = [...DRAINING, 'exiting']
/** The pod of a StatefulSet comes back with the same name: `instance` separates it from its predecessor. */
const LIFE = `${TARGET}, instance`
const ON = `on (${LIFE})`
const BY = `by (${LIFE})`

const IN_FLIGHT = 'namespace_pod_instance:lastcall_in_flight:last'
const LEFT = 'namespace_pod_instance:lastcall_drain_left_seconds:last'
const STOPS = 'namespace_pod_instance:lastcall_stopping:last'
const SETTLE = 'namespace_pod_instance:lastcall_settle_seconds:last'
const APP_STOP = 'namespace_pod_instance:lastcall_app_stop_seconds:last'
const GRACE = 'namespace_pod_instance:lastcall_grace_period_seconds:last'

/** The last values of each pod, including pods that have ended within the window. */
export function recordings({ window }: Timing): readonly Recording[] {
  const last = (how: 'sum' | 'max', selected: string) =>
    `${how} ${BY} (last_over_time(${selected}[${duration(window)}]))`
  const option = (name: string) => last('max', series('lastcall_option_seconds', { option: name }))
  return [
    { record: IN_FLIGHT, expr: last('sum', series('lastcall_in_flight')) },
    { record: LEFT, expr: last('max', series('lastcall_drain_left_seconds')) },
    { record: STOPS, expr: last('max', series('lastcall_phase', { phase: STOPPING })) },
    { record: SETTLE, expr: option('settle') },
    { record: APP_STOP, expr: option('app-stop') },
    { record: GRACE, expr: option('grace-period') },
  ]
}

export function alerts({ scrape, window, appDown, appStart, drained }: Timing): readonly Alert[] {
  const happened = (name: string, by = TARGET) =>
    `sum by (${by}) (increase(${series(name)}[${duration(window)}])) > 0`
  const starting = series('lastcall_phase', { phase: 'starting' })
  const inAStop = `and ${ON} ${STOPS} == 1\nand ${ON} ${LEFT} < 0.5 * ${GRACE}`
  return [
    {
      alert: 'LastcallRequestsCut',
      severity: 'critical',
      expr: [
        happened('lastcall_drain_cut_total', LIFE),
        'or',
        '(',
        `  ${IN_FLIGHT} > 0`,
        `  and ${ON} ${LEFT} < ${1.5 * scrape}`,
        ...inAStop.split('\n').map((line) => `  ${line}`),
        `  unless ${ON} ${series('lastcall_phase')}`,
        ')',
      ].join('\n'),
      summary: '{{ $labels.pod }} has cut requests',
      means:
        'The deadline has cut requests. A pod that cuts requests exits at once, so the counter is usually not scraped again. The ' +
        `alert therefore also fires if a pod is gone that was last seen with requests in flight less than ${1.5 * scrape} s before its deadline. ` +
        'If those requests finished in the last seconds, the alert is false; the verdict in the log is exact.',
      todo:
        'Raise `terminationGracePeriodSeconds` and `--grace-period` above the longest request plus `--settle`, `--lame-duck-max` and ' +
        '`--app-stop`, or make the app limit how long a request may take.',
    },
    {
      alert: 'LastcallDeadlineReached',
      severity: 'warning',
      expr: [`${IN_FLIGHT} > 0`, `and ${ON} ${LEFT} < ${APP_STOP} + ${scrape}`, inAStop].join('\n'),
      summary: '{{ $labels.pod }} reaches its deadline with {{ $value }} requests in flight',
      means:
        `A stop is less than ${scrape} s before the hook deadline with requests in flight, or past it. At that deadline, lastcall answers the ` +
        'hooks, and the app is told to stop although requests remain. The final deadline cuts those that are left.',
      todo: '`lastcall status` lists them while the stop lasts; afterwards, as for LastcallRequestsCut.',
    },
    {
      alert: 'LastcallSettleTooShort',
      severity: 'warning',
      expr: [
        `max ${BY} (last_over_time(${series('lastcall_drain_late_seconds')}[${duration(window)}])) > 0.8 * ${SETTLE}`,
        `and ${ON} ${STOPS} == 1`,
      ].join('\n'),
      summary:
        '{{ $labels.pod }} got a new connection {{ $value | humanizeDuration }} after its stop had begun',
      means:
        'New connections still arrived when 80 % of `--settle` had passed. Clients that arrive after `--settle` are told to leave while ' +
        'the endpoints still lead them to this pod, so they come back.',
      todo: 'Raise `--settle` well above the figure, and the grace period by the same amount.',
    },
    {
      alert: 'LastcallFalseAlarm',
      severity: 'warning',
      expr: happened('lastcall_false_alarms_total'),
      summary: '{{ $labels.pod }} drained, but did not stop',
      means:
        'A preStop hook was called, but neither a signal nor the exit of the app followed. The pod took no traffic for the length of the ' +
        'grace period.',
      todo: 'The log names the caller. If it was not the kubelet, set `--token` or `--hook-allow`; if it was, the app ignores SIGTERM.',
    },
    {
      alert: 'LastcallHooksRefused',
      severity: 'warning',
      expr: happened('lastcall_admin_refused_total', `${TARGET}, reason`),
      summary: '{{ $labels.pod }} has refused a hook ({{ $labels.reason }})',
      means:
        'lastcall refused a call of a hook, `/drain` or `/resume`. If the kubelet made it, the hook does not delay SIGTERM, because the ' +
        'kubelet ignores the status of the answer.',
      todo:
        '`token`: the token in the hook differs from `--token`. `address`: add the node to `--hook-allow`. `hooks`: too many callers wait. ' +
        "`foreign-page`: a website in an operator's browser made the call ([security](security.md)). Otherwise a stranger in the cluster made it.",
    },
    {
      alert: 'LastcallAppDown',
      severity: 'critical',
      expr: [
        `${series('lastcall_app_up')} == 0`,
        `and ${ON} (`,
        `  ${series('lastcall_phase', { phase: 'serving' })} == 1`,
        `  or ${starting} == 1 and ${starting} offset ${duration(appStart - appDown)} == 1`,
        ')',
      ].join('\n'),
      for: appDown,
      summary: 'The app of {{ $labels.pod }}{{ with $labels.port }}, port {{ . }},{{ end }} is down',
      means:
        'The app, or one of its ports, fails its health check, and no stop is under way. An app that has not been healthy yet has ' +
        `${appStart / 60} minutes to start.`,
      todo: '`lastcall status` shows the error. Look at the log of the app, then at `--app` and `--health`.',
    },
    {
      alert: 'LastcallDrainedForLong',
      severity: 'warning',
      expr: `max ${BY} (${series('lastcall_phase', { phase: DRAINING })}) == 1`,
      for: drained,
      summary: '{{ $labels.pod }} takes no traffic, and does not exit',
      means: 'The pod has been draining or drained for longer than a stop takes.',
      todo: "An operator's `lastcall drain` was forgotten (`lastcall resume`), or the grace period is very long (raise `for`).",
    },
  ]
}

/** As Prometheus writes it: `15m`, `5s`, `500ms`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60}m`
  return seconds % 1 === 0 ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`
}
