/**
 * The shell around the machine: takes events one at a time, sets one timer, carries out the effects in order. Decides
 * nothing; every rule is in machine.ts. Sockets and the process are behind the Performer.
 *
 * Long, because there is one short method for each event and each effect.
 */
import type { Logger } from 'pino'
import type { Cancel, Clock } from '../process/clock.ts'
import type { Budget } from './budget.ts'
import { resumable } from './readiness.ts'
import { concerns, initial, step, wakeAt } from './step.ts'
import { evident } from './drain.ts'
import { DrainLog, type Tally } from './drain-log.ts'
import type { Performer } from './performer.ts'
import type { Saved } from './saved.ts'
import { FIRST_TRAFFIC, traffic, turned } from './traffic.ts'
import type { Effect, Event, HookCall, Phase, State, View } from './state.ts'

export interface RunnerOptions {
  readonly clock: Clock
  readonly budget: Budget
  /** What the machine sees of the relay; read at every event. */
  view(): Omit<View, 'now'>
  /** For the verdict. */
  tally(): Tally
  readonly effects: Performer
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

export class Runner {
  readonly #options: RunnerOptions
  readonly #queue: Event[] = []
  readonly #listeners: ((phase: Phase, previous: Phase) => void)[] = []
  #taking = false
  #state: State
  #since = new Date()
  readonly #hooks = new Set<() => void>()
  #timer: Cancel | undefined
  #stopAt: number | undefined
  readonly #drainLog: DrainLog

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#state = initial(options.budget)
    const { log, budget } = options
    this.#drainLog = new DrainLog({ log, falseAlarmMs: budget.falseAlarmMs, tally: () => options.tally() })
  }

  /** Switches traffic to that of the first phase. Call it once, when the Performer is ready. */
  start(): void {
    for (const effect of turned(FIRST_TRAFFIC, traffic(this.#state))) this.#attempt(effect)
  }

  get state(): State {
    return this.#state
  }

  get phase(): Phase {
    return this.#state.phase
  }

  /** The wall-clock time of the last move. */
  get since(): Date {
    return this.#since
  }

  /** False alarms since the start of the process. */
  get falseAlarms(): number {
    return this.#drainLog.falseAlarms
  }

  /** Requests saved since the start of the process. */
  get savedTotal(): Saved {
    return this.#drainLog.savedTotal
  }

  /** Requests that the current drain has saved so far; undefined if none is under way. */
  get saved(): Saved | undefined {
    return 'drain' in this.#state ? this.#drainLog.saved : undefined
  }

  /** `listener` is called after each move with the new phase and the previous one. */
  onPhase(listener: (phase: Phase, previous: Phase) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * A call of GET /prestop/app or /prestop/sidecar. Resolves when it is to be answered, or when the caller is `gone`;
   * the call counts in any case. Never rejects.
   */
  async hook(call: HookCall, gone?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#hooks.add(resolve)
    const forget = () => {
      this.#hooks.delete(resolve)
      resolve()
    }
    gone?.addEventListener('abort', forget)
    this.#take({ kind: 'hook', ...call })
    await promise
    gone?.removeEventListener('abort', forget)
  }

  /** How many hook calls are waiting for an answer. */
  get waitingHooks(): number {
    return this.#hooks.size
  }

  signal(name: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): void {
    this.#take({ kind: 'signal', name })
  }

  /** The operator's POST /drain. */
  drain(): void {
    this.#take({ kind: 'drain' })
  }

  /** The operator's POST /resume. Returns false (409) after a signal, or once lastcall is exiting. */
  resume(): boolean {
    if (!resumable(this.#state)) return false
    this.#take({ kind: 'resume' })
    return true
  }

  /** Health check: the app has become healthy. */
  appUp(): void {
    this.#take({ kind: 'app-up' })
  }

  appDown(): void {
    this.#take({ kind: 'app-down' })
  }

  /** Watch: the app's address refuses connections. */
  appGone(): void {
    this.#take({ kind: 'app-gone' })
  }

  appBack(): void {
    this.#take({ kind: 'app-back' })
  }

  /** Watch: some of the app's ports had gone, and now all are there again. */
  appRestarted(): void {
    this.#take({ kind: 'app-restarted' })
  }

  /**
   * Nothing is in flight any more. The relay calls this after every request, so it is cheap in phases where it does not
   * matter.
   */
  quiesced(): void {
    if (this.#taking || concerns(this.#state.phase, 'quiesced')) this.#take({ kind: 'quiesced' })
  }

  /** The order `closeIdle` has been carried out. */
  idleClosed(): void {
    this.#take({ kind: 'idle-closed' })
  }

  /** No client connection is open any more. Cheap in phases where it does not matter. */
  lingered(): void {
    if (this.#taking || concerns(this.#state.phase, 'lingered')) this.#take({ kind: 'lingered' })
  }

  /**
   * An effect may cause the next event (a cut leaves nothing in flight); that event waits until this one is finished.
   */
  #take(event: Event): void {
    this.#queue.push(event)
    if (this.#taking) return
    this.#taking = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next)
    this.#taking = false
  }

  #step(event: Event): void {
    const view: View = { ...this.#options.view(), now: this.#options.clock.now() }
    const { state, effects } = step(this.#state, event, view)
    if ('drain' in state && !('drain' in this.#state)) this.#drainLog.began()
    this.#state = state
    // Before any effect, because an effect may block or throw, and the deadline must hold.
    this.#arm(view)
    this.#noteStop()
    for (const effect of effects) {
      if (effect.kind === 'moved') this.#moved(effect, view)
      else this.#attempt(effect)
    }
  }

  /** The relay counts saved requests from the kubelet's first trigger on. A drain by an operator is not a stop. */
  #noteStop(): void {
    const drain = 'drain' in this.#state ? this.#state.drain : undefined
    if (drain !== undefined && evident(drain)) this.#drainLog.evident()
    if (drain?.clockAt === this.#stopAt) return
    this.#stopAt = drain?.clockAt
    this.#options.effects.setStop(this.#stopAt)
  }

  #arm(view: View): void {
    this.#timer?.()
    const at = wakeAt(this.#state, view)
    this.#timer =
      at === undefined
        ? undefined
        : this.#options.clock.after(at - view.now, () => {
            this.#timer = undefined
            this.#take({ kind: 'tick' })
          })
  }

  #moved(effect: Extract<Effect, { kind: 'moved' }>, view: View): void {
    this.#since = new Date()
    this.#drainLog.moved(effect, view)
    for (const listener of this.#listeners) listener(effect.to, effect.from)
  }

  #attempt(effect: Effect): void {
    try {
      this.#perform(effect)
    } catch (error) {
      this.#options.log.error({ err: error, effect: effect.kind }, `lifecycle: ${effect.kind} failed`)
    }
  }

  #perform(effect: Effect): void {
    const { effects } = this.#options
    switch (effect.kind) {
      case 'close-listener':
        return effects.closeListener()
      case 'open-listener':
        return effects.openListener()
      case 'client-mode':
        return effects.setClientMode(effect.clientMode)
      case 'queue-requests':
        return effects.queueRequests(effect.on)
      case 'app-lost':
        return effects.appLost(effect.on)
      case 'watch-app':
        return effects.watchApp(effect.on)
      case 'close-idle':
        return effects.closeIdle()
      case 'answer-hooks':
        return this.#answerHooks()
      case 'false-alarm':
        return this.#drainLog.falseAlarm(effect.calls)
      case 'cut':
        return this.#drainLog.cut(effects.cut())
      case 'verdict':
        return this.#verdict(effect)
      case 'exit':
        return effects.exit(effect.code)
      case 'moved':
        return undefined
    }
  }

  #answerHooks(): void {
    const hooks = [...this.#hooks]
    this.#hooks.clear()
    for (const answer of hooks) answer()
  }

  #verdict(effect: Extract<Effect, { kind: 'verdict' }>): void {
    const verdict = this.#drainLog.verdict(effect, this.phase === 'exited')
    if (verdict !== undefined) this.#options.effects.verdict(verdict)
  }
}

/** A runner in phase `starting`. Nothing happens before `start` and the first event. */
export function createRunner(options: RunnerOptions): Runner {
  return new Runner(options)
}
