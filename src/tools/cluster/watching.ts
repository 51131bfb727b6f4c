/**
 * Watches one workload: prints what happens to its pods and its progress, and decides when a rollout is complete.
 */
import type { Branch } from '../manifest/tree.ts'
import { generationOf, now } from './follow.ts'
import type { Printer } from './printer.ts'
import { rolloutOf, type RolloutState } from './rollout.ts'
import type { Happened, PodStory, Stories } from './story.ts'
import { clockText, happenedLine, movingLines, sumLines, sumOf } from './story-lines.ts'

/** When a watch ends. `with a rollout`: after the current one, or the next. */
export type Ends = 'with this rollout' | 'with a rollout' | 'never'

/** What was seen so far, and whether the watch may end. */
export class Watching {
  readonly stories: Stories
  readonly beganAt: number
  /** Why the rollout has failed. */
  failed: string | undefined
  readonly #generation: number
  readonly #ends: Ends
  readonly #printer: Printer
  #rollout: RolloutState = WAITING
  /** Something has begun whose end has not been reported yet. */
  #begun: boolean
  #told = new Set<PodStory>()

  constructor(stories: Stories, generation: number, beganAt: number, ends: Ends, printer: Printer) {
    this.stories = stories
    this.beganAt = beganAt
    this.#generation = generation
    this.#ends = ends
    this.#printer = printer
    this.#begun = generation > 0
  }

  happened(what: readonly Happened[]): void {
    if (what.length > 0) this.#begun = true
    for (const one of what) this.#printer.line(happenedLine(one, this.beganAt, now()))
  }

  workload(object: Branch | undefined): void {
    if (object === undefined) {
      this.failed = 'it was deleted'
      return
    }
    // The state of an earlier generation says nothing about this rollout.
    const rollout = generationOf(object) < this.#generation ? WAITING : rolloutOf(object)
    if (rollout.kind === 'going') this.#begun = true
    // A rollout that had failed before the watch began may still be fixed; a watch without end waits for that.
    if (rollout.kind === 'failed' && this.#begun && this.#ends !== 'never') this.failed = rollout.says
    if (saidOf(rollout) !== saidOf(this.#rollout) && !this.#printer.terminal)
      this.#printer.line(`${clockText(now() - this.beganAt)}  ${saidOf(rollout)}`)
    this.#rollout = rollout
  }

  /** Whether a rollout has begun, and seems to be complete. */
  get calm(): boolean {
    return this.#begun && this.#rollout.kind === 'done' && this.stories.stopping.length === 0
  }

  /** Whether a list of the pods confirms it: the watches of workload and pods are not synchronized. */
  async confirmed(list: () => Promise<Parameters<Stories['listed']>[0]>): Promise<boolean> {
    const before = this.stories.present
    try {
      this.happened(this.stories.listed(await list(), before, now()))
    } catch {
      return false
    }
    return this.calm
  }

  /** Reports on the pods that were stopped since the last report, and continues. */
  interlude(): void {
    this.#begun = false
    const fresh = this.stories.all.filter((story) => story.goneAt !== undefined && !this.#told.has(story))
    for (const story of fresh) this.#told.add(story)
    if (fresh.length === 0) return
    for (const line of ['', ...sumLines(sumOf(fresh)), '']) this.#printer.line(line)
  }

  draw(): void {
    if (!this.#printer.terminal) return
    this.#printer.moving(movingLines(this.stories.present, saidOf(this.#rollout), this.beganAt, now()))
  }
}

const WAITING: RolloutState = { kind: 'going', says: 'waiting for Kubernetes to see the change' }

function saidOf(rollout: RolloutState): string {
  return rollout.kind === 'done' ? 'all pods are updated and available' : rollout.says
}
