/**
 * The container that inject adds: probes, resources, and a security context that the restricted Pod Security Standard
 * accepts, with comments for people who read the manifest later. Pure. k8s/README.md has the same lines, for manual use.
 */
import type { Notes } from './change.ts'
import type { Binding } from './bind.ts'
import type { Front } from './fronts.ts'
import type { Settings } from './settings.ts'
import type { Branch, Tree } from './tree.ts'
import { SIDECAR_NAME } from './workload.ts'

export type Mode = 'native' | 'plain'

export interface SidecarPlan {
  readonly mode: Mode
  readonly image: string
  readonly settings: Settings
  readonly args: readonly string[]
  /** Entries of its environment. */
  readonly env: readonly Branch[]
  /** Each port of the app that lastcall is in front of; the first is the main one. */
  readonly fronts: readonly [Front, ...Front[]]
  /** How to make the app listen on loopback, if that is known. */
  readonly binding: Binding | undefined
  readonly adminPort: number
  readonly token: string | undefined
  /** The pod's securityContext makes its containers run as root. */
  readonly podIsRoot: boolean
}

/** The numbered user of the image. */
const USER = 65_532

/**
 * The whole container. It has no startupProbe: the kubelet probes once a second, and starts the app only after the
 * startupProbe of a native sidecar has succeeded, so a startupProbe would only delay the app.
 */
export function sidecar(plan: SidecarPlan): Branch {
  const { mode, image, args, env, fronts, adminPort } = plan
  const probe = (path: string, more: Branch): Branch => ({ httpGet: { port: adminPort, path }, ...more })
  return {
    name: SIDECAR_NAME,
    image,
    ...(mode === 'native' ? { restartPolicy: 'Always' } : {}),
    args,
    ...(env.length > 0 ? { env } : {}),
    ports: [
      // If both have the same port, the app's container declares it, with its name.
      ...fronts.flatMap(({ samePort, portName, listenPort, hostPort }) =>
        samePort
          ? []
          : [
              {
                name: portName,
                containerPort: listenPort,
                ...(hostPort === undefined ? {} : { hostPort }),
              },
            ],
      ),
      { name: SIDECAR_NAME, containerPort: adminPort },
    ],
    ...(mode === 'native' ? { lifecycle: { preStop: hook('sidecar', adminPort, plan.token) } } : {}),
    readinessProbe: probe('/readyz', { periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 1 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }),
    resources: RESOURCES,
    securityContext: {
      runAsNonRoot: true,
      ...(plan.podIsRoot ? { runAsUser: USER, runAsGroup: USER } : {}),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
}

/** Of a new sidecar. No limit of cpu: it would throttle requests. */
export const RESOURCES = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } } as const

/** A preStop hook that waits for lastcall. The kubelet would resolve a host on the node, and a port name in the container. */
export function hook(who: 'app' | 'sidecar', adminPort: number, token: string | undefined): Branch {
  const headers: Tree = [{ name: 'Authorization', value: `Bearer ${token}` }]
  const httpGet = { port: adminPort, path: `/prestop/${who}` }
  return { httpGet: token === undefined ? httpGet : { ...httpGet, httpHeaders: headers } }
}

export const APP_HOOK_NOTES: Notes = {
  'httpGet.port':
    'The kubelet sends SIGTERM to the app after this answer. Use the number: a name would be\nlooked up among the ports of this container.',
}

/** The comments in the container. */
export function sidecarNotes(mode: Mode): Notes {
  return {
    'env.valueFrom': "The pod's own addresses, IPv4 and IPv6: the app has the same port on loopback.",
    'env.value': 'Without a token, any client that reaches the admin port could drain this pod.',
    'readinessProbe.failureThreshold': 'lastcall itself counts failures of the app: --health-failures.',
    ...(mode === 'native'
      ? {
          restartPolicy: 'This makes it a native sidecar: it starts before the app and stops after it.',
          'lifecycle.preStop.httpGet.port':
            'Tells lastcall that the pod stops: a native sidecar gets SIGTERM only after the\napp has exited.',
        }
      : {
          readinessProbe:
            'No preStop here: a plain sidecar gets SIGTERM at once, and knows that the pod stops.\nIt stays until the app has exited.',
        }),
  }
}
