/**
 * How a Deployment replaces its pods (strategy RollingUpdate): the arithmetic of the Deployment controller, pure
 * (kubernetes/pkg/controller/deployment/rolling.go, and util/deployment_util.go for the percentages).
 */

/** A number of pods, or a percentage of the replicas. */
export interface Share {
  readonly value: number
  readonly unit: 'pods' | 'percent'
}

export interface RollingLimits {
  /** How many pods more than the replicas may exist, not counting those that terminate. */
  readonly maxSurge: Share
  /** How many pods fewer than the replicas may be available. */
  readonly maxUnavailable: Share
}

/** The default of Kubernetes. */
export const QUARTER: RollingLimits = {
  maxSurge: { value: 25, unit: 'percent' },
  maxUnavailable: { value: 25, unit: 'percent' },
}

/** Pods that are not being deleted. Old pods are all available. */
export interface Standing {
  readonly replicas: number
  readonly old: number
  /** Of the new version, whether or not they are available yet. */
  readonly created: number
  readonly available: number
}

/**
 * How many new pods to create and how many old ones to delete now. Both 0: nothing can be done until another new pod is
 * available, or the rollout is complete. Percentages of maxSurge are rounded up, those of maxUnavailable down; if both
 * are 0, one pod may be unavailable, because otherwise no pod could ever be replaced.
 */
export function nextStep(
  { replicas, old, created, available }: Standing,
  { maxSurge, maxUnavailable }: RollingLimits,
): { readonly create: number; readonly remove: number } {
  const surge = podsOf(maxSurge, replicas, Math.ceil)
  const spare = podsOf(maxUnavailable, replicas, Math.floor)
  const leastAvailable = replicas - Math.min(replicas, surge + spare === 0 ? 1 : spare)
  const create = Math.max(0, Math.min(replicas + surge - old - created, replicas - created))
  const remove = Math.max(0, Math.min(old, old + available - leastAvailable))
  return { create, remove }
}

function podsOf({ value, unit }: Share, replicas: number, round: (pods: number) => number): number {
  return unit === 'pods' ? value : round((value * replicas) / 100)
}
