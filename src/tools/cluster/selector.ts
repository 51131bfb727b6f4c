/** Label selectors as kubectl's `-l` takes them. Pure. */
import { at, branch, list, text, type Tree } from '../manifest/tree.ts'

/** The text of a label selector for `-l`; undefined if it selects nothing that kubectl could be told of. */
export function selectorText(selector: Tree | undefined): string | undefined {
  const labels = Object.entries(branch(at(selector, 'matchLabels'))).map(
    ([key, value]) => `${key}=${text(value) ?? ''}`,
  )
  const expressions = list(at(selector, 'matchExpressions')).flatMap((one) => {
    const key = text(at(one, 'key')) ?? ''
    const values = list(at(one, 'values'))
      .map((value) => text(value) ?? '')
      .join(',')
    switch (text(at(one, 'operator')) ?? '') {
      case 'In':
        return [`${key} in (${values})`]
      case 'NotIn':
        return [`${key} notin (${values})`]
      case 'Exists':
        return [key]
      case 'DoesNotExist':
        return [`!${key}`]
      default:
        return []
    }
  })
  const all = [...labels, ...expressions]
  return all.length === 0 ? undefined : all.join(',')
}
