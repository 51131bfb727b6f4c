/**
 * One workload while it is watched: prints what happens to its pods and how far it is, and knows when a rollout is over.
 */
import type { Branch } from '../manifest/tree.ts'
import { generationOf, now } from './follow.ts'
import type { Printer } from './printer.ts'
import { rolloutOf, type RolloutState } from './rollout.ts'
import type { Happened, PodStory, Stories } from './story.ts'
import { clockText, happenedLine, movingLines, sumLines, sumOf } from './story-lines.ts'

/** When a watch ends. `with a rollout`: the one that goes on, or the next. */
export type Ends = 'with this rollout' | 'with a rollout' | 'never'

/** What was seen so far, and what it means for the end. */
export class Watching {
  readonly stories: Stories
  readonly beganAt: number
  /** Why it cannot end well. */
  failed: string | undefined
  readonly #generation: number
  readonly #ends: Ends
  readonly #printer: Printer
  #rollout: RolloutState = WAITING
  /** Something has begun that has not been told the end of. */
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
    // The state of the generation before says nothing of this rollout.
    const rollout = generationOf(object) < this.#generation ? WAITING : rolloutOf(object)
    if (rollout.kind === 'going') this.#begun = true
    // One that had failed before the watch began may yet be mended; whoever watches for ever waits for that.
    if (rollout.kind === 'failed' && this.#begun && this.#ends !== 'never') this.failed = rollout.says
    if (saidOf(rollout) !== saidOf(this.#rollout) && !this.#printer.terminal)
      this.#printer.line(`${clockText(now() - this.beganAt)}  ${saidOf(rollout)}`)
    this.#rollout = rollout
  }

  /** A rollout has begun, and seems to be over. */
  get calm(): boolean {
    return this.#begun && this.#rollout.kind === 'done' && this.stories.stopping.length === 0
  }

  /** Whether a list of the pods says so, too: the watches of workload and pods are not in step. */
  async confirmed(list: () => Promise<Parameters<Stories['listed']>[0]>): Promise<boolean> {
    const before = this.stories.present
    try {
      this.happened(this.stories.listed(await list(), before, now()))
    } catch {
      return false
    }
    return this.calm
  }

  /** Tells what became of the pods that were stopped since the last time, and goes on. */
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

const WAITING: RolloutState = { kind: 'going', says: 'Kubernetes has yet to see the change' }

function saidOf(rollout: RolloutState): string {
  return rollout.kind === 'done' ? 'all pods are updated and available' : rollout.says
}
