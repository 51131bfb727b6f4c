/**
 * Rules about load balancers outside the cluster that send to pods directly: their times, from annotations, compared
 * with the drain's. An ALB still sends 25 to 35 s after the deregistration of a target began.
 */
import { printDuration } from '../../../proxy/config/units.ts'
import type { Config } from '../../../proxy/config/config.ts'
import type { Judged, Rule, Site, World } from '../rule.ts'
import { at, branch, list, text, type Tree } from '../tree.ts'
import { ofKind, type Place } from '../workload.ts'

const ALB = 'alb.ingress.kubernetes.io/'
const NLB = 'service.beta.kubernetes.io/aws-load-balancer-'
/** How long an ALB or NLB may keep sending to a target that is being deregistered. */
const AWS_LATE_MS = 35_000
const GCLB_IDLE_MS = 600_000

interface Balanced {
  readonly place: Place
  readonly judged: Judged
  readonly config: Config
  readonly annotations: Readonly<Record<string, Tree>>
  readonly prefix: string
}

/** Ingresses and Services with a balancer's annotations, and the workloads with lastcall that they lead to. */
function balanced({ places, workloads }: World): Balanced[] {
  return workloads.flatMap((judged) => {
    const { config } = judged
    if (config === undefined) return []
    const names = new Set(judged.services.map(({ item }) => text(at(item.value, 'metadata', 'name'))))
    const candidates = new Set([...ofKind(places, 'Ingress'), ...judged.services])
    return [...candidates].flatMap((place) => {
      const annotations = branch(at(place.item.value, 'metadata', 'annotations'))
      const own = judged.services.some(({ item }) => item === place.item)
      const leads = place.item.value['kind'] === 'Ingress' && backends(place).some((name) => names.has(name))
      const prefix = leads ? ALB : NLB
      return own || leads ? [{ place, judged, config, annotations, prefix }] : []
    })
  })
}

function backends({ item }: Place): string[] {
  const spec = item.value['spec']
  const paths = list(at(spec, 'rules')).flatMap((rule) => list(at(rule, 'http', 'paths')))
  const all = [
    at(spec, 'defaultBackend', 'service', 'name'),
    ...paths.map((path) => at(path, 'backend', 'service', 'name')),
  ]
  return all.flatMap((name) => text(name) ?? [])
}

function seconds(annotations: Readonly<Record<string, Tree>>, key: string): number | undefined {
  const found = Number(text(annotations[key]) ?? Number.NaN)
  return Number.isFinite(found) ? found * 1000 : undefined
}

/** `a=1,b=2` in an annotation. */
function attribute(
  annotations: Readonly<Record<string, Tree>>,
  key: string,
  name: string,
): number | undefined {
  const found = (text(annotations[key]) ?? '').split(',').find((part) => part.trim().startsWith(`${name}=`))
  const value = Number(found?.split('=')[1] ?? Number.NaN)
  return Number.isFinite(value) ? value * 1000 : undefined
}

function site({ place }: Balanced, key: string, saw: string): Site {
  return { place, path: ['metadata', 'annotations', key], saw }
}

/** The annotation that makes pods the targets of the balancer; undefined if nodes are. */
function targetsPods({ annotations, prefix }: Balanced): string | undefined {
  const key = prefix === ALB ? `${ALB}target-type` : `${NLB}nlb-target-type`
  return text(annotations[key]) === 'ip' ? key : undefined
}

/** How long the listener stays open at most after a stop has begun, in ms. */
function openMs({ settleMs, lameDuckMaxMs }: Config): number {
  return settleMs + lameDuckMaxMs
}

export const BALANCER_RULES: readonly Rule[] = [
  {
    id: 'balancer-late',
    severity: 'warning',
    title: 'A load balancer keeps sending after lastcall has stopped listening',
    requests:
      'An ALB or NLB with pods as targets sends new requests for up to 35 s after a pod begins to leave. lastcall waits until none arrive, but no longer than settle and lame-duck-max: later requests are refused (502).',
    fix: 'Raise --grace-period and terminationGracePeriodSeconds to 120 s, or set --lame-duck-max 35s and a grace period with room for it. A stop takes only as long as requests keep arriving.',
    find: (world) =>
      balanced(world).flatMap((one) => {
        const key = targetsPods(one)
        if (key === undefined || openMs(one.config) >= AWS_LATE_MS) return []
        return [
          site(
            one,
            key,
            `the targets are pods, and lastcall listens for at most ${printDuration(openMs(one.config))}`,
          ),
        ]
      }),
  },
  {
    id: 'balancer-health-slow',
    severity: 'warning',
    title: "A load balancer's health check takes longer than the drain",
    requests:
      'The balancer finds the pod unhealthy only after lastcall has stopped listening: until then it sends requests that are refused.',
    fix: 'Lower the interval or the threshold of the health check, or raise --settle.',
    find: (world) =>
      balanced(world).flatMap((one) => {
        const [interval, count] = [
          `${one.prefix}healthcheck-interval${one.prefix === ALB ? '-seconds' : ''}`,
          `${one.prefix}${one.prefix === ALB ? 'unhealthy-threshold-count' : 'healthcheck-unhealthy-threshold'}`,
        ]
        const everyMs = seconds(one.annotations, interval)
        if (everyMs === undefined || one.config.lbHealthPath === undefined) return []
        const needed = everyMs * Number(text(one.annotations[count]) ?? 2)
        if (needed <= openMs(one.config)) return []
        return [
          site(
            one,
            interval,
            `the check needs ${printDuration(needed)} to fail, but lastcall listens for at most ${printDuration(openMs(one.config))}`,
          ),
        ]
      }),
  },
  {
    id: 'balancer-drain-short',
    severity: 'warning',
    title: 'A load balancer gives up on requests that lastcall is still serving',
    requests:
      'The deregistration delay ends before the grace period: the balancer cuts requests that still had time in the pod.',
    fix: 'Make the deregistration delay at least terminationGracePeriodSeconds.',
    find: (world) =>
      balanced(world).flatMap((one) => {
        const key = one.prefix === ALB ? `${ALB}target-group-attributes` : `${NLB}target-group-attributes`
        const delayMs = attribute(one.annotations, key, 'deregistration_delay.timeout_seconds')
        if (delayMs === undefined || delayMs >= one.config.gracePeriodMs) return []
        return [
          site(
            one,
            key,
            `the delay is ${printDuration(delayMs)}, but the grace period is ${printDuration(one.config.gracePeriodMs)}`,
          ),
        ]
      }),
  },
  {
    id: 'balancer-idles-longer',
    severity: 'error',
    title: 'A load balancer keeps idle connections longer than lastcall',
    requests:
      'lastcall closes an idle connection just as the balancer sends a request on it: an occasional 502, even without a rollout.',
    fix: "Raise --idle-timeout above the balancer's (the default, 620s, exceeds all common ones).",
    find: (world) =>
      balanced(world).flatMap((one) => {
        const key = `${ALB}load-balancer-attributes`
        const idle = attribute(one.annotations, key, 'idle_timeout.timeout_seconds')
        const neg = 'cloud.google.com/neg'
        const found = idle ?? (one.annotations[neg] === undefined ? undefined : GCLB_IDLE_MS)
        if (found === undefined || found < one.config.idleTimeoutMs) return []
        return [
          site(
            one,
            idle === undefined ? neg : key,
            `it keeps them for ${printDuration(found)}, but --idle-timeout is ${printDuration(one.config.idleTimeoutMs)}`,
          ),
        ]
      }),
  },
]
