/** Watches the pods of one workload to an end: prints what happens, the verdicts, and decides the exit code. */
import { at, text, type Branch } from '../manifest/tree.ts'
import { DONE, FAILED, INTERRUPTED, type Session } from './command.ts'
import { follow, generationOf, listPods, now, rest, type Times } from './follow.ts'
import { titleOf } from './live.ts'
import { podSelectorOf } from './pods-of.ts'
import { rolloutOf, type RolloutState } from './rollout.ts'
import { Stories, type Happened, type PodStory } from './story.ts'
import { clockText, happenedLine, movingLines, storyData, sumLines, sumOf } from './story-lines.ts'

/** Nothing is known to be cut, but of some pods nobody knows. */
const UNKNOWN = 3

export interface Observation {
  readonly object: Branch
  /** TYPE/NAME, as the user wrote it. */
  readonly target: string
  readonly times: Times
  readonly timeoutMs: number
  /** `with a rollout`: the one that goes on, or the next. */
  readonly ends: 'with this rollout' | 'with a rollout' | 'never'
  /** Called once the pods are known that are there; resolves to the generation of the workload that is waited for. */
  readonly start: () => Promise<number>
}

type Outcome =
  | { readonly kind: 'done' | 'timeout' | 'interrupted' }
  | { readonly kind: 'failed'; readonly why: string }

/** Resolves to the exit code. Rejects where the pods cannot be watched. */
export async function observe(session: Session, observation: Observation): Promise<number> {
  const { kubectl, printer, stop } = session
  const { object, target, times, timeoutMs, ends } = observation
  const selector = podSelectorOf(object)
  const stories = new Stories()
  stories.begin(await listPods(kubectl, selector, stop), now())
  const beganAt = now()
  const generation = await observation.start()
  const watching = new Watching(stories, generation, beganAt, ends, printer)

  const over = new AbortController()
  const until = AbortSignal.any([stop, over.signal])
  let broken: Error | undefined
  const following = follow(
    {
      kubectl,
      target,
      selector,
      stories,
      times,
      happened: (what) => watching.happened(what),
      workload: (one) => watching.workload(one),
      warn: (line) => printer.warn(line),
    },
    until,
  ).catch((error: unknown) => {
    if (!until.aborted) broken = error instanceof Error ? error : new Error(String(error))
  })
  const outcome = async (): Promise<Outcome> => {
    for (;;) {
      if (broken !== undefined) throw broken
      if (stop.aborted) return { kind: 'interrupted' }
      if (watching.failed !== undefined) return { kind: 'failed', why: watching.failed }
      if (watching.calm && (await watching.confirmed(() => listPods(kubectl, selector, until)))) {
        if (ends !== 'never') return { kind: 'done' }
        watching.interlude()
      }
      if (now() - beganAt >= timeoutMs) return { kind: 'timeout' }
      watching.draw()
      await rest(times.turnMs, until)
    }
  }
  try {
    return report(session, observation, watching, await outcome())
  } finally {
    over.abort()
    await following
  }
}

/** What was seen so far, and what it means for the end. */
class Watching {
  readonly stories: Stories
  readonly beganAt: number
  /** Why it cannot end well. */
  failed: string | undefined
  readonly #generation: number
  readonly #ends: Observation['ends']
  readonly #printer: Session['printer']
  #rollout: RolloutState = WAITING
  /** Something has begun that has not been told the end of. */
  #begun: boolean
  #told = new Set<PodStory>()

  constructor(
    stories: Stories,
    generation: number,
    beganAt: number,
    ends: Observation['ends'],
    printer: Session['printer'],
  ) {
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

function report(
  { printer, asked }: Session,
  { object, target, ends, timeoutMs }: Observation,
  watching: Watching,
  outcome: Outcome,
): number {
  const { stories, beganAt } = watching
  const title = titleOf(object)
  const seconds = Math.round((now() - beganAt) / 100) / 10
  printer.clear()
  const sum = sumOf(stories.all)
  const left = stories.stopping.map(({ name }) => name)
  for (const line of [
    '',
    ...sumLines(sum),
    ...(left.length === 0 ? [] : [`Still stopping, and not counted: ${left.join(', ')}.`]),
  ])
    printer.line(line)
  const asAsked = outcome.kind === 'done' || (ends === 'never' && outcome.kind !== 'failed')
  if (outcome.kind === 'done') printer.line(`Done in ${seconds} s.`)
  if (outcome.kind === 'failed') printer.warn(`error: the rollout of ${title} failed: ${outcome.why}`)
  if (outcome.kind === 'timeout' && !asAsked)
    printer.warn(`error: the rollout of ${title} was not done within ${timeoutMs / 1000} s; it goes on`)
  if (!asAsked && outcome.kind !== 'interrupted')
    for (const { name, pod } of stories.present)
      if (!pod.ready && pod.stoppedAt === undefined)
        printer.warn(`  ${name} is not ready${pod.trouble === undefined ? '' : `: ${pod.trouble}`}`)
  if (outcome.kind === 'interrupted' && ends !== 'never')
    printer.warn(
      `Stopped watching. The rollout of ${title} goes on; to watch it again: kubectl lastcall watch ${target} --once`,
    )
  printer.data({
    workload: title.replace(' ', '/'),
    namespace: text(at(object, 'metadata', 'namespace')) ?? asked.namespace ?? null,
    outcome: asAsked ? 'done' : outcome.kind,
    why: outcome.kind === 'failed' ? outcome.why : null,
    seconds,
    ...storyData(stories.all, beganAt),
  })
  if (outcome.kind === 'interrupted' && ends !== 'never') return INTERRUPTED
  if (!asAsked || sum.cut > 0) return FAILED
  return sum.unknown + sum.bare > 0 ? UNKNOWN : DONE
}
