/** The pods that a command line means: of the workloads that it names, with its labels, or all of a namespace. */
import { at, branch, list, type Branch, type Tree } from '../manifest/tree.ts'
import type { Asked } from './arguments.ts'
import { labelsOf, selectorOf, titleOf } from './live.ts'

type Get = (args: readonly string[]) => Promise<Tree>

/** Pod objects, each once. `get` calls kubectl; rejects as it does, or with a sentence for an object without pods. */
export async function podsOf(
  { targets, selector, allNamespaces }: Asked,
  get: Get,
): Promise<readonly Tree[]> {
  if (targets.length === 0) {
    const labels = selector === undefined ? [] : ['-l', selector]
    return itemsOf(await get(['get', 'pods', ...labels, ...(allNamespaces ? ['--all-namespaces'] : [])]))
  }
  const pods = new Map<Tree | undefined, Tree>()
  for (const object of itemsOf(await get(['get', ...targets]))) {
    const own =
      at(object, 'kind') === 'Pod'
        ? [object]
        : itemsOf(await get(['get', 'pods', '-l', podSelectorOf(branch(object))]))
    for (const pod of own) pods.set(at(pod, 'metadata', 'uid'), pod)
  }
  return [...pods.values()]
}

/** The objects of a list, or the one object. */
export function itemsOf(answer: Tree): readonly Tree[] {
  const items = branch(answer)['items']
  return items === undefined ? [answer] : list(items)
}

/** Which pods an object means, for `-l`. Throws a sentence if it means none. */
export function podSelectorOf(object: Branch): string {
  // A Service has its labels without a word around them.
  const labels = object['kind'] === 'Service'
  const said = labels ? labelsOf(at(object, 'spec', 'selector')).join(',') : selectorOf(object)
  if (said !== '') return said
  throw new Error(`error: ${titleOf(object)} selects no pods: name a workload, such as deploy/web`)
}
