/**
 * Changes to a tree, as data: files that know Kubernetes make them, and files that know text apply them. All paths of a
 * batch refer to the tree before the changes. Pure.
 */
import { at, branch, type Path, type Tree } from './tree.ts'

/** Comments for a rendered value, by the path of the key within it: `lifecycle.preStop`. */
export type Notes = Readonly<Record<string, string>>

/** How a pair was written before it was deleted or replaced. */
export interface Was {
  /** The key before it; null if it was the first. */
  readonly after: string | null
  /** The pair as it was written, key and comments included, without its indentation. */
  readonly text?: string
  /** Its column, if some of its lines are indented less: then `text` includes the indentation. */
  readonly column?: number
  /** The number of comment lines and blank lines between the key before it and its text. */
  readonly skip?: number
  /** In flow style, the text between the entry before it and it. */
  readonly lead?: string
  /** The text between it and the entry after it, if it was the first. */
  readonly tail?: string
  /** The value, if its text is unknown. */
  readonly value?: Tree
}

export type Change =
  /** Sets a key of a map. A new key goes after the last key of `after` that exists (first if none does), or at the end. */
  | {
      readonly kind: 'set'
      readonly path: Path
      readonly value: Tree
      readonly after?: readonly string[]
      readonly notes?: Notes
    }
  /** Inserts an item into a list, before the one that is now at the path's index. */
  | { readonly kind: 'insert'; readonly path: Path; readonly value: Tree; readonly notes?: Notes }
  /** `own`: inject itself has written it, so comments around it do not belong to it. */
  | { readonly kind: 'delete'; readonly path: Path; readonly own?: boolean }
  /** Restores a key of a map as it was written earlier, whatever is there now. */
  | { readonly kind: 'restore'; readonly path: Path; readonly was: Was }

/** Joins all `set` below one missing map into the set of that map, so that the parent of every change exists. */
export function normalise(tree: Tree, changes: readonly Change[]): Change[] {
  const out: Change[] = []
  const created = new Map<string, number>()
  for (const change of changes) {
    const top = change.kind === 'set' ? firstMissing(tree, change.path) : undefined
    if (change.kind !== 'set' || top === undefined || top === change.path.length) {
      out.push(change)
      continue
    }
    const path = change.path.slice(0, top)
    const id = JSON.stringify(path)
    const index = created.get(id)
    const old = index === undefined ? undefined : out[index]
    const inside = change.path.slice(top) as string[]
    const value = put(old?.kind === 'set' ? old.value : {}, inside, change.value)
    const notes = Object.fromEntries(
      Object.entries(change.notes ?? {}).map(([key, note]) => [
        [...inside, key].filter(Boolean).join('.'),
        note,
      ]),
    )
    const joined: Change = {
      ...change,
      path,
      value,
      notes: { ...(old?.kind === 'set' ? old.notes : {}), ...notes },
    }
    if (index === undefined) created.set(id, out.push(joined) - 1)
    else out[index] = joined
  }
  return out
}

/** The length of the shortest prefix of `path` that leads to nothing (or to null, which counts as an empty map). */
function firstMissing(tree: Tree, path: Path): number | undefined {
  for (let length = 1; length < path.length; length += 1)
    if ((at(tree, ...path.slice(0, length)) ?? null) === null) return length
  return at(tree, ...path) === undefined ? path.length : undefined
}

function put(tree: Tree, path: readonly string[], value: Tree): Tree {
  const [key, ...rest] = path
  if (key === undefined) return value
  return { ...branch(tree), [key]: put(branch(tree)[key] ?? {}, rest, value) }
}

/** The index among `keys` at which a new key belongs. */
export function place(keys: readonly string[], one: Change): number {
  if (one.kind === 'restore') {
    if (one.was.after === null) return 0
    const found = keys.indexOf(one.was.after)
    return found === -1 ? keys.length : found + 1
  }
  if (one.kind !== 'set' || one.after === undefined) return keys.length
  return Math.max(...one.after.map((name) => keys.indexOf(name)), -1) + 1
}
