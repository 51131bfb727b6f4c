/** Watches the pods of one workload to an end: prints what happens, the verdicts, and decides the exit code. */
import { at, text, type Branch } from '../manifest/tree.ts'
import { DONE, FAILED, INTERRUPTED, type Session } from './command.ts'
import { follow, listPods, now, rest, type Times } from './follow.ts'
import { titleOf } from './live.ts'
import { podSelectorOf } from './pods-of.ts'
import { Stories } from './story.ts'
import { storyData, sumLines, sumOf } from './story-lines.ts'
import { Watching, type Ends } from './watching.ts'

/** Nothing is known to be cut, but of some pods nobody knows. */
const UNKNOWN = 3

export interface Observation {
  readonly object: Branch
  /** TYPE/NAME, as the user wrote it. */
  readonly target: string
  readonly times: Times
  readonly timeoutMs: number
  readonly ends: Ends
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
    printer.warn(
      `error: the rollout of ${title} was not complete within ${timeoutMs / 1000} s; it continues in the cluster`,
    )
  if (!asAsked && outcome.kind !== 'interrupted')
    for (const { name, pod } of stories.present)
      if (!pod.ready && pod.stoppedAt === undefined)
        printer.warn(`  ${name} is not ready${pod.trouble === undefined ? '' : `: ${pod.trouble}`}`)
  if (outcome.kind === 'interrupted' && ends !== 'never')
    printer.warn(
      `Stopped watching. The rollout of ${title} continues; to watch it again: kubectl lastcall watch ${target} --once`,
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
