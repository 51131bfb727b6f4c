/**
 * Changes objects in the cluster without overwriting changes of others: a patch of only what has to change, made only if
 * the object is still the version that was read. Also reverts such changes.
 */
import { isDeepStrictEqual } from 'node:util'
import { at, branch, covers, text, type Branch, type Tree } from '../manifest/tree.ts'
import { failure, reasonOf, type Kubectl } from './kubectl.ts'
import { referenceOf, titleOf, trimmed, type Live } from './live.ts'
import { difference, type Operation } from './patch.ts'
import type { ObjectChange } from './planning.ts'
import { withPrivateFile } from './private-file.ts'

/** A change that has been made. */
export interface Applied {
  readonly before: Live
  /** The object after the change, with the API server's defaults. */
  readonly after: Live
}

/** How often a patch is tried again because only the status has changed in the meantime. */
const TRIES = 20
/** A counter of the Deployment controller. */
const REVISION = 'deployment.kubernetes.io/revision'

/**
 * Tries the change with a dry run. Rejects with the API server's reason if it would be refused. Does not check the version
 * of the object, because its status changes all the time.
 */
export async function rehearse(kubectl: Kubectl, change: ObjectChange, signal: AbortSignal): Promise<void> {
  const operations = difference(change.before, change.after)
  await patched(kubectl, change.before, operations, ['--dry-run=server'], signal)
}

/**
 * Makes the change. Rejects with reason `conflict` if somebody else has changed the object since it was read; their change
 * is kept.
 */
export async function apply(kubectl: Kubectl, change: ObjectChange): Promise<Applied> {
  const operations = difference(change.before, change.after)
  let { before } = change
  for (let tries = 1; ; tries += 1)
    try {
      const after = await patched(kubectl, before, [versionTest(before), ...operations], [], undefined)
      return { before: change.before, after: trimmed(after) }
    } catch (error) {
      const now = await current(kubectl, change.before).catch(() => undefined)
      if (now === undefined || versionOf(now) === versionOf(before)) throw error
      // The change was made; only the response was lost.
      if (isMade(now, change, operations)) return { before: change.before, after: now }
      const same = isDeepStrictEqual(unversioned(now), unversioned(change.before))
      // A refusal has nothing to do with a changed status.
      if (same && (tries === TRIES || isRefused(error))) throw error
      if (!same)
        throw failure(
          'conflict',
          `somebody else changed ${titleOf(before)} at the same time; their change was kept. Try again.`,
        )
      // Only its status, or a counter of a controller, has changed.
      before = now
    }
}

function isRefused(error: unknown): boolean {
  return reasonOf(error) === 'forbidden' || /admission webhook .* denied/.test(String(error))
}

function isMade(now: Live, { after }: ObjectChange, operations: readonly Operation[]): boolean {
  const parts = partsOf(operations)
  return (
    parts.length > 0 &&
    parts.every((part) => {
      const wanted = at(after, ...part)
      return wanted === undefined ? at(now, ...part) === undefined : covers(at(now, ...part), wanted)
    })
  )
}

/**
 * Reverts the parts that a change has changed. If somebody else has changed them since, it resolves to false and does
 * nothing. Other parts stay as they are now. Rejects if the object cannot be read or changed.
 */
export async function takeBack(kubectl: Kubectl, { before, after }: Applied): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const now = await current(kubectl, before)
    if (now === undefined) return false
    const parts = partsOf(difference(before, after))
    if (parts.some((part) => !isDeepStrictEqual(at(now, ...part), at(after, ...part)))) return false
    const wanted = parts.reduce<Branch>((object, part) => withPart(object, part, at(before, ...part)), now)
    try {
      await apply(kubectl, { before: now, after: wanted })
      return true
    } catch (error) {
      if (reasonOf(error) !== 'conflict' || tries === TRIES) throw error
    }
  }
}

/** The smallest parts of an object that one side owns: an annotation, the template of the pods, the ports of a Service. */
function partsOf(operations: readonly Operation[]): (readonly string[])[] {
  const parts = operations.flatMap(({ path }) => {
    const steps = path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (steps[0] === 'metadata' && (steps[1] !== 'annotations' || steps[2] === REVISION)) return []
    return [steps.slice(0, steps[0] === 'metadata' ? 3 : 2)]
  })
  return [...new Map(parts.map((part) => [part.join('\n'), part])).values()]
}

function withPart(object: Branch, [key = '', ...rest]: readonly string[], value: Tree | undefined): Branch {
  const { [key]: old, ...others } = object
  if (rest.length > 0) return { ...object, [key]: withPart(branch(old), rest, value) }
  return value === undefined ? others : { ...object, [key]: value }
}

async function patched(
  kubectl: Kubectl,
  object: Live,
  operations: readonly Operation[],
  flags: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Live> {
  return withPrivateFile(JSON.stringify(operations), (file) => {
    const args = ['patch', referenceOf(object), '--type=json', `--patch-file=${file}`, ...flags]
    return kubectl.json<Live>(args, { shielded: true, ...(signal === undefined ? {} : { signal }) })
  })
}

/** The object as it is now; undefined if it is gone. */
async function current(kubectl: Kubectl, object: Live): Promise<Live | undefined> {
  try {
    return trimmed(await kubectl.json<Live>(['get', referenceOf(object)]))
  } catch (error) {
    if (reasonOf(error) === 'not-found') return undefined
    throw error
  }
}

/** Fails if the object is no longer the one that was read. */
function versionTest(object: Live): Operation {
  return { op: 'test', path: '/metadata/resourceVersion', value: versionOf(object) ?? '' }
}

function versionOf(object: Live): string | undefined {
  return text(at(object, 'metadata', 'resourceVersion'))
}

/** The object without fields that change by themselves. */
function unversioned(object: Live): Branch {
  const { resourceVersion: _, generation: __, annotations, ...metadata } = branch(object['metadata'])
  const { [REVISION]: ___, ...own } = branch(annotations)
  return { ...object, metadata: { ...metadata, annotations: own } }
}
