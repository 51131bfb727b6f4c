/**
 * Plans the steps that add lastcall to a running workload, or remove it, so that at each moment every Service targets a
 * port that the pods serve, both those from before the step and those from after it. inject decides what changes; this
 * file decides the order. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { readInput, type Input } from '../manifest/input.ts'
import type { Request } from '../manifest/request.ts'
import { configIn } from '../manifest/settings.ts'
import { list, type Branch, type Tree } from '../manifest/tree.ts'
import { placesOf, putIn, takeOut, type Result } from '../manifest/whole.ts'
import { sendsTo, servicePorts } from '../manifest/services-of.ts'
import { workloadOf } from '../manifest/workload.ts'
import { kindOf, nameOf, referenceOf, titleOf, type Live } from './live.ts'

export interface ObjectChange {
  readonly before: Live
  readonly after: Live
}

export interface Step {
  /** Whether pods are replaced, so that a rollout has to be waited for. */
  readonly pods: boolean
  /** In the order in which they are to be made. */
  readonly changes: readonly ObjectChange[]
}

export type Plan =
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: readonly string[] }

type Made =
  | { readonly kind: 'made'; readonly changes: readonly ObjectChange[]; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: readonly string[] }

/** Pods, Services, and pods again where the app is to listen on loopback: there are no more. */
const MOST_STEPS = 4

/** The steps that add lastcall to the first of `objects`; the others are the objects of its namespace. */
export function planToAdd(objects: readonly Live[], request: Omit<Request, 'step'>): Plan {
  return simulated(objects, (now) => nextToAdd(now, request))
}

/** The steps that remove lastcall from the first of `objects`. */
export function planToRemove(objects: readonly Live[]): Plan {
  return simulated(objects, nextToRemove)
}

type Next =
  | { readonly kind: 'step'; readonly step: Step; readonly remarks: readonly string[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly why: readonly string[] }

/** Plans each step from the state that the previous one leaves. */
function simulated(objects: readonly Live[], next: (now: readonly Live[]) => Next): Plan {
  const steps: Step[] = []
  const remarks = new Set<string>()
  let now = objects
  for (;;) {
    const one = next(now)
    if (one.kind === 'refused') return one
    if (one.kind === 'nothing') return { kind: 'steps', steps, remarks: [...remarks] }
    if (steps.length === MOST_STEPS)
      return {
        kind: 'refused',
        why: [`${titleOf(objects[0]!)}: the plan has too many steps, which is a bug: please report it`],
      }
    steps.push(one.step)
    for (const remark of one.remarks) remarks.add(remark)
    const after = new Map(one.step.changes.map((change) => [referenceOf(change.before), change.after]))
    now = now.map((object) => after.get(referenceOf(object)) ?? object)
  }
}

function nextToAdd(objects: readonly Live[], request: Omit<Request, 'step'>): Next {
  const full = made(objects, putInto(objects, { ...request, step: undefined }))
  if (full.kind === 'refused') return full
  const { own, services, policies } = sorted(full.changes, objects[0]!)
  const workload = objects[0]!
  if (services.length > 0 && !isIn(workload)) {
    // A name leads old pods to the app and new ones to lastcall: Services may change first, in the same step.
    const harmless = services.every(({ before, after }) =>
      isDeepStrictEqual(led(before, workload), led(after, workload)),
    )
    if (harmless) return step(true, [...policies, ...services, ...own], full.remarks)
    const half = made(objects, putInto(objects, { ...request, step: 'pods' }))
    if (half.kind === 'refused') return half
    const pods = sorted(half.changes, workload)
    return step(true, [...pods.policies, ...pods.own], [...half.remarks, ...full.remarks])
  }
  if (services.length > 0) {
    const open = `${titleOf(workload)}: connections that are open when the Services change bypass lastcall until clients close them`
    return step(false, [...policies, ...services], [...full.remarks, open])
  }
  const all = [...policies, ...own]
  const lost = stranded(objects, own[0]?.after ?? workload)
  if (lost !== undefined)
    return {
      kind: 'refused',
      why: [
        `${titleOf(workload)} has lastcall on port ${listens(workload).join(' and ')}, and cannot move it to another port while it runs: ` +
          `${titleOf(lost)} would target a port that its pods do not serve. Run kubectl lastcall remove first`,
      ],
    }
  return all.length === 0 ? { kind: 'nothing' } : step(own.length > 0, all, full.remarks)
}

/** A Service that targets lastcall now, and would target no port of the pods of `after`. */
function stranded([workload, ...others]: readonly Live[], after: Live): Live | undefined {
  const [old, fresh] = [listens(workload!), listens(after)]
  return servicesFor(workload!, others).find((service) => {
    const next = led(service, after)
    return led(service, workload!).some(
      (port, i) => port !== undefined && old.includes(port) && !fresh.includes(next[i] ?? 0),
    )
  })
}

function nextToRemove(objects: readonly Live[]): Next {
  const workload = objects[0]!
  const full = made(objects, takeOut(inputOf(objects), [choice(workload)]))
  if (full.kind === 'refused') return full
  const { own, services, policies } = sorted(full.changes, workload)
  const bare = own[0]?.after ?? workload
  const later = services.every(({ before, after }) => isDeepStrictEqual(led(before, bare), led(after, bare)))
  if (services.length > 0 && (own.length === 0 || !later)) {
    const lost = services.find(({ after }) => led(after, workload).includes(undefined))
    return lost === undefined
      ? step(false, services, full.remarks)
      : {
          kind: 'refused',
          why: [
            `${titleOf(lost.before)} would target a port name that no container of ${titleOf(workload)} has: set its targetPort to the app's port, and try again`,
          ],
        }
  }
  if (own.length > 0) return step(true, own, full.remarks)
  const rest = [...services, ...policies]
  return rest.length === 0 ? { kind: 'nothing' } : step(false, rest, full.remarks)
}

function step(pods: boolean, changes: readonly ObjectChange[], remarks: readonly string[]): Next {
  return { kind: 'step', step: { pods, changes }, remarks }
}

/** Whether the pod template has lastcall. */
export function isIn(workload: Live): boolean {
  return read([workload]).workload?.sidecar !== undefined
}

/** The ports on which lastcall listens; none if it is missing, or its options are invalid. */
export function listens(workload: Live): number[] {
  return configIn(read([workload]).workload?.sidecar)?.ports.map(({ listen }) => listen.port) ?? []
}

/** The port of the pods that each port of a Service targets; undefined for a name that no container has. */
export function led(service: Live, workload: Live): (number | undefined)[] {
  const { places, workload: one } = read([workload, service])
  return one === undefined ? [] : servicePorts(places[1]!, one).map(({ number }) => number)
}

/** The Services among these objects that send to the workload. */
export function servicesFor(workload: Live, others: readonly Live[]): Live[] {
  const { places, workload: one } = read([workload, ...others])
  return one === undefined ? [] : others.filter((_, i) => sendsTo(places[i + 1]!, one))
}

function read(objects: readonly Live[]) {
  const places = placesOf(inputOf(objects))
  return { places, workload: workloadOf(places[0]!) }
}

function putInto(objects: readonly Live[], request: Request): Result {
  const chosen = { names: [choice(objects[0]!)], namespace: undefined }
  return putIn(inputOf(objects), chosen, request, true)
}

function choice(workload: Live): string {
  return `${kindOf(workload)}/${nameOf(workload)}`
}

function inputOf(objects: readonly Live[]): Input[] {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const reading = readInput('the cluster', text)
  if (reading.kind !== 'input') throw new Error(reading.why)
  return [reading.input]
}

function made(objects: readonly Live[], result: Result): Made {
  switch (result.kind) {
    case 'refused':
      return { kind: 'refused', why: result.left.flatMap(({ why }) => why) }
    case 'mistakes':
      return { kind: 'refused', why: result.problems }
    case 'text': {
      const after = list((JSON.parse(result.text) as { items: Tree }).items)
      const changes = objects.flatMap((before, i) =>
        isDeepStrictEqual(before, after[i]) ? [] : [{ before, after: after[i] as Branch }],
      )
      // inject suggests `--step` to its users; here the plan makes those steps.
      return { kind: 'made', changes, remarks: result.remarks.filter((one) => !one.includes('--step ')) }
    }
    default:
      return result satisfies never
  }
}

function sorted(changes: readonly ObjectChange[], workload: Live) {
  const own = changes.filter(({ before }) => before === workload)
  const services = changes.filter(({ before }) => before['kind'] === 'Service')
  const policies = changes.filter((one) => !own.includes(one) && !services.includes(one))
  return { own, services, policies }
}
