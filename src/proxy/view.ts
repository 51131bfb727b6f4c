/** What the admin server and the metrics show. Gathers it from the pieces and changes nothing. */

import type { LiveDrain, LiveInput } from './admin/live.ts'
import { buildStatus, type PortStatus, type StatusInput } from './admin/status.ts'
import type { Clock } from './process/clock.ts'
import { printAddress } from './config/address.ts'
import type { Config } from './config/config.ts'
import { portNames } from './config/ports.ts'
import type { Listeners } from './listeners.ts'
import type { Checkers } from './health/checkers.ts'
import { leftMs, proven } from './lifecycle/drain.ts'
import { History } from './lifecycle/history.ts'
import { ready, resumable } from './lifecycle/readiness.ts'
import type { Runner } from './lifecycle/runner.ts'
import { NONE_SAVED } from './lifecycle/saved.ts'
import type { Phase } from './lifecycle/state.ts'
import type { Verdict } from './lifecycle/verdict.ts'
import { DRAIN_PHASES, type DrainFacts, type DrainSettings, type PortFacts } from './metrics/source.ts'
import type { Relay } from './relay/relay.ts'

interface Sources {
  readonly config: Pick<Config, 'readinessOnDrain' | 'gracePeriodMs' | 'token'>
  readonly relay: Relay
  readonly listeners: Pick<Listeners, 'isOpen'>
  readonly runner: Runner
  readonly checkers: Checkers
  readonly clock: Clock
  /** The version of lastcall; read when somebody asks. */
  readonly version: () => string
}

export class View {
  /** The listener has been opened. */
  started = false
  /** The `lateMs` of the last drain, as it was when that drain ended. */
  #lateMs = 0
  readonly #sources: Sources
  readonly #history = new History()
  #verdict: Verdict | undefined
  #version: string | undefined
  #cutTotal = 0
  #phase: Phase
  #phaseAt: number
  /** When the current drain, or the last one, began; and how long its phases took so far. */
  #drainAt: number | undefined
  #phaseMs: Partial<Record<Phase, number>> = {}

  constructor(sources: Sources) {
    this.#sources = sources
    this.#phase = sources.runner.phase
    this.#phaseAt = sources.clock.now()
  }

  /** A phase has been entered. */
  entered(phase: Phase): void {
    const now = this.#sources.clock.now()
    if (isDraining(phase)) this.#history.entered(phase, now, !isDraining(this.#phase))
    if (isDraining(phase) && !isDraining(this.#phase)) {
      this.#drainAt = now
      this.#phaseMs = {}
    }
    if (!isDraining(phase) && isDraining(this.#phase)) this.#lateMs = this.#late
    this.#phaseMs[this.#phase] = (this.#phaseMs[this.#phase] ?? 0) + now - this.#phaseAt
    this.#phase = phase
    this.#phaseAt = now
  }

  /** A drain has come to its end. */
  concluded(verdict: Verdict): void {
    this.#verdict = verdict
    this.#cutTotal += verdict.cut
    this.#history.concluded(verdict, Date.now())
  }

  /** The answer of /readyz, with the reason if not ready. */
  get ready(): { ok: boolean; why: string } {
    const { config, listeners, runner, checkers } = this.#sources
    const { up, lastError } = checkers.status
    if (ready(runner.state, up, config.readinessOnDrain))
      return listeners.isOpen ? { ok: true, why: '' } : { ok: false, why: 'the listener is not open' }
    if (isDraining(runner.phase)) return { ok: false, why: runner.phase }
    return { ok: false, why: up ? runner.phase : `the app is down: ${lastError ?? 'not checked yet'}` }
  }

  get drainFacts(): DrainFacts {
    const now = this.#sources.clock.now()
    const took = (phase: Phase): number =>
      (this.#phaseMs[phase] ?? 0) + (phase === this.#phase ? now - this.#phaseAt : 0)
    return {
      phaseMs: Object.fromEntries(DRAIN_PHASES.map((phase) => [phase, took(phase)])),
      cutTotal: this.#cutTotal,
      savedTotal: this.#sources.runner.savedTotal,
      lateMs: isDraining(this.#phase) ? this.#late : this.#lateMs,
      leftMs: leftMs(this.#sources.runner.state, now),
      falseAlarms: this.#sources.runner.falseAlarms,
    }
  }

  /** The durations that determine a drain. */
  get settings(): DrainSettings {
    const { gracePeriodMs } = this.#sources.config
    const { settleMs, quietMs, lameDuckMaxMs, appStopMs } = this.#sources.runner.state.budget
    return {
      settle: settleMs,
      quiet: quietMs,
      'lame-duck-max': lameDuckMaxMs,
      'app-stop': appStopMs,
      'grace-period': gracePeriodMs,
    }
  }

  /** The age of the current drain when the last new connection arrived; 0 if none has. */
  get #late(): number {
    const late = this.#sources.relay.arrivals.lastConnectionAt - (this.#drainAt ?? Infinity)
    return late > 0 ? late : 0
  }

  /** The app has ended, as expected. */
  get appEnded(): boolean {
    const { state } = this.#sources.runner
    return 'drain' in state ? state.drain.app === 'gone' : state.phase === 'exited'
  }

  /** It is proven that the pod stops. */
  get proof(): boolean {
    const { state } = this.#sources.runner
    return 'drain' in state && proven(state.drain)
  }

  /** The name of each port, and its counters. */
  get ports(): readonly PortFacts[] {
    const { relay, checkers } = this.#sources
    const names = portNames(relay.ports.map(({ listen }) => listen))
    return relay.ports.map(({ counters }, index) => ({
      name: names[index]!,
      counters,
      appUp: checkers.each[index]!.up,
    }))
  }

  get #portStatus(): PortStatus[] {
    const { relay, checkers } = this.#sources
    return this.ports.map(({ name, counters }, index) => ({
      port: name,
      app: printAddress(relay.ports[index]!.app),
      inFlight: counters.inFlight.reduce((sum, count) => sum + count, 0),
      connections: { client: counters.clients, app: counters.apps },
      health: checkers.each[index]!,
    }))
  }

  get status(): object {
    return buildStatus(this.#statusAt(this.#sources.clock.now()))
  }

  /** For the page: the status, with what it needs to draw a drain and its deadlines. */
  get live(): LiveInput {
    const { config, runner, clock } = this.#sources
    const { state } = runner
    const { settleMs, quietMs, lameDuckMaxMs, hookDeadlineMs, cutMs } = state.budget
    const nowMs = clock.now()
    return {
      ...this.#statusAt(nowMs),
      nowMs,
      budget: {
        settle: settleMs,
        quiet: quietMs,
        lameDuckMax: lameDuckMaxMs,
        hook: hookDeadlineMs,
        cut: cutMs,
        grace: config.gracePeriodMs,
      },
      drain: isDraining(this.#phase) ? this.#liveDrain : null,
      resumable: resumable(state),
      verdicts: this.#history.drains,
      guarded: config.token !== undefined,
    }
  }

  get #liveDrain(): LiveDrain {
    const { state } = this.#sources.runner
    const drain = 'drain' in state ? state.drain : undefined
    const lastAt = this.#sources.relay.arrivals.lastAt
    return {
      beganAt: Math.round(this.#drainAt!),
      clockAt: drain?.clockAt === undefined ? null : Math.round(drain.clockAt),
      quietFrom: this.#phase === 'lame-duck' ? Math.round(Math.max(this.#phaseAt, lastAt)) : null,
      phases: this.#history.steps,
    }
  }

  #statusAt(nowMs: number): StatusInput {
    const { relay, runner, checkers } = this.#sources
    const { state } = runner
    const { counters } = relay
    const triggers = 'drain' in state ? state.drain.triggers : []
    this.#version ??= this.#sources.version()
    return {
      version: this.#version,
      phase: runner.phase,
      sinceMs: nowMs - this.#phaseAt,
      nowEpochMs: Date.now(),
      ready: this.ready.ok,
      drainMs: isDraining(this.#phase) ? nowMs - this.#drainAt! : undefined,
      proof: this.proof,
      triggers,
      saved: runner.saved ?? this.#verdict?.saved ?? NONE_SAVED,
      inFlight: counters.inFlight,
      requests: relay.requests(nowMs),
      connections: { client: counters.clients, app: counters.apps },
      health: checkers.status,
      ...(relay.ports.length > 1 && { ports: this.#portStatus }),
      verdict: this.#verdict === undefined ? null : { ...this.#verdict },
    }
  }
}

function isDraining(phase: Phase): boolean {
  return phase !== 'starting' && phase !== 'serving'
}
