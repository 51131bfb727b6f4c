/**
 * Which ports of a pod are taken, and which lastcall gets: all containers of a pod share its ports. Pure.
 */
import { at, number } from './tree.ts'
import { servicePorts, servicesOf } from './services-of.ts'
import { portsOf, variable, type Container, type Place, type Workload } from './workload.ts'

/** lastcall's default ports, and the ports at which the search for others begins. */
const WISHES = { listen: [8080, 18_080], admin: [9099, 19_099] } as const

const PROBES = ['readinessProbe', 'livenessProbe', 'startupProbe'] as const
const ASKS = ['httpGet', 'tcpSocket', 'grpc'] as const

/**
 * Every port of the pod that does not belong to lastcall, with its owner: ports that containers declare, that their probes
 * use, and that Services of the input target.
 */
export function takenPorts(workload: Workload, places: readonly Place[], app: number): Map<number, string> {
  const taken = new Map<number, string>()
  const others = workload.containers.filter((one) => one !== workload.sidecar)
  for (const container of others) {
    const whose = `container ${container.name}`
    for (const port of [...portsOf(container).map(({ number: own }) => own), ...asked(container)])
      if (!taken.has(port)) taken.set(port, whose)
  }
  if (!taken.has(app)) taken.set(app, 'the app')
  const mine = new Set(
    workload.sidecar === undefined ? [] : portsOf(workload.sidecar).map((one) => one.number),
  )
  for (const service of servicesOf(places, workload))
    for (const { number: port } of servicePorts(service, workload))
      if (port !== undefined && !taken.has(port) && !mine.has(port)) taken.set(port, 'a Service')
  return taken
}

/** Ports that a container does not declare, but that its probes use or on which its image is known to listen. */
function asked(container: Container): number[] {
  const probed = PROBES.flatMap((probe) => ASKS.map((how) => number(at(container.value, probe, how, 'port'))))
  const known = variable(container, 'PGRST_ADMIN_SERVER_PORT')
  return [...probed, known === undefined ? undefined : Number(known)].filter((port) => port !== undefined)
}

/** A free port: the default one, or else the first free one from 18080 (19099) on. */
export function freePort(what: keyof typeof WISHES, taken: ReadonlySet<number>): number {
  const [usual, from] = WISHES[what]
  if (!taken.has(usual)) return usual
  let port: number = from
  while (taken.has(port)) port += 1
  return port
}

/** The port of an address option; undefined if it has none. */
export function portIn(address: string | undefined): number | undefined {
  const digits = /:(\d{1,5})$/.exec(address ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The ports on which lastcall listens by the text of --port; those of the pod's own addresses are the app's, too. */
export function listensIn(text: string | undefined, shared = true): number[] {
  return (text ?? '').split(/\s+/).flatMap((one) => {
    const [left = ''] = one.split('=', 1)
    const digits = /(?:^|:)(\d{1,5})$/.exec(left)?.[1]
    return digits === undefined || (!shared && left.includes('$(')) ? [] : [Number(digits)]
  })
}
