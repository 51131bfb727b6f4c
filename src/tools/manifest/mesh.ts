/**
 * Service meshes whose proxies catch what comes into a pod: by which annotation of the pod a port is left alone.
 * Sources: the meshes' own references of annotations. Pure.
 */
import { at, branch, text } from './tree.ts'
import type { Workload } from './workload.ts'

export interface Mesh {
  readonly name: string
  /** A list of ports that the proxy does not catch on their way in. */
  readonly annotation: string
}

/** The meshes that a pod says it is in. One that is told so by its namespace cannot be seen here. */
export function meshesOf({ pod }: Workload): Mesh[] {
  const labels = branch(at(pod, 'metadata', 'labels'))
  const annotations = branch(at(pod, 'metadata', 'annotations'))
  const said = (key: string) => text(labels[key]) ?? text(annotations[key])
  const istio =
    said('sidecar.istio.io/inject') === 'true' ||
    (said('istio.io/rev') !== undefined && said('sidecar.istio.io/inject') !== 'false')
  const linkerd = ['enabled', 'ingress'].includes(said('linkerd.io/inject') ?? '')
  return [
    ...(istio ? [{ name: 'Istio', annotation: 'traffic.sidecar.istio.io/excludeInboundPorts' }] : []),
    ...(linkerd ? [{ name: 'Linkerd', annotation: 'config.linkerd.io/skip-inbound-ports' }] : []),
  ]
}

/** A list of ports with this one added, if it is missing. */
export function portListWith(ports: string | undefined, port: number): string {
  const all = (ports ?? '').split(',').flatMap((part) => part.trim() || [])
  return all.includes(String(port)) ? all.join(',') : [...all, String(port)].join(',')
}
