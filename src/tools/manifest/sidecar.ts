/**
 * The container that inject adds: probes, resources, and a security context that the restricted Pod Security Standard
 * takes, with comments for those who read the manifest later. Pure. The same lines are in k8s/README.md, for hands.
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
  /** Rows of its own environment. */
  readonly env: readonly Branch[]
  /** Each port of the app that lastcall is in front of; the first is the main one. */
  readonly fronts: readonly [Front, ...Front[]]
  /** How the app comes to listen on loopback, if that is known. */
  readonly binding: Binding | undefined
  readonly adminPort: number
  readonly token: string | undefined
  /** The pod says that its containers run as root. */
  readonly podIsRoot: boolean
}

/** The numbered user of the image. */
const USER = 65_532

/**
 * The whole container. Without a startupProbe: the kubelet probes once a second, and starts the app beside a native
 * sidecar only after the first success; nothing here needs that.
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
      // The app's own port stays the app's to declare, with its name.
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
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
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

/** A preStop hook that waits for lastcall. No host: it would be the node's; a number: a name is the container's own. */
export function hook(who: 'app' | 'sidecar', adminPort: number, token: string | undefined): Branch {
  const headers: Tree = [{ name: 'Authorization', value: `Bearer ${token}` }]
  const httpGet = { port: adminPort, path: `/prestop/${who}` }
  return { httpGet: token === undefined ? httpGet : { ...httpGet, httpHeaders: headers } }
}

export const APP_HOOK_NOTES: Notes = {
  'httpGet.port':
    "The kubelet's SIGTERM to the app waits for this answer. A number: a name would be\nlooked up among the ports of this container.",
}

/** What the comments in the container say. */
export function sidecarNotes(mode: Mode): Notes {
  return {
    'env.valueFrom': "The pod's own addresses, of one family or both: the app has the same port on loopback.",
    'env.value': 'Without it, whoever reaches the admin port could drain this pod.',
    'readinessProbe.failureThreshold': "How many failures count is lastcall's to judge: --health-failures.",
    ...(mode === 'native'
      ? {
          restartPolicy: 'This makes it a sidecar: started before the app, stopped after it.',
          'lifecycle.preStop.httpGet.port':
            'The proof that the pod stops: the SIGTERM of a native sidecar comes only after the\napp has gone.',
        }
      : {
          readinessProbe:
            'No preStop of its own: the SIGTERM that comes at once is the proof that the pod stops.\nlastcall outlives the app by itself.',
        }),
  }
}
