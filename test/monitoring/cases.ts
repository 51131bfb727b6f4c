/**
 * The lives of pods as Prometheus sees them, every 5 s, and what each alert says of them at which second. For promtool.
 */
import { TIMING } from '../../scripts/monitoring/rules.ts'

/** Values in the notation of promtool, by series without its target labels: `lastcall_in_flight{kind="http1"}`. */
export type Lives = Readonly<Record<string, string>>

export interface Expected {
  /** Seconds. */
  readonly at: number
  /** What the alert says; absent: it does not fire. */
  readonly fires?: { readonly labels?: Readonly<Record<string, string>>; readonly value: string }
}

export interface AlertCase {
  readonly what: string
  readonly alert: string
  readonly lives: Lives
  readonly expects: readonly Expected[]
}

const OPTIONS: Lives = {
  'lastcall_option_seconds{option="settle"}': '3x8 stale',
  'lastcall_option_seconds{option="app-stop"}': '5x8 stale',
  'lastcall_option_seconds{option="grace-period"}': '30x8 stale',
}
/** A stop that goes on until its deadline, 29 s after 5; at 40 s the pod is gone. */
const LONG_STOP: Lives = {
  ...OPTIONS,
  'lastcall_phase{phase="draining"}': '0 1 1 1 1 1 1 1 stale',
  'lastcall_phase{phase="serving"}': '1 0 0 0 0 0 0 0 stale',
  lastcall_drain_left_seconds: '29 29 24 19 14 9 4 0 stale',
  lastcall_drain_cut_total: '0 0 0 0 0 0 0 0 stale',
}
const AFTER = 40 + TIMING.window + 5
/** A counter that rises at 60 s, in a pod that lives on. */
const HAPPENED = `0x12 1x${(TIMING.window + 600) / 5}`
const LATER = 60 + TIMING.window + 60

export const CASES: readonly AlertCase[] = [
  {
    what: 'a pod that was last seen with requests in flight at its deadline has cut them; until it is gone it has not',
    alert: 'LastcallRequestsCut',
    lives: { ...LONG_STOP, 'lastcall_in_flight{kind="http1"}': '2x7 stale' },
    expects: [{ at: 35 }, { at: 40, fires: { value: '2' } }, { at: AFTER }],
  },
  {
    what: "a StatefulSet's pod, whose successor has its name",
    alert: 'LastcallRequestsCut',
    lives: {
      'lastcall_option_seconds{option="grace-period",instance="10.0.0.1:9099"}': '30x8 stale',
      'lastcall_phase{phase="draining",instance="10.0.0.1:9099"}': '0 1 1 1 1 1 1 1 stale',
      'lastcall_drain_left_seconds{instance="10.0.0.1:9099"}': '29 29 24 19 14 9 4 0 stale',
      'lastcall_in_flight{kind="http1",instance="10.0.0.1:9099"}': '2x7 stale',
      'lastcall_option_seconds{option="grace-period",instance="10.0.0.2:9099"}': '_x8 30x99',
      'lastcall_phase{phase="draining",instance="10.0.0.2:9099"}': '_x8 0x99',
      'lastcall_phase{phase="serving",instance="10.0.0.2:9099"}': '_x8 1x99',
      'lastcall_drain_left_seconds{instance="10.0.0.2:9099"}': '_x8 29x99',
      'lastcall_in_flight{kind="http1",instance="10.0.0.2:9099"}': '_x8 7x99',
    },
    expects: [{ at: 35 }, { at: 300, fires: { labels: { instance: '10.0.0.1:9099' }, value: '2' } }],
  },
  {
    what: 'one that had finished them has cut nothing',
    alert: 'LastcallRequestsCut',
    lives: { ...LONG_STOP, 'lastcall_in_flight{kind="http1"}': '2 2 2 2 2 2 2 0 stale' },
    expects: [{ at: 35 }, { at: 40 }],
  },
  {
    what: 'one that ended long before its deadline has cut nothing',
    alert: 'LastcallRequestsCut',
    lives: {
      ...LONG_STOP,
      'lastcall_in_flight{kind="http1"}': '2x7 stale',
      lastcall_drain_left_seconds: '29x7 stale',
    },
    expects: [{ at: 40 }],
  },
  {
    what: 'one that was not scraped for once had time left; it may have finished them',
    alert: 'LastcallRequestsCut',
    lives: {
      ...LONG_STOP,
      'lastcall_in_flight{kind="http1"}': '2x7 stale',
      lastcall_drain_left_seconds: '29 29 24 19 14 9 _ _ stale',
    },
    expects: [{ at: 40 }],
  },
  {
    what: 'the counter says so as well, where it is scraped',
    alert: 'LastcallRequestsCut',
    lives: { lastcall_drain_cut_total: HAPPENED, 'lastcall_phase{phase="serving"}': '1x400' },
    expects: [{ at: 55 }, { at: 65, fires: { value: '*' } }, { at: LATER }],
  },
  {
    what: 'requests in flight on two ports, near the deadline',
    alert: 'LastcallDeadlineReached',
    lives: {
      ...LONG_STOP,
      'lastcall_in_flight{kind="http1",port="8080"}': '1x7 stale',
      'lastcall_in_flight{kind="http2",port="9090"}': '2x7 stale',
    },
    expects: [
      { at: 20 },
      { at: 25, fires: { value: '3' } },
      { at: 40, fires: { value: '3' } },
      { at: AFTER },
    ],
  },
  {
    what: 'it clears when they finish',
    alert: 'LastcallDeadlineReached',
    lives: { ...LONG_STOP, 'lastcall_in_flight{kind="http1"}': '2 2 2 2 2 2 0 0 stale' },
    expects: [{ at: 25, fires: { value: '2' } }, { at: 30 }],
  },
  {
    what: 'a pod with a short grace period that serves is not near a deadline',
    alert: 'LastcallDeadlineReached',
    lives: {
      'lastcall_option_seconds{option="app-stop"}': '5x20',
      'lastcall_option_seconds{option="grace-period"}': '8x20',
      'lastcall_phase{phase="draining"}': '1x20',
      'lastcall_in_flight{kind="http1"}': '2x20',
      lastcall_drain_left_seconds: '7x20',
    },
    expects: [{ at: 60 }],
  },
  {
    what: 'a connection came when nearly all of settle had passed; over when the drain was taken back',
    alert: 'LastcallSettleTooShort',
    lives: {
      'lastcall_option_seconds{option="settle"}': '3x40',
      'lastcall_phase{phase="lame-duck"}': '0 1 1 1 1 0x40',
      'lastcall_phase{phase="serving"}': '1 0 0 0 0 1x40',
      lastcall_drain_late_seconds: '0 1.2 2.6 2.6 2.6x40',
    },
    expects: [{ at: 5 }, { at: 10, fires: { value: '2.6s' } }, { at: 25 }],
  },
  {
    what: 'the pod has gone since: for as long as its last samples are remembered',
    alert: 'LastcallSettleTooShort',
    lives: {
      ...OPTIONS,
      'lastcall_phase{phase="exiting"}': '0 1x6 stale',
      lastcall_drain_late_seconds: '0 4x6 stale',
    },
    expects: [{ at: 60, fires: { value: '4s' } }, { at: AFTER }],
  },
  {
    what: 'a drain that was no stop',
    alert: 'LastcallFalseAlarm',
    lives: { lastcall_false_alarms_total: HAPPENED },
    expects: [{ at: 55 }, { at: 65, fires: { value: '*' } }, { at: LATER }],
  },
  {
    what: 'a hook without the token',
    alert: 'LastcallHooksRefused',
    lives: {
      'lastcall_admin_refused_total{reason="token"}': HAPPENED,
      'lastcall_admin_refused_total{reason="address"}': '0x400',
    },
    expects: [{ at: 55 }, { at: 65, fires: { labels: { reason: 'token' }, value: '*' } }, { at: LATER }],
  },
  {
    what: 'one port of the app is down for a minute, and then up',
    alert: 'LastcallAppDown',
    lives: {
      'lastcall_app_up{port="8080"}': '1x60',
      'lastcall_app_up{port="9090"}': '1 1 0x20 1x40',
      'lastcall_phase{phase="serving"}': '1x60',
      'lastcall_phase{phase="starting"}': '0x60',
    },
    expects: [{ at: 65 }, { at: 75, fires: { labels: { port: '9090' }, value: '0' } }, { at: 120 }],
  },
  {
    what: 'an app that takes five minutes to start is not down in each rollout',
    alert: 'LastcallAppDown',
    lives: {
      lastcall_app_up: '0x59 1x200',
      'lastcall_phase{phase="serving"}': '0x59 1x200',
      'lastcall_phase{phase="starting"}': '1x59 0x200',
    },
    expects: [{ at: 120 }, { at: 290 }, { at: 400 }, { at: 900 }],
  },
  {
    what: 'an app that has not come up after ten minutes is down',
    alert: 'LastcallAppDown',
    lives: {
      lastcall_app_up: '0x139 1x20',
      'lastcall_phase{phase="serving"}': '0x139 1x20',
      'lastcall_phase{phase="starting"}': '1x139 0x20',
    },
    expects: [{ at: 595 }, { at: 605, fires: { value: '0' } }, { at: 720 }],
  },
  {
    what: 'an app that stops with its pod is not down',
    alert: 'LastcallAppDown',
    lives: {
      lastcall_app_up: '1 0x60',
      'lastcall_phase{phase="draining"}': '0 1x60',
      'lastcall_phase{phase="serving"}': '0x60',
      'lastcall_phase{phase="starting"}': '0x60',
    },
    expects: [{ at: 120 }],
  },
  {
    what: 'a drain that nobody takes back, until somebody does',
    alert: 'LastcallDrainedForLong',
    lives: {
      'lastcall_phase{phase="settling"}': '0 1 0x200',
      'lastcall_phase{phase="drained"}': '0 0 1x130 0x80',
    },
    expects: [{ at: 595 }, { at: 605, fires: { value: '1' } }, { at: 700 }],
  },
]
