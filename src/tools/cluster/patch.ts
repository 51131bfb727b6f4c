/** A JSON Patch (RFC 6902) from one state of an object to another. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { isBranch, type Branch, type Path, type Tree } from '../manifest/tree.ts'

export type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: Tree }
  | { readonly op: 'remove'; readonly path: string }

/** What turns `before` into `after`; empty if they are equal. Lists of another length are replaced as a whole. */
export function difference(before: Branch, after: Branch): Operation[] {
  return changed(before, after, [])
}

function changed(before: Tree, after: Tree, path: Path): Operation[] {
  if (isDeepStrictEqual(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return (before as readonly Tree[]).flatMap((item, i) =>
      changed(item, (after as readonly Tree[])[i]!, [...path, i]),
    )
  if (!isBranch(before) || !isBranch(after)) return [{ op: 'replace', path: pointer(path), value: after }]
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  return [
    ...gone.map((key): Operation => ({ op: 'remove', path: pointer([...path, key]) })),
    ...Object.entries(after).flatMap(([key, value]): Operation[] => {
      const here = [...path, key]
      return Object.hasOwn(before, key)
        ? changed(before[key]!, value, here)
        : [{ op: 'add', path: pointer(here), value }]
    }),
  ]
}

function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
