/**
 * What was seen on both sides of the chaos, and what must not have been: `wrong` has a line for each breach. Knows no
 * sockets.
 */
import { isUnkind, type Plan } from './plan.ts'

/** How a request ended for its client: whole, refused by lastcall (with what), or not whole. */
export type Outcome = { kind: 'whole' } | { kind: 'refused'; status: number } | { kind: 'cut'; how: string }

export class Ledger {
  /** Each a breach of what lastcall promises. */
  readonly wrong: string[] = []
  /** How often something happened, for a summary. */
  readonly tally: Record<string, number> = {}
  /** Grows when the app's connections are cut: who was under way then may be left without an answer. */
  epoch = 0
  /** The process is being ended by force: nobody has a right to an answer any more. */
  ending = false
  /** The listener may be closed for a while: whoever connects may be refused, or reset before he is accepted. */
  refusing = false
  readonly #arrivals = new Map<number, number>()
  /** Requests whose client ends in the middle of their body, politely: the app may see a short end. */
  readonly #shortEnds = new Set<number>()

  /** Whether a failure at this moment says nothing of lastcall. */
  get excuses(): boolean {
    return this.ending || this.refusing
  }

  /** Nobody is under way: what was remembered of single requests is not needed any more. */
  forget(): void {
    this.#arrivals.clear()
    this.#shortEnds.clear()
  }

  count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }

  breach(what: string): void {
    this.count('breaches')
    if (this.wrong.length < 50) this.wrong.push(what)
  }

  /** A request has reached the app. */
  arrived(plan: Plan): void {
    const times = (this.#arrivals.get(plan.id) ?? 0) + 1
    this.#arrivals.set(plan.id, times)
    // An idempotent request without a body may be said once more (the replay rule in relay/app-line.ts).
    const allowed = plan.method === 'POST' || plan.up > 0 || plan.chunkedUp ? 1 : 2
    if (times > allowed) this.breach(`arrived ${times} times: ${show(plan)}`)
  }

  maySeeShortEnd(plan: Plan): void {
    this.#shortEnds.add(plan.id)
  }

  /** The app has seen the end of a request's connection, without an error, before all of the body had come. */
  shortEnd(plan: Plan, received: number): void {
    if (this.#shortEnds.has(plan.id)) return this.count('short ends that the client wanted')
    this.breach(`the app saw a clean end behind ${received} bytes: ${show(plan)}`)
  }

  /** `entitled`: the client did all that it had to do, and nothing has happened that excuses a failure. */
  ended(plan: Plan, outcome: Outcome, entitled: boolean, by: string): void {
    this.count(`${by.replace(/ \(.*/, '')} ${outcome.kind}`)
    if (outcome.kind === 'whole' || !entitled || this.excuses || isUnkind(plan)) return
    const how = outcome.kind === 'cut' ? outcome.how : String(outcome.status)
    this.breach(`${by}: ${outcome.kind} (${how}), but for no reason: ${show(plan)}`)
  }
}

export function show(plan: Plan): string {
  return JSON.stringify(plan)
}
