/**
 * Redirects the Services of a workload to lastcall. If the app's port has a name, the name has moved to lastcall and the
 * Services use it, so that they reach pods with and without lastcall. Pure.
 */
import { remember } from './before.ts'
import { isHeadless } from './headless.ts'
import { setKey, type Edits } from './edits.ts'
import type { Front } from './fronts.ts'
import type { Request } from './request.ts'
import { commandFor } from './line-to-run.ts'
import type { ObjectChanges } from './rewrite.ts'
import type { SidecarPlan } from './sidecar.ts'
import { at, text } from './tree.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { portsOf, type Place, type Workload } from './workload.ts'

export interface Redirection {
  readonly changes: readonly (Place & ObjectChanges)[]
  readonly remarks: readonly string[]
}

export function redirected(
  workload: Workload,
  places: readonly Place[],
  plan: SidecarPlan,
  step: Request['step'],
): Redirection {
  const fronts = plan.fronts.filter(({ samePort }) => !samePort)
  if (fronts.length === 0 || step === 'pods') return { changes: [], remarks: [] }
  const services = servicesOf(places, workload)
  const changes: (Place & ObjectChanges)[] = []
  const remarks: string[] = []
  for (const service of services) {
    // Clients of a headless Service ignore targetPort (see around.ts).
    if (isHeadless(service)) continue
    const edits: Edits = { changes: [], before: {} }
    const unmoved: (string | number)[] = []
    for (const port of servicePorts(service, workload)) {
      const front = fronts.find(({ app }) => app.port === port.number)
      if (front === undefined) continue
      const moved = hasMoved(front)
      const target = moved ? front.portName : front.listenPort
      const {
        changes: { length },
      } = edits
      setKey(service, edits, {
        kind: 'set',
        path: ['spec', 'ports', port.index, 'targetPort'],
        value: target,
        after: ['name', 'protocol', 'appProtocol', 'port'],
        notes: { '': `The port of lastcall, instead of the app's port ${front.app.port}.` },
      })
      if (!moved && edits.changes.length > length) unmoved.push(target)
    }
    const { item, input } = service
    if (edits.changes.length === 0) continue
    changes.push({ item, input, changes: [...edits.changes, ...remember(service, edits.before)] })
    if (unmoved.length > 0)
      remarks.push(
        `Service ${text(at(item.value, 'metadata', 'name')) ?? ''} now sends to port ${unmoved.join(' and ')}, which pods without lastcall do not have` +
          (step === 'services'
            ? ': apply this when the rollout of --step pods is complete'
            : '. If the workload is already running, use two steps instead, and apply the second when the rollout of the first is complete: ' +
              `${commandFor(workload)} --step pods; ${commandFor(workload)} --step services`),
      )
  }
  if (services.length === 0 && workload.sidecar === undefined && !['Job', 'CronJob'].includes(workload.kind))
    remarks.push(
      `no Service in the input sends to it. If there is one elsewhere, set its targetPort to lastcall's port: ${fronts.map(({ listenPort, portName }) => `${listenPort}, or its name ${portName}`).join('; ')}`,
    )
  return { changes, remarks }
}

/** Whether lastcall's port has taken over the name of the app's port. */
function hasMoved({ app, portName }: Front): boolean {
  return portsOf(app.container).some(({ number, name }) => number === app.port && name === portName)
}
