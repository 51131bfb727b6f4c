/** The objects of a cluster, as the rules of `check` take them. */
import type { Input, Item } from '../manifest/input.ts'
import { branch, isBranch, list, text, type Branch, type Tree } from '../manifest/tree.ts'
import type { Place } from '../manifest/workload.ts'
import { reasonOf, type Kubectl } from './kubectl.ts'
import { eachOf } from './pool.ts'
import { builtIn, resourcesOf, type Resource } from './resources.ts'

export interface Objects {
  readonly places: readonly Place[]
  /** What may not be read, or could not be. */
  readonly unread: readonly Unread[]
}

export interface Unread {
  readonly resource: Resource
  readonly why: string
}

const AT_ONCE = 4

/**
 * Reads all objects that the rules look at, in the namespace of the calls or in all. Kinds that cannot be read are
 * named in the result; rejects where there is no cluster to ask.
 */
export async function readObjects(
  kubectl: Kubectl,
  allNamespaces: boolean,
  signal: AbortSignal,
): Promise<Objects> {
  const resources = await known(kubectl, signal)
  const scope = allNamespaces ? ['--all-namespaces'] : []
  const get = async (some: readonly Resource[]) =>
    itemsOf(await kubectl.json<Tree>(['get', some.map(({ name }) => name).join(','), ...scope], { signal }))
  try {
    return { places: placesOf(await get(resources)), unread: [] }
  } catch (error) {
    if (!partial(error)) throw error
  }
  // One of them fails the call of all: each by itself, to know which.
  const parts = await eachOf(resources, AT_ONCE, async (resource) => {
    try {
      return { items: await get([resource]), unread: [] }
    } catch (error) {
      if (!partial(error)) throw error
      const said = error instanceof Error ? error.message : String(error)
      const why = reasonOf(error) === 'forbidden' ? 'you may not list them' : said.split('\n', 1)[0]!
      return { items: [], unread: [{ resource, why }] }
    }
  })
  return {
    places: placesOf(parts.flatMap(({ items }) => items)),
    unread: parts.flatMap(({ unread }) => unread),
  }
}

/** Whether other kinds may still be read after this error. */
function partial(error: unknown): boolean {
  return ['forbidden', 'not-found', 'other'].includes(reasonOf(error) ?? '')
}

async function known(kubectl: Kubectl, signal: AbortSignal): Promise<readonly Resource[]> {
  try {
    const names = await kubectl.run(['api-resources', '--verbs=list', '--output=name'], { signal })
    return resourcesOf(names.split('\n').map((line) => line.trim()))
  } catch (error) {
    // An extension's API server that is down fails the list of all.
    if (!partial(error)) throw error
    return builtIn()
  }
}

function itemsOf(answer: Tree): Branch[] {
  return list(branch(answer)['items']).filter(isBranch)
}

/** Objects as places of one input, which has no text: nobody asks for a line. */
function placesOf(objects: readonly Branch[]): Place[] {
  const items = objects.map((value, document): Item => ({ document, base: [], value }))
  const input: Input = { name: 'cluster', text: '', lf: '', form: 'json', documents: [], objects: items }
  return items.filter(({ value }) => text(value['kind']) !== undefined).map((item) => ({ input, item }))
}
