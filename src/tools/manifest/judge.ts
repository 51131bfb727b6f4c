/** Applies all rules to all objects; findings that an object's annotation ignores are left out. Pure. */
import { ignored } from './ignore.ts'
import type { Finding } from './rule.ts'
import { RULES } from './rules/table.ts'
import { namespaceOf, together, type Place } from './workload.ts'
import { worldOf } from './world.ts'

/** Which rules apply, and to which objects. */
export interface Choice {
  /** All if empty. */
  readonly only?: readonly string[]
  readonly ignore?: readonly string[]
  /** Objects of other namespaces are taken into account, but not reported. */
  readonly namespace?: string | undefined
}

/** The findings, in the order of the objects and then of the rules. */
export function judge(
  places: readonly Place[],
  { only = [], ignore = [], namespace }: Choice = {},
): Finding[] {
  const world = worldOf(
    places,
    RULES.map(({ id }) => id),
  )
  const chosen = RULES.filter(({ id }) => (only.length === 0 || only.includes(id)) && !ignore.includes(id))
  const found = chosen.flatMap((rule) =>
    rule.find(world).map(({ place, path, saw }): Finding => ({ rule, place, path, saw })),
  )
  const kept = found.filter(
    ({ rule, place }) => !ignored(place).includes(rule.id) && together(namespaceOf(place), namespace),
  )
  const order = new Map(places.map(({ item }, i) => [item, i]))
  // A Service of several workloads is found once for each of them.
  const once = new Map(
    kept.map((one) => [JSON.stringify([one.rule.id, order.get(one.place.item), one.path, one.saw]), one]),
  )
  return [...once.values()].toSorted(
    (a, b) => (order.get(a.place.item) ?? 0) - (order.get(b.place.item) ?? 0),
  )
}
