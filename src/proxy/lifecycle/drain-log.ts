/**
 * What is recorded about drains: the log line of each move, the record that becomes the verdict, the requests that a
 * drain saved, and false alarms. The runner reports to it; it decides nothing.
 */
import type { Logger } from 'pino'
import { type Saved, SavedRequests } from './saved.ts'
import type { Effect, HookCall, View } from './state.ts'
import { moved, opened, verdict, type DrainRecord, type Ended, type Verdict } from './verdict.ts'

/** What the relay has counted since the start of the process. */
export interface Tally extends Ended {
  /** When the last new connection arrived; -Infinity if none has. */
  readonly lastConnectionAt: number
  /** Requests that were served in full while a stop was under way. */
  readonly saved: Saved
}

export interface DrainLogOptions {
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly falseAlarmMs: number
  tally(): Tally
}

export class DrainLog {
  readonly #options: DrainLogOptions
  readonly #saved: SavedRequests
  #record: DrainRecord | undefined
  #falseAlarms = 0
  /** Why the lifecycle last moved. */
  #why = ''

  constructor(options: DrainLogOptions) {
    this.#options = options
    this.#saved = new SavedRequests(() => options.tally().saved)
  }

  /** False alarms since the start of the process. */
  get falseAlarms(): number {
    return this.#falseAlarms
  }

  /** Requests saved since the start of the process. */
  get savedTotal(): Saved {
    return this.#saved.total
  }

  /** Requests that the current drain has saved so far. */
  get saved(): Saved {
    return this.#saved.current
  }

  /** A drain begins. */
  began(): void {
    this.#saved.open()
  }

  /** It is evident that the pod or the app stops, so the drain really saves requests. */
  evident(): void {
    this.#saved.evident()
  }

  moved({ from, to, why }: Extract<Effect, { kind: 'moved' }>, view: View): void {
    this.#why = why
    if (from === 'starting' || from === 'serving') {
      const drains = to !== 'serving'
      this.#record = drains ? opened(to, view.now, view.inFlight, this.#options.tally()) : undefined
    } else if (this.#record !== undefined) {
      this.#record = moved(this.#record, to, view.now)
    }
    this.#options.log.info(
      { phase: to, from, why, inFlight: view.inFlight },
      `phase: ${from} -> ${to} (${why})`,
    )
  }

  cut(requests: number): void {
    if (this.#record !== undefined) this.#record = { ...this.#record, cut: this.#record.cut + requests }
  }

  falseAlarm(calls: readonly HookCall[]): void {
    this.#saved.discard()
    this.#falseAlarms += 1
    const { log, falseAlarmMs } = this.#options
    const callers = calls.map(({ who, from }) => `GET /prestop/${who} from ${from}`).join(', ')
    log.warn(
      { calls },
      `false alarm: ${callers}: neither a signal nor the app's end followed within ${falseAlarmMs / 1000} s, so lastcall ` +
        'undid the drain. If the caller was not the kubelet, set --token or --hook-allow; if it was, the app ignores SIGTERM',
    )
  }

  /** Logs the verdict and returns it; undefined if no drain is on record. `exits`: the process ends with this drain. */
  verdict(
    { triggers, appWent }: Omit<Extract<Effect, { kind: 'verdict' }>, 'kind'>,
    exits: boolean,
  ): Verdict | undefined {
    if (this.#record === undefined) return undefined
    if (appWent) this.#saved.evident()
    else if (!exits) this.#saved.discard()
    const { current: saved } = this.#saved
    const record = verdict(this.#record, { why: this.#why, triggers, ...this.#options.tally(), saved })
    const { text, ...facts } = record
    this.#options.log[record.cut + record.failed > 0 ? 'warn' : 'info']({ verdict: facts }, text)
    return record
  }
}
