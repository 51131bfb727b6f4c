/** Label selectors of policies and monitors. Pure. */
import { at, branch, list, text, type Tree } from './tree.ts'
import { namespaceOf, together, type Place, type Workload } from './workload.ts'

/** Whether a LabelSelector (matchLabels, matchExpressions) selects the pods of a workload; an empty one selects all. */
function labelsMatch(selector: Tree | undefined, workload: Workload): boolean {
  const labels = Object.entries(branch(at(selector, 'matchLabels')))
  return (
    labels.every(([key, value]) => workload.labels[key] === value) &&
    list(at(selector, 'matchExpressions')).every((one) => expressionMatches(one, workload))
  )
}

function expressionMatches(expression: Tree, { labels }: Workload): boolean {
  const value = labels[text(at(expression, 'key')) ?? '']
  const values = list(at(expression, 'values'))
  switch (text(at(expression, 'operator')) ?? '') {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** Whether an object is in the workload's namespace and its selector selects the workload's pods. */
export function means(place: Place, selector: Tree | undefined, workload: Workload): boolean {
  return together(namespaceOf(place), workload.namespace) && labelsMatch(selector, workload)
}
