/** The rules that an object says are not for it. Pure. */
import { at, text } from './tree.ts'
import type { Place } from './workload.ts'

/** Annotation of an object: ids of rules, with commas between, that are not to be told of it. */
export const IGNORE = 'lastcall.dev/ignore'

/** The ids in the annotation of an object. */
export function ignored({ item }: Place): string[] {
  const said = text(at(item.value, 'metadata', 'annotations', IGNORE)) ?? ''
  return said
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean)
}
