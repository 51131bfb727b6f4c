/** Whether the steps of `add` and `remove` may be made: who manages the objects, whose requests would be lost, dry runs. */
import { rehearse } from './changing.ts'
import type { Session } from './command.ts'
import { ownedElsewhere, undoneLater } from './gitops.ts'
import { failure } from './kubectl.ts'
import { referenceOf, titleOf, type Live, type Surroundings } from './live.ts'
import type { Step } from './planning.ts'
import { allAtOnce, notRolledOut } from './rollout.ts'
import { strangers } from './strangers.ts'

/** Rejects if the steps must not be made, or the API server would refuse them. Changes nothing. */
export async function allowed(
  session: Session,
  { workload, others, unread }: Surroundings,
  steps: readonly Step[],
): Promise<void> {
  const { asked, kubectl, printer, stop } = session
  const changes = steps.flatMap((step) => step.changes)
  const own = [...new Map(changes.map(({ before }) => [referenceOf(before), before])).values()]
  const stuck = steps.some(({ pods }) => pods) ? notRolledOut(workload) : undefined
  if (stuck !== undefined) throw failure('other', `${titleOf(workload)} ${stuck}.`)
  const owned = ownedElsewhere(own)
  if (owned.length > 0 && !asked.values.has('force'))
    throw failure(
      'other',
      [
        ...owned.map((one) => `${one}, which would undo the change.`),
        'Put lastcall into the manifests there (lastcall inject), or use --force. Nothing was changed.',
      ].join('\n'),
    )
  for (const one of owned) printer.warn(`Warning: ${one}, which may undo the change (--force was given)`)
  for (const one of undoneLater(own))
    printer.warn(`Warning: ${one}: its next upgrade undoes the change, unless the chart includes it`)
  if (steps.length > 0) for (const one of unread) printer.warn(`Warning: ${one}`)
  const foreign = await strangers(kubectl, { workload, others }, changes, stop)
  if (foreign !== undefined) throw failure('other', `${foreign}\nNothing was changed.`)
  const gap = steps.some(({ pods }) => pods) ? allAtOnce(workload) : undefined
  if (gap !== undefined)
    printer.warn(
      `Warning: ${titleOf(workload)} ${gap}: requests are not answered after its old pods have stopped until new ones are ready`,
    )
  // Later steps may change the same object again: only the first change of each object is tried.
  const tried = new Set<Live>()
  for (const change of changes) {
    if (tried.has(change.before) || !own.includes(change.before)) continue
    tried.add(change.before)
    await rehearse(kubectl, change, stop).catch((error: unknown) => {
      if (!/does not support dry run/.test(String(error))) throw error
      printer.warn(
        `Warning: no dry run for ${titleOf(change.before)} was possible: ${(error as Error).message}`,
      )
    })
  }
}
