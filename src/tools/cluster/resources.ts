/**
 * Which objects of a cluster the rules of `check` look at, and which rules cannot judge when one of them may not be
 * read. Pure.
 */

export interface Resource {
  /** As kubectl is told: plural and group. */
  readonly name: string
  readonly kind: string
  /** Rules that would report wrongly without it, as they look for what is not there. */
  readonly needed: readonly string[]
}

function resource(name: string, kind: string, ...needed: string[]): Resource {
  return { name, kind, needed }
}

const SELECTED = 'service-selects-nothing'
const SCALED = ['single-replica', 'max-unavailable', 'max-unavailable-all', 'no-disruption-budget']

/** Of every cluster. ReplicaSets are left out: a Deployment keeps ten of them, and nobody makes them by hand. */
const BUILT_IN: readonly Resource[] = [
  resource('deployments.apps', 'Deployment', SELECTED),
  resource('statefulsets.apps', 'StatefulSet', SELECTED),
  resource('daemonsets.apps', 'DaemonSet', SELECTED),
  resource('jobs.batch', 'Job', SELECTED),
  resource('cronjobs.batch', 'CronJob', SELECTED),
  resource('pods', 'Pod', SELECTED),
  resource('services', 'Service'),
  resource('networkpolicies.networking.k8s.io', 'NetworkPolicy'),
  resource('ingresses.networking.k8s.io', 'Ingress'),
  resource('poddisruptionbudgets.policy', 'PodDisruptionBudget', 'no-disruption-budget'),
  resource('horizontalpodautoscalers.autoscaling', 'HorizontalPodAutoscaler', ...SCALED),
]

/** Where somebody has installed them. */
const INSTALLED: readonly Resource[] = [
  resource('rollouts.argoproj.io', 'Rollout', SELECTED),
  resource('scaledobjects.keda.sh', 'ScaledObject', ...SCALED),
  resource('httproutes.gateway.networking.k8s.io', 'HTTPRoute'),
  resource('grpcroutes.gateway.networking.k8s.io', 'GRPCRoute'),
  resource('tlsroutes.gateway.networking.k8s.io', 'TLSRoute'),
  resource('tcproutes.gateway.networking.k8s.io', 'TCPRoute'),
  resource('podmonitors.monitoring.coreos.com', 'PodMonitor'),
  resource('authorizationpolicies.security.istio.io', 'AuthorizationPolicy'),
  resource('peerauthentications.security.istio.io', 'PeerAuthentication'),
  resource('servers.policy.linkerd.io', 'Server'),
  resource('ciliumnetworkpolicies.cilium.io', 'CiliumNetworkPolicy'),
]

/** Those that this cluster has; `known` is what `kubectl api-resources -o name` lists. */
export function resourcesOf(known: readonly string[]): Resource[] {
  const names = new Set(known)
  return [...BUILT_IN, ...INSTALLED].filter(({ name }) => names.has(name))
}

/** Those of every cluster, for one that does not list what it has. */
export function builtIn(): readonly Resource[] {
  return BUILT_IN
}
