/** The rules that an object's annotation silences. Pure. */
import { at, text } from './tree.ts'
import type { Place } from './workload.ts'

/** The annotation: ids of rules, separated by commas, that are not reported for the object. */
export const IGNORE = 'lastcall.dev/ignore'

/** The ids in the annotation of an object. */
export function ignored({ item }: Place): string[] {
  const said = text(at(item.value, 'metadata', 'annotations', IGNORE)) ?? ''
  return said
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean)
}
