/**
 * What `add` and `remove` have in common: a plan from the live objects, tried with dry runs, then carried out step by step.
 * A step whose pods do not become ready is reverted. After an interruption the state is printed.
 */
import { at, text } from '../manifest/tree.ts'
import { allowed } from './allowed.ts'
import { apply, takeBack, type Applied } from './changing.ts'
import { DONE, FAILED, INTERRUPTED, type Session } from './command.ts'
import { failure, reasonOf } from './kubectl.ts'
import { readSurroundings, referenceOf, titleOf, type Live, type Surroundings } from './live.ts'
import { led, type Plan, type Step } from './planning.ts'
import { standing } from './standing.ts'
import { strangers } from './strangers.ts'
import { clearBroken, persistently, waitForEndpoints, waitForRollout } from './waiting.ts'

export interface Work {
  /** For messages: `adding lastcall`. */
  readonly doing: string
  /** The message after the work: the new state. */
  readonly done: (workload: Live) => string
  /** The message if there was nothing to do. */
  readonly nothing: (workload: Live) => string
  /** For `-o json`. */
  readonly result: string
  readonly plan: (objects: readonly Live[]) => Plan
  /** Services may change only when every pod matches the template. */
  readonly servicesAfterPods: boolean
  /** For each rollout. */
  readonly timeoutMs: number
  /** The command that does the opposite. */
  readonly opposite: string
}

/** A broken pod may take its whole grace period to stop, and a StatefulSet replaces it only then. */
const BACK_MS = 300_000

/** A completed step, for `-o json`. */
interface StepReport {
  readonly changed: readonly string[]
  readonly seconds: number
}

/** Carries out the work on the workload that the user named. Resolves to the exit code. */
export async function carryOut(session: Session, work: Work): Promise<number> {
  const { asked, printer, stop } = session
  const target = asked.targets[0]!
  const { timeoutMs } = work
  const reports: StepReport[] = []
  let touched = false
  let workload: Live | undefined
  try {
    let around = await readSurroundings(session.kubectl, target, stop)
    workload = around.workload
    let steps = stepsOf(work, around, printer)
    await allowed(session, around, steps)
    const total = steps.length
    printer.line(announcement(work, around.workload, total))
    for (let step = steps[0], n = 1; step !== undefined; step = steps[0], n += 1) {
      if (stop.aborted) throw failure('interrupted', 'interrupted')
      // Pods of other workloads may have been created since the plan was made.
      const foreign = n === 1 ? undefined : await strangers(session.kubectl, around, step.changes, stop)
      if (foreign !== undefined) throw failure('other', foreign)
      if (!step.pods && work.servicesAfterPods) await settled(session, around.workload, timeoutMs, work)
      printer.line(`step ${n} of ${Math.max(n, total)}: ${partsOf(step).join(', ')}`)
      const beganAt = performance.now()
      touched = true
      await perform(session, around.workload, step, timeoutMs)
      reports.push({ changed: partsOf(step), seconds: Math.round((performance.now() - beganAt) / 100) / 10 })
      around = await readSurroundings(session.kubectl, target, stop)
      steps = stepsOf(work, around, undefined)
    }
    if (total === 0) await settled(session, around.workload, timeoutMs, work)
    printer.line(total === 0 ? work.nothing(around.workload) : work.done(around.workload))
    printer.data(dataOf(workload, total === 0 ? 'unchanged' : work.result, reports))
    return DONE
  } catch (error) {
    printer.settle()
    const interrupted = reasonOf(error) === 'interrupted'
    if (!interrupted && !touched) throw error
    if (!interrupted) printer.warn(messageOf(error))
    const lines = !touched
      ? ['Nothing was changed.']
      : await standing(
          session.kubectl,
          target,
          reasonOf(error) === 'taken-back'
            ? [`To try again: ${session.line}`]
            : [`To continue: ${session.line}`, `To undo:     ${work.opposite}`],
        )
    for (const line of [...(interrupted ? ['Interrupted.'] : []), ...lines]) printer.warn(line)
    const result = interrupted ? 'interrupted' : reasonOf(error) === 'taken-back' ? 'taken back' : 'failed'
    printer.data(dataOf(workload, result, reports))
    return interrupted ? INTERRUPTED : FAILED
  }
}

function dataOf(workload: Live | undefined, result: string, steps: readonly StepReport[]): object {
  return {
    kind: workload?.['kind'] ?? null,
    name: text(at(workload, 'metadata', 'name')) ?? null,
    namespace: text(at(workload, 'metadata', 'namespace')) ?? null,
    result,
    steps,
  }
}

function stepsOf(
  work: Work,
  { workload, others }: Surroundings,
  printer: Session['printer'] | undefined,
): readonly Step[] {
  const plan = work.plan([workload, ...others])
  if (plan.kind === 'refused')
    throw failure('other', [...plan.why, 'Nothing was changed in this step.'].join('\n'))
  for (const remark of plan.remarks) printer?.warn(`Note: ${remark}`)
  return plan.steps
}

function announcement(work: Work, workload: Live, total: number): string {
  const steps = total === 1 ? '1 step' : `${total} steps`
  return total === 0
    ? `${titleOf(workload)}: nothing to change; waiting for its current rollout`
    : `${titleOf(workload)}: ${work.doing}, in ${steps}`
}

/** `the pods of Deployment web`, `Service web` */
function partsOf({ changes }: Step): string[] {
  return changes.map(({ before }) =>
    at(before, 'spec', 'template') === undefined ? titleOf(before) : `the pods of ${titleOf(before)}`,
  )
}

/** Waits for a rollout that is already under way. */
async function settled(session: Session, workload: Live, timeoutMs: number, work: Work): Promise<void> {
  const waited = await waitForRollout(session, workload, timeoutMs)
  if (waited.kind === 'done') return
  throw failure(
    'other',
    [
      `the rollout of ${titleOf(workload)} that was already under way did not complete: ${waited.why.join('\n  ')}`,
      `To undo: ${work.opposite}`,
    ].join('\n'),
  )
}

/** Makes the changes of a step and waits for its pods; on failure it reverts the step, and rejects. */
async function perform(session: Session, workload: Live, step: Step, timeoutMs: number): Promise<void> {
  const { kubectl, printer } = session
  const applied: Applied[] = []
  try {
    for (const change of step.changes) applied.push(await apply(kubectl, change))
  } catch (error) {
    const left = await allBack(session, applied)
    if (left.length === 0) throw error
    throw failure(reasonOf(error) ?? 'other', [messageOf(error), ...notBack(left)].join('\n'))
  }
  for (const { after } of applied.filter((one) => one.before['kind'] === 'Service')) {
    const ports = led(after, applied.find(({ before }) => before === workload)?.after ?? workload)
    const all = [...ports, ...led(after, workload)].filter((port) => port !== undefined)
    if (!(await waitForEndpoints(session, after, all)))
      printer.warn(`Warning: the endpoints of ${titleOf(after)} were not updated yet, or could not be read`)
  }
  if (!step.pods) return
  const waited = await waitForRollout(session, workload, timeoutMs)
  if (waited.kind === 'done') return
  const why = [
    `The rollout of ${titleOf(workload)} did not complete: ${waited.why[0]}`,
    ...waited.why.slice(1).map((one) => `  ${one}`),
  ]
  for (const line of why) printer.warn(line)
  printer.line(`reverting the step: ${partsOf(step).join(', ')}`)
  const broken = await persistently(() => kubectl.json<Live>(['get', referenceOf(workload)])).catch(
    () => undefined,
  )
  const left = await allBack(session, applied)
  if (left.length > 0) throw failure('other', notBack(left).join('\n'))
  await clearBroken(kubectl, workload, text(at(broken, 'status', 'updateRevision'))).catch((error: unknown) =>
    printer.warn(
      `Warning: delete the pods of ${titleOf(workload)} that are not ready yourself, because they block the old ones: ${messageOf(error)}`,
    ),
  )
  const back = await waitForRollout(session, workload, Math.max(timeoutMs, BACK_MS))
  if (back.kind === 'done')
    throw failure('taken-back', 'The step was reverted: everything is as it was before.')
  throw failure(
    'taken-back',
    `The step was reverted, but the rollout back did not complete either: ${back.why.join('\n  ')}`,
  )
}

/** Reverts changes, the last one first; returns sentences about those that could not be reverted. */
async function allBack({ kubectl }: Session, applied: readonly Applied[]): Promise<string[]> {
  const left: string[] = []
  for (const one of applied.toReversed())
    try {
      if (!(await persistently(() => takeBack(kubectl, one))))
        left.push(
          `${titleOf(one.before)}: somebody else has changed it in the meantime; their change was kept`,
        )
    } catch (error) {
      left.push(`${titleOf(one.before)}: ${messageOf(error)}`)
    }
  return left
}

function notBack(left: readonly string[]): string[] {
  return [
    'The step could not be reverted completely. Fix these objects yourself:',
    ...left.map((one) => `  ${one}`),
  ]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
