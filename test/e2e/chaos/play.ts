/** Tries faults one after another on one stage, and makes a row of each. */
import type { Kubectl } from '../kubectl.ts'
import { ADMIN_PORT, type Part } from '../objects.ts'
import { type Cast, Stage } from '../stage.ts'
import { failureLine } from '../table.ts'
import { type Blow, type Fault, NotHere } from './fault.ts'
import { harm, judge, SLACK_MS } from './judge.ts'
import type { Node } from './node.ts'
import { LOW, priorities } from './preemption.ts'
import { Scene } from './scene.ts'
import { faultDetails, type FaultRow } from './table.ts'
import type { Undo } from './undo.ts'

/** Room for the app and no more: a limit that it can reach, a request that a scheduler must find. */
const RESOURCES = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } }

/** The app's objects with what faults need: limits, and a priority below everybody else's. Pure. */
export function dressed(objects: readonly Part[]): Part[] {
  const changed = structuredClone(objects) as Part[]
  for (const object of changed) {
    if (object['kind'] !== 'Deployment') continue
    const { template } = object['spec'] as { template: { spec: Part & { containers: Part[] } } }
    template.spec['priorityClassName'] = LOW
    for (const container of template.spec.containers) container['resources'] = RESOURCES
  }
  return changed
}

/** Tries the faults; `cast.objects` are the app's. Rows come in the order of the faults, also of those not tried. */
export async function playFaults(
  cast: Cast,
  faults: readonly Fault[],
  node: Node,
  undo: Undo,
  replicas: number,
  minor: number,
  rows: FaultRow[],
): Promise<void> {
  await cast.kubectl.apply(priorities)
  const stage = new Stage({ ...cast, objects: dressed(cast.objects) })
  await stage.start()
  const scene = new Scene(stage, node, undo, replicas, minor)
  for (const fault of faults) rows.push(await tryOne(scene, fault))
  await stage.end()
  await stage.close()
}

/** Removes what belongs to no namespace. */
export async function removePriorities(kubectl: Kubectl): Promise<void> {
  const names = priorities.map(({ metadata }) => (metadata as { name: string }).name)
  await kubectl.run(['delete', 'priorityclasses', ...names, '--ignore-not-found'])
}

async function tryOne(scene: Scene, fault: Fault): Promise<FaultRow> {
  const { stage } = scene
  const { form, say } = stage.cast
  const head = { form, fault: fault.name, group: fault.group, what: fault.what }
  if (fault.onNode && !scene.node.reachable) return skip(head, 'needs --node-exec', say)
  const harmBefore = await harms(scene)
  let blow: Blow | undefined
  let notHere: string | undefined
  const { row, failures } = await stage.measure(fault.name, async () => {
    try {
      blow = await fault.run(scene)
      return []
    } catch (error) {
      if (!(error instanceof NotHere)) throw error
      notHere = error.message
      return []
    }
  })
  if (notHere !== undefined) return skip(head, `not on this cluster: ${notHere}`, say)
  const now = Date.now()
  // A fault that could not be ended in good order is not judged by its requests, but as a whole.
  blow ??= { touched: [], from: now, to: now, until: now, problems: row.problems }
  const harmAfter = await harms(scene)
  const othersFailed = [...harmAfter].reduce((sum, [pod, count]) => {
    const before = harmBefore.get(pod)
    return sum + (before === undefined || blow!.touched.includes(pod) ? 0 : Math.max(0, count - before))
  }, 0)
  const held = await stage.held(blow.from - SLACK_MS, blow.to + SLACK_MS)
  const { spares = fault.spares } = blow
  const judgement = judge({ spares, blow, failures, held, othersFailed })
  const { reading } = blow
  const made: FaultRow = {
    ...head,
    spares,
    judgement,
    requests: row.requests,
    seconds: row.seconds,
    counted:
      reading === undefined
        ? undefined
        : { inFlight: reading.inFlight, agoMs: Math.max(0, blow.from - reading.at) },
    notes: [
      ...(blow.notes ?? []),
      ...row.stopped.flatMap(({ pod, verdict }) => (verdict === undefined ? [] : [`${pod}: ${verdict}`])),
    ],
    failures: failures.map((failure) => failureLine(failure, stage.pods.stories)),
  }
  for (const line of faultDetails(made)) say(line)
  // The next one begins with all pods in good order, whatever this one left behind.
  await scene.calm()
  return made
}

function skip(
  head: Pick<FaultRow, 'form' | 'fault' | 'group' | 'what'>,
  skipped: string,
  say: (line: string) => void,
): FaultRow {
  say(`skipped: ${head.fault}: ${skipped}`)
  return { ...head, skipped }
}

/** What the lastcall of each pod says that it failed so far. */
async function harms(scene: Scene): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const { name } of scene.living()) {
    const metrics = await scene.kubectl.raw(name, ADMIN_PORT, '/metrics').catch(() => undefined)
    if (metrics !== undefined) found.set(name, harm(metrics))
  }
  return found
}
