/**
 * The objects of the end-to-end test: the worst app (ends at once on SIGTERM) with its Service, as a user would have
 * them before lastcall, and the Job of the clients. Pure. Lastcall is put in by `lastcall inject` (inject.ts).
 */

/** bare: no lastcall; plain: lastcall as a second container; native: as a native sidecar (Kubernetes 1.29). */
export const FORMS = ['bare', 'plain', 'native'] as const
export type Form = (typeof FORMS)[number]

export interface Images {
  readonly lastcall: string
  readonly app: string
  readonly client: string
  readonly pullPolicy: string
}

/** A part of a Kubernetes object. */
export interface Part {
  [key: string]: unknown
}

/** What all objects of the test have, so that they can be told from others and removed. */
export const OWN_LABEL = 'lastcall.dev/e2e'
export const own = { [OWN_LABEL]: 'yes' }
export const CLIENT_PORT = 8090
export const HEALTH_PORT = 3001
export const ADMIN_PORT = 9099
export const SIDECAR = 'lastcall'
const APP_PORT = 3000
const GRPC_PORT = 3002
export const GRPC_SERVICE_PORT = 81

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

/** The Deployment and the Service of an app, and nothing of lastcall. */
export function app(name: string, container: Part, port: number, replicas: number): Part[] {
  const labels = { ...own, app: name }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: { ...pod, containers: [{ name: 'app', securityContext: restricted, ...container }] },
      },
    },
  }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
  }
  return [deployment, service]
}

/** The app of the test. Bare, it has to listen on all addresses; behind lastcall it need not. */
export function ownApp(name: string, form: Form, images: Images, replicas: number): Part[] {
  const env = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }]
  const container = {
    image: images.app,
    imagePullPolicy: images.pullPolicy,
    env: form === 'bare' ? [...env, { name: 'HOST', value: '0.0.0.0' }] : env,
    ports: [{ containerPort: APP_PORT }],
    // As often as lastcall's own: the times from start to ready compare.
    readinessProbe: { httpGet: { port: APP_PORT, path: '/' }, periodSeconds: 1 },
    livenessProbe: {
      httpGet: { port: HEALTH_PORT, path: '/live' },
      // Without it a slow start is a failed liveness, and the SIGTERM that follows finds a program that does not listen
      // yet. No startupProbe: its success makes kubelets before 1.21 set the pod ready only a minute later.
      initialDelaySeconds: 20,
      periodSeconds: 2,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
  }
  return app(name, container, APP_PORT, replicas)
}

/** The same with a second port, for gRPC. */
export function withGrpcPort(objects: readonly Part[]): Part[] {
  const changed = structuredClone(objects) as unknown as Deep[]
  const [deployment, service] = changed
  const container = deployment!.spec.template!.spec.containers[0]!
  container.env.push({ name: 'GRPC_PORT', value: String(GRPC_PORT) })
  container.ports.push({ containerPort: GRPC_PORT })
  service!.spec.ports![0]!.name = 'http'
  service!.spec.ports!.push({ name: 'grpc', port: GRPC_SERVICE_PORT, targetPort: GRPC_PORT })
  return changed as unknown as Part[]
}

interface Deep {
  readonly spec: {
    readonly template?: { readonly spec: { containers: { env: object[]; ports: object[] }[] } }
    readonly ports?: { name?: string; port: number; targetPort: number }[]
  }
}

/** The Job of the clients: `args` are theirs. */
export function client(name: string, images: Images, args: readonly string[]): Part {
  const labels = { ...own, app: name }
  const container = {
    name: 'clients',
    image: images.client,
    imagePullPolicy: images.pullPolicy,
    args,
    securityContext: restricted,
    // Room for the records, and a request, so that a kubelet short of memory does not evict the clients first.
    resources: { requests: { memory: '384Mi' } },
    readinessProbe: { httpGet: { port: CLIENT_PORT, path: '/report' }, periodSeconds: 2, timeoutSeconds: 5 },
  }
  const spec = { ...pod, restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels },
    // A second pod would begin its counts at nought: the first one's end is the end.
    spec: { backoffLimit: 0, template: { metadata: { labels }, spec } },
  }
}

/** The objects with this pull policy for each of their containers. */
export function withPullPolicy(objects: readonly Part[], pullPolicy: string): Part[] {
  const text = JSON.stringify(objects, (key, value: unknown) =>
    (key === 'containers' || key === 'initContainers') && Array.isArray(value)
      ? value.map((container: object) => ({ ...container, imagePullPolicy: pullPolicy }))
      : value,
  )
  return JSON.parse(text) as Part[]
}
