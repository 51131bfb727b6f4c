/**
 * The objects of a rollout on a cluster: the worst app (ends at once on SIGTERM) in three replicas, alone or behind
 * lastcall, its Service, and the pod of the clients. Pure; the pod is the one that k8s/ shows, with another app.
 */

/** bare: no lastcall; plain: lastcall as a second container; native: as a native sidecar (Kubernetes 1.29). */
export const FORMS = ['bare', 'plain', 'native'] as const
export type Form = (typeof FORMS)[number]

export interface Images {
  readonly lastcall: string
  readonly app: string
  readonly client: string
}

export const APP = 'rollout'
export const CLIENT = 'load-client'
export const CLIENT_PORT = 8090
const ADMIN_PORT = 9099
const GRACE_SECONDS = 30
const labels = { app: APP }

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
const pod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
}

const hook = (who: string) => ({ preStop: { httpGet: { port: ADMIN_PORT, path: `/prestop/${who}` } } })
const probe = (path: string, more: object) => ({ httpGet: { port: ADMIN_PORT, path }, ...more })

/** The Deployment and the Service. */
export function workload(form: Form, images: Images, replicas: number, extra: readonly string[]): object[] {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: APP },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: { ...pod, terminationGracePeriodSeconds: GRACE_SECONDS, ...containers(form, images, extra) },
      },
    },
  }
  const targetPort = form === 'bare' ? 3000 : 8080
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: APP },
    spec: { selector: labels, ports: [{ port: 80, targetPort }] },
  }
  return [deployment, service]
}

/** The pod of the clients, which send to this URL. */
export function client(images: Images, url: string, density: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: CLIENT },
    spec: {
      ...pod,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: CLIENT,
          image: images.client,
          args: [url, String(density)],
          securityContext: restricted,
          readinessProbe: { httpGet: { port: CLIENT_PORT, path: '/report' }, periodSeconds: 1 },
        },
      ],
    },
  }
}

function containers(form: Form, images: Images, extra: readonly string[]): object {
  const name = { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
  const app = { name: 'app', image: images.app, securityContext: restricted }
  const sidecar = {
    name: 'lastcall',
    image: images.lastcall,
    args: [`--grace-period=${GRACE_SECONDS}s`, ...extra],
    securityContext: restricted,
    startupProbe: probe('/startupz', { periodSeconds: 1, failureThreshold: 30 }),
    readinessProbe: probe('/readyz', { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 1 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5 }),
  }
  switch (form) {
    case 'bare': {
      const readinessProbe = { httpGet: { port: 3000, path: '/' }, periodSeconds: 2 }
      return { containers: [{ ...app, env: [name, { name: 'HOST', value: '0.0.0.0' }], readinessProbe }] }
    }
    case 'plain':
      return { containers: [sidecar, { ...app, env: [name], lifecycle: hook('app') }] }
    case 'native':
      return {
        initContainers: [{ ...sidecar, restartPolicy: 'Always', lifecycle: hook('sidecar') }],
        containers: [{ ...app, env: [name], lifecycle: hook('app') }],
      }
    default:
      return form satisfies never
  }
}
