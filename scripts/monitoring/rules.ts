/**
 * The recording rules and alerts of k8s/monitoring, as data. A stopping pod is not scraped any more once it has ended, so
 * what matters is asked of its last samples (`last_over_time`), and counters of its last moment are only the second way.
 */
import { series, TARGET } from './promql.ts'

/** How fast time passes: tests run the same rules with a faster clock. All in seconds. */
export interface Timing {
  /** Between two scrapes: of a drain of 7 s nothing is seen by a slower one. */
  readonly scrape: number
  /** How long an alert about a pod that has gone, or about something that happened once, lasts. */
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
/** A StatefulSet's pod comes back under its name: what the one before it said last is not the new one's. */
const LIFE = `${TARGET}, instance`
const ON = `on (${LIFE})`
const BY = `by (${LIFE})`

const IN_FLIGHT = 'namespace_pod_instance:lastcall_in_flight:last'
const LEFT = 'namespace_pod_instance:lastcall_drain_left_seconds:last'
const STOPS = 'namespace_pod_instance:lastcall_stopping:last'
const SETTLE = 'namespace_pod_instance:lastcall_settle_seconds:last'
const APP_STOP = 'namespace_pod_instance:lastcall_app_stop_seconds:last'
const GRACE = 'namespace_pod_instance:lastcall_grace_period_seconds:last'

/** Of each pod, also of one that has ended within the window: what it said last. */
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
        'The deadline has cut requests. A pod that cuts ends at once, so as a rule the counter is not scraped again: the ' +
        `alert also fires when a pod was last seen with requests in flight less than ${1.5 * scrape} s before its deadline, and is gone. ` +
        'Requests that finished in those last seconds make it a false alert; the verdict in the log is exact.',
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
        `A stop has come to within ${scrape} s of the moment at which the hooks are answered whatever is in flight, or is beyond it. The app is ` +
        'told to stop under the requests that remain; the deadline cuts them.',
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
        'New connections still came when 80 % of `--settle` had passed. Clients that come after `--settle` are told to leave before ' +
        'they can know of another pod, and come back.',
      todo: 'Raise `--settle` above the figure, with room to spare, and the grace period by as much.',
    },
    {
      alert: 'LastcallFalseAlarm',
      severity: 'warning',
      expr: happened('lastcall_false_alarms_total'),
      summary: '{{ $labels.pod }} drained, and nothing stopped',
      means:
        "A preStop hook was called, and neither a signal nor the app's end followed. For the length of the grace period the pod took no " +
        'traffic.',
      todo: 'The log names the caller. If it was not the kubelet, set `--token` or `--hook-allow`; if it was, the app ignores SIGTERM.',
    },
    {
      alert: 'LastcallHooksRefused',
      severity: 'warning',
      expr: happened('lastcall_admin_refused_total', `${TARGET}, reason`),
      summary: '{{ $labels.pod }} has refused a hook ({{ $labels.reason }})',
      means:
        'A call of a hook, `/drain` or `/resume` was turned away. If it was the kubelet, this pod stops without draining by its hook: ' +
        'the kubelet ignores the answer.',
      todo:
        '`token`: the token in the hook differs from `--token`. `address`: add the node to `--hook-allow`. `hooks`: too many callers wait. ' +
        '`foreign-page`: a web page tried in the browser of an operator ([security](security.md)). Otherwise somebody in the cluster tries.',
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
      todo: '`lastcall status` says with which error. Look at the log of the app, then at `--app` and `--health`.',
    },
    {
      alert: 'LastcallDrainedForLong',
      severity: 'warning',
      expr: `max ${BY} (${series('lastcall_phase', { phase: DRAINING })}) == 1`,
      for: drained,
      summary: '{{ $labels.pod }} takes no traffic, and does not end',
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
