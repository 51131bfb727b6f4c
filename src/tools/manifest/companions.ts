/**
 * Helpers: the containers of a pod beside the ones that lastcall is in front of (PHP-FPM behind nginx, a proxy to a
 * database, a cache, a shipper of logs). The kubelet sends SIGTERM to all containers at once, so that a helper without a
 * hook is gone while the app still answers requests. Pure.
 */
import { at, text } from './tree.ts'
import { appsOf, type Container, type Workload } from './workload.ts'

/** The helpers that have no preStop hook. Native sidecars are none: the kubelet stops them after the containers. */
export function unheldHelpers(workload: Workload, apps: ReadonlySet<Container>): Container[] {
  return appsOf(workload).filter(
    (one) => !apps.has(one) && at(one.value, 'lifecycle', 'preStop') === undefined,
  )
}

/**
 * Whether the kubelet may stop a container alone, while its pod goes on: after a probe has failed. Its hook would then
 * drain the pod, and no end of the app would undo that before the grace period is over.
 */
export function restartsAlone({ value }: Container): boolean {
  return value['livenessProbe'] !== undefined || value['startupProbe'] !== undefined
}

/** The annotation of a pod by which Dapr's webhook adds its sidecar, daprd. */
export const DAPR = 'dapr.io/enabled'

/**
 * Whether a pod gets daprd as a container that stops at SIGTERM. Source: Dapr's reference of annotations
 * (`dapr.io/block-shutdown-duration` "blocks the graceful shutdown procedure until the given duration has elapsed or the
 * application becomes unhealthy"; `dapr.io/enable-native-sidecar`).
 */
export function daprStopsFirst({ pod }: Workload): boolean {
  const said = (key: string) => text(at(pod, 'metadata', 'annotations', key))
  return (
    said(DAPR) === 'true' &&
    said('dapr.io/enable-native-sidecar') !== 'true' &&
    said('dapr.io/block-shutdown-duration') === undefined
  )
}
