/** The rules of `lastcall check` over objects of a cluster: what they find, and whose it is. Pure. */
import { judge, type Choice } from '../manifest/judge.ts'
import type { Finding } from '../manifest/rule.ts'
import { at, printPath, text } from '../manifest/tree.ts'
import { namespaceOf, together, workloadOf, type Place } from '../manifest/workload.ts'
import type { Objects } from './objects.ts'

/** A finding as plain data: `-o json` prints it. */
export interface Found {
  readonly rule: string
  readonly severity: string
  readonly namespace: string
  /** `Deployment/web` */
  readonly object: string
  readonly path: string
  readonly message: string
  readonly requests: string
  readonly fix: string
}

/** What there is to print of a finding. */
export function foundOf({ rule, place, path, saw }: Finding): Found {
  return {
    rule: rule.id,
    severity: rule.severity,
    namespace: namespaceOf(place) ?? '',
    object: objectOf(place),
    path: printPath(path),
    message: `${rule.title}: ${saw}`,
    requests: rule.requests,
    fix: rule.fix,
  }
}

/** `Deployment/web` */
export function objectOf({ item }: Place): string {
  return `${text(item.value['kind']) ?? ''}/${text(at(item.value, 'metadata', 'name')) ?? ''}`
}

/** The rules that cannot judge, as what they look for could not be read. */
export function silenced({ unread }: Objects): string[] {
  return [...new Set(unread.flatMap(({ resource }) => resource.needed))]
}

/** All findings. */
export function judgeAll(objects: Objects, { only = [], ignore = [] }: Choice = {}): Finding[] {
  return judge(objects.places, { only, ignore: [...ignore, ...silenced(objects)] })
}

/**
 * The findings that there would not be without this workload: about itself, and about the Services, policies and
 * budgets around it.
 */
export function judgeOne(objects: Objects, workload: Place, choice: Choice = {}): Finding[] {
  const near = objects.places.filter((place) => together(namespaceOf(place), namespaceOf(workload)))
  const around = near.filter((place) => workloadOf(place) === undefined)
  const find = (places: readonly Place[]) => judgeAll({ ...objects, places }, choice)
  const without = new Set(find(around).map(identity))
  return find([workload, ...around]).filter((finding) => !without.has(identity(finding)))
}

function identity({ rule, place, path, saw }: Finding): string {
  return JSON.stringify([rule.id, namespaceOf(place), objectOf(place), path, saw])
}
