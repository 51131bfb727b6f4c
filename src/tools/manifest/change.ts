/**
 * What shall become different in a tree, as data: the language between those who know Kubernetes and those who know
 * text. All paths of a batch mean the tree as it was before. Pure.
 */
import { at, branch, type Path, type Tree } from './tree.ts'

/** Comments for a rendered value, by the path of the key within it: `lifecycle.preStop`. */
export type Notes = Readonly<Record<string, string>>

/** How a pair was written before it was taken away or replaced. */
export interface Was {
  /** The key that stood before it; null if it was the first. */
  readonly after: string | null
  /** The pair as it was written, key and comments included, without its indentation. */
  readonly text?: string
  /** The column in which it stood, where some of its lines are less indented: then `text` has its indentation. */
  readonly column?: number
  /** Lines of comments and blanks between the key before it and its text. */
  readonly skip?: number
  /** What stood between the entry before it and it, in braces. */
  readonly lead?: string
  /** What stood between it and the entry behind it, where it was the first. */
  readonly tail?: string
  /** The value, where nobody has written it down as text. */
  readonly value?: Tree
}

export type Change =
  /** A key of a map: its new value. A missing one is put after the last of `after` that is there (first, if none is), or at the end. */
  | {
      readonly kind: 'set'
      readonly path: Path
      readonly value: Tree
      readonly after?: readonly string[]
      readonly notes?: Notes
    }
  /** A new item of a list, before the one that is at the path's index now. */
  | { readonly kind: 'insert'; readonly path: Path; readonly value: Tree; readonly notes?: Notes }
  /** `own`: nobody but inject has written it, so that comments around it are not its. */
  | { readonly kind: 'delete'; readonly path: Path; readonly own?: boolean }
  /** A key of a map as it was written once, whatever stands there now. */
  | { readonly kind: 'restore'; readonly path: Path; readonly was: Was }

/** Joins all `set` below one missing map into the set of that map, so that every change is of something that exists. */
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

/** The length of the shortest part of `path` that leads to nothing (or to null, which stands for an empty map). */
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

/** Where among `keys` a key belongs that is not there. */
export function place(keys: readonly string[], one: Change): number {
  if (one.kind === 'restore') {
    if (one.was.after === null) return 0
    const found = keys.indexOf(one.was.after)
    return found === -1 ? keys.length : found + 1
  }
  if (one.kind !== 'set' || one.after === undefined) return keys.length
  return Math.max(...one.after.map((name) => keys.indexOf(name)), -1) + 1
}
