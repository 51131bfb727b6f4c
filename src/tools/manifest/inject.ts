/**
 * Adds lastcall to one workload and its Services: the changes, or why it cannot be done safely, in sentences that say
 * what to do. Idempotent: what is already as it should be is left alone. Pure.
 */
import { OPTIONS } from '../../proxy/config/options.ts'
import { onlyMeasured } from './app.ts'
import { findApps } from './apps.ts'
import { aroundObstacles, besides } from './around.ts'
import { adapted } from './app-changes.ts'
import { emptyAbove, remember } from './before.ts'
import type { Change, Notes } from './change.ts'
import type { Edits } from './edits.ts'
import { kindObstacle, nothingToInject, podObstacles, replacedHook } from './obstacles.ts'
import type { Request } from './request.ts'
import type { ObjectChanges } from './rewrite.ts'
import { planned } from './plan.ts'
import { opened } from './policies.ts'
import { refusingQuotas } from './quotas.ts'
import { redirected } from './services.ts'
import { speechOf, type Speech } from './speech.ts'
import { sidecar, sidecarNotes, type Mode, type SidecarPlan } from './sidecar.ts'
import { settingsIn, type Settings } from './settings.ts'
import { at, covers, list, type Branch, type Path, type Tree } from './tree.ts'
import type { Place, Workload } from './workload.ts'

export type Injection =
  | {
      readonly kind: 'changes'
      readonly changes: readonly (Place & ObjectChanges)[]
      /** Remarks for the user, in sentences. */
      readonly remarks: readonly string[]
    }
  /** There is nothing to inject, which is not an error. */
  | { readonly kind: 'alone'; readonly note: string }
  | { readonly kind: 'refused'; readonly why: readonly string[] }

/** Several ports: apps.ts has decided the protocol of each. */
const RELAYED: Speech = { kind: 'goes', protocol: undefined, remarks: [] }

/** Plans lastcall for a workload; `places` are all objects of the input. */
export function inject(workload: Workload, places: readonly Place[], request: Request): Injection {
  const alone = nothingToInject(workload)
  if (alone !== undefined) return { kind: 'alone', note: `${workload.title} ${alone}` }
  if (request.step === 'services' && workload.sidecar === undefined)
    return refused(workload, ['has no lastcall that Services could send to: run --step pods first'])
  const kindly = kindObstacle(workload, request.mode)
  if (kindly !== undefined) return refused(workload, [kindly])
  const reading = findApps(workload, places, request.given, request.container)
  if (reading.kind === 'unknown') return refused(workload, [reading.why])
  const { apps } = reading
  const [app, ...others] = apps
  const measured = onlyMeasured(workload, places, app, request)
  if (measured !== undefined) return { kind: 'alone', note: `${workload.title} ${measured}` }
  const speech = apps.length > 1 && app.tcp ? RELAYED : speechOf(workload, places, app, request.given)
  if (speech.kind === 'refused') return refused(workload, [speech.why])
  const spoken = speech.protocol === undefined ? [] : [['protocol', speech.protocol] as const]
  const tcp = app.tcp || spoken.length > 0
  // With several ports, each has its own protocol.
  const given = new Map([...request.given, ...(others.length === 0 ? spoken : [])])
  if (others.length > 0) given.delete('protocol')
  const plan = planned(workload, places, [{ ...app, tcp }, ...others], { ...request, given })
  // Obstacles of the pod come first: contradictory options are often their consequence.
  const samePort = plan.kind === 'plan' && plan.plan.fronts[0].samePort
  const why = podObstacles(workload, places, apps, request.given, samePort)
  if (why.length > 0) return refused(workload, why)
  if (plan.kind === 'problems') return refused(workload, plan.problems)
  const { fronts } = plan.plan
  const around = fronts.flatMap((front) => aroundObstacles(workload, places, front.app, front.listenPort))
  if (around.length > 0) return refused(workload, around)

  const edits: Edits = { changes: [], before: {} }
  const remarks = [
    ...speech.remarks,
    ...plan.remarks,
    ...reading.remarks,
    ...[...new Map(apps.map((one) => [one.container, one])).values()].flatMap(replacedHook),
    ...adapted(workload, plan.plan, plan.graceSeconds, request, edits),
    ...besides(workload, places, apps),
    ...refusingQuotas(workload, places),
  ]
  edits.changes.push(...containerChanges(workload, plan.plan, edits))
  const services = redirected(workload, places, plan.plan, request.step)
  const own = [...edits.changes, ...remember(workload, edits.before)]
  return {
    kind: 'changes',
    changes: [
      { input: workload.input, item: workload.item, changes: own },
      ...services.changes,
      ...opened(workload, places, fronts),
    ],
    remarks: [...remarks, ...services.remarks].map((remark) => `${workload.title}: ${remark}`),
  }
}

function refused(workload: Workload, why: readonly string[]): Injection {
  return { kind: 'refused', why: why.map((sentence) => `${workload.title} ${sentence}`) }
}

/** The sidecar itself: added, moved between containers and initContainers, or updated. */
function containerChanges(workload: Workload, plan: SidecarPlan, edits: Edits): Change[] {
  const wanted = sidecar(plan)
  const notes = sidecarNotes(plan.mode)
  const { sidecar: there, podPath, spec } = workload
  if (there === undefined) {
    if (plan.mode === 'native') emptyAbove(workload, edits.before, [...podPath, 'spec', 'initContainers', 0])
    return [addition(podPath, spec, plan.mode, wanted, notes)]
  }
  const value = updated(there.value, wanted, plan.settings)
  if (there.native === (plan.mode === 'native'))
    return covers(there.value, value) ? [] : [{ kind: 'set', path: there.path, value, notes }]
  const { restartPolicy: _, lifecycle: __, ...rest } = value
  const moved = plan.mode === 'native' ? { ...wanted, ...value } : rest
  return [without(spec, there.path), addition(podPath, spec, plan.mode, moved, notes)]
}

/** Deletes an item of a list, and the list itself if it was the only item. */
function without(spec: Branch, path: Path): Change {
  const alone = list(spec[String(path.at(-2))]).length === 1
  return { kind: 'delete', path: alone ? path.slice(0, -1) : path, own: true }
}

function addition(podPath: Path, spec: Branch, mode: Mode, value: Tree, notes: Notes): Change {
  const at0 = [...podPath, 'spec']
  if (mode === 'plain') return { kind: 'insert', path: [...at0, 'containers', 0], value, notes }
  const others = list(spec['initContainers']).length
  if (others > 0) return { kind: 'insert', path: [...at0, 'initContainers', others], value, notes }
  const keys = Object.keys(spec)
  const after = keys.slice(0, keys.indexOf('containers'))
  return { kind: 'set', path: [...at0, 'initContainers'], value: [value], after, notes }
}

/** The existing container with lastcall's own fields updated; what the user has tuned stays. */
function updated(there: Branch, wanted: Branch, settings: Settings): Branch {
  const { resources: _, securityContext: __, name: ___, ...own } = wanted
  const value: Record<string, Tree> = { ...there }
  for (const [key, part] of Object.entries(own)) {
    const probe = key.endsWith('Probe')
    const same = probe ? covers(at(there, key, 'httpGet'), at(part, 'httpGet')!) : covers(there[key], part)
    if (key === 'env') value[key] = withRows(list(there[key]), list(part))
    else if (!same && !(key === 'args' && sameSettings(there, settings))) value[key] = part
  }
  return value
}

/** The existing entries, with the wanted ones updated or added. */
function withRows(there: readonly Tree[], wanted: readonly Tree[]): Tree {
  const kept = there.map((row) => {
    const now = named(wanted, row)
    return now === undefined || covers(row, now) ? row : now
  })
  return [...kept, ...wanted.filter((row) => named(there, row) === undefined)]
}

function named(rows: readonly Tree[], row: Tree): Tree | undefined {
  return rows.find((one) => at(one, 'name') === at(row, 'name'))
}

/** Whether the existing container has these settings already, by flag, variable or default. */
function sameSettings(there: Branch, settings: Settings): boolean {
  const said = settingsIn({ path: [], name: '', value: there, native: false })
  return Object.values(OPTIONS).every(({ flag, initial }) => {
    const byDefault = initial.kind === 'text' ? initial.text : undefined
    return (said.get(flag) ?? byDefault) === (settings.get(flag) ?? byDefault)
  })
}
