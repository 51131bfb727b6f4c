/** Rules about preStop hooks: the kubelet must wait for lastcall, and lastcall must learn that the pod stops. */
import { DAPR, daprStopsFirst, unheldHelpers } from '../companions.ts'
import type { Judged, Rule, Site } from '../rule.ts'
import { at, list, text, type Branch, type Tree } from '../tree.ts'
import type { Container } from '../workload.ts'

interface Hook {
  readonly judged: Judged
  readonly container: Container
  readonly get: Branch
  readonly who: 'app' | 'sidecar' | undefined
}

/** The httpGet preStop hooks of a pod; `who` says which hook of lastcall they call. */
function hooksOf(judged: Judged): Hook[] {
  return judged.workload.containers.flatMap((container) => {
    const get = at(container.value, 'lifecycle', 'preStop', 'httpGet')
    if (get === undefined) return []
    const path = (text(at(get, 'path')) ?? '/').replace(/^\/*/, '')
    const who = path === 'prestop/app' ? 'app' : path === 'prestop/sidecar' ? 'sidecar' : undefined
    return [{ judged, container, get: get as Branch, who }]
  })
}

/** A site at a key of each hook for which `saw` returns a sentence. */
function hookSites(judged: Judged, key: string, saw: (hook: Hook) => string | undefined): Site[] {
  return hooksOf(judged).flatMap((hook) => {
    const said = saw(hook)
    const path = [...hook.container.path, 'lifecycle', 'preStop', 'httpGet', key]
    return said === undefined ? [] : [{ place: judged.workload, path, saw: said }]
  })
}

const quoted = (value: Tree | undefined) => JSON.stringify(value ?? null)

export const HOOK_RULES: readonly Rule[] = [
  {
    id: 'app-hook-missing',
    severity: 'error',
    title: "The app's container has no preStop hook that asks lastcall",
    requests:
      'The kubelet sends SIGTERM to the app at once: requests in flight are cut, and requests that still arrive get 503 while lastcall has only begun to drain.',
    fix: "Give the app's container lifecycle.preStop.httpGet with path /prestop/app and the number of lastcall's admin port.",
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, app }) => {
        if (sidecar === undefined || app === undefined) return []
        if (at(app.value, 'lifecycle', 'preStop', 'httpGet') !== undefined) return []
        const has =
          at(app.value, 'lifecycle', 'preStop') === undefined
            ? 'no preStop'
            : 'a preStop that does not ask lastcall'
        return [{ place: workload, path: app.path, saw: `container ${app.name} has ${has}` }]
      }),
  },
  {
    id: 'sidecar-hook-missing',
    severity: 'error',
    title: 'A native sidecar without a preStop hook of its own',
    requests:
      'A native sidecar gets SIGTERM only after the app has exited. Without its own hook lastcall does not know that the pod is stopping: it accepts connections to the end, and late clients are cut.',
    fix: "Give lastcall's container lifecycle.preStop.httpGet with path /prestop/sidecar and the number of its admin port.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { workload, sidecar } = judged
        if (sidecar === undefined || !sidecar.native) return []
        const own = hooksOf(judged).find(({ container }) => container === sidecar)
        return own === undefined
          ? [{ place: workload, path: sidecar.path, saw: `container ${sidecar.name} has no preStop.httpGet` }]
          : []
      }),
  },
  {
    id: 'helper-stops-first',
    severity: 'warning',
    title: 'Another container of the pod is stopped while the app still answers requests',
    requests:
      'The kubelet sends SIGTERM to all containers at once. The app is held back by its hook and answers what still arrives, but whatever it needs of this container (PHP-FPM, a proxy to a database, a cache) is gone: those requests fail.',
    fix: "Give it the hook of the app's container (lastcall inject does, unless a livenessProbe or startupProbe can restart it alone, which would drain the pod), or make it a native sidecar (initContainers, restartPolicy: Always), which stops after the app. For daprd: the annotation dapr.io/block-shutdown-duration of the pod, as long as a drain may take.",
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, app }) =>
        app === undefined
          ? []
          : [
              ...unheldHelpers(workload, new Set([app])).map(({ name, path }) => ({
                place: workload,
                path,
                saw: `container ${name} has no preStop`,
              })),
              ...(daprStopsFirst(workload)
                ? [
                    {
                      place: workload,
                      path: [...workload.podPath, 'metadata', 'annotations', DAPR],
                      saw: 'daprd, which Dapr adds to the pod, has no preStop',
                    },
                  ]
                : []),
            ],
      ),
  },
  {
    id: 'hook-port-named',
    severity: 'error',
    title: 'A hook refers to its port by name',
    requests:
      'The kubelet looks the name up among the ports of the container that has the hook. It does not find it there, the hook fails, and SIGTERM follows at once: requests in flight are cut.',
    fix: "Write the number of lastcall's admin port.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        hookSites(judged, 'port', ({ get, who, container, judged: { sidecar } }) =>
          who !== undefined && container !== sidecar && typeof get['port'] === 'string'
            ? `port is ${quoted(get['port'])}`
            : undefined,
        ),
      ),
  },
  {
    id: 'hook-host',
    severity: 'error',
    title: 'A hook has a host',
    requests:
      "The kubelet runs in the node's network, where 127.0.0.1 is the node and any other host is not this pod. The hook fails or reaches the wrong server, and requests in flight are cut.",
    fix: 'Remove host: the kubelet then calls the address of the pod.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        hookSites(judged, 'host', ({ get, who }) =>
          who !== undefined && get['host'] !== undefined ? `host is ${quoted(get['host'])}` : undefined,
        ),
      ),
  },
  {
    id: 'hook-misses-lastcall',
    severity: 'error',
    title: 'A hook does not reach lastcall',
    requests:
      'The hook fails or another server answers it, and the kubelet sends SIGTERM at once: requests in flight are cut.',
    fix: "The hook needs the number of lastcall's --admin port, the scheme HTTP, and the path /prestop/app in the app's container, /prestop/sidecar in lastcall's own.",
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { config, app, sidecar } = judged
        if (config === undefined) return []
        return hookSites(judged, 'port', ({ get, who, container }) => {
          if (container !== app && container !== sidecar) return undefined
          const wanted = container === sidecar ? 'sidecar' : 'app'
          if (who !== wanted)
            return `container ${container.name} asks ${quoted(get['path'])}, not /prestop/${wanted}`
          if ((get['scheme'] ?? 'HTTP') !== 'HTTP') return `scheme is ${quoted(get['scheme'])}`
          if (typeof get['port'] !== 'number' || get['port'] === config.admin.port) return undefined
          return `port is ${get['port']}, and lastcall's --admin is ${config.admin.port}`
        })
      }),
  },
  {
    id: 'hook-without-token',
    severity: 'error',
    title: 'lastcall requires a token, and a hook sends none',
    requests:
      'lastcall answers the hook with 401, which the kubelet ignores: SIGTERM follows at once, and requests in flight are cut.',
    fix: 'Add httpHeaders to the hook: name Authorization, value "Bearer " and the token.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        hookSites(judged, 'path', ({ get, who }) => {
          const header = list(get['httpHeaders']).some(
            (one) => text(at(one, 'name'))?.toLowerCase() === 'authorization',
          )
          return who !== undefined && judged.config?.token !== undefined && !header
            ? 'the hook has no Authorization header'
            : undefined
        }),
      ),
  },
  {
    id: 'no-token',
    severity: 'warning',
    title: 'Any client that reaches the admin port can drain the pod',
    requests:
      'The admin port has no token: any client that reaches it can call /drain or a hook, and the pod stops taking requests although nothing is wrong.',
    fix: 'Run lastcall inject, which gives each workload its own token. Or set LASTCALL_TOKEN for lastcall, and httpHeaders with Authorization: Bearer in both hooks; or set --hook-allow to the addresses of the nodes.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, sidecar, config }) =>
        sidecar === undefined ||
        config === undefined ||
        config.token !== undefined ||
        config.hookAllow.length > 0
          ? []
          : [
              {
                place: workload,
                path: sidecar.path,
                saw: `container ${sidecar.name} has neither --token nor --hook-allow`,
              },
            ],
      ),
  },
  {
    id: 'exec-hook-without-shell',
    severity: 'error',
    title: 'A hook runs a command that its image does not have',
    requests:
      'The command cannot be started, the hook fails (FailedPreStopHook), and SIGTERM follows at once, as if there were no hook.',
    fix: "Use lastcall's hook (lifecycle.preStop.httpGet, path /prestop/app); lastcall inject adds it once the exec hook has been removed.",
    find: ({ workloads }) =>
      workloads.flatMap(({ workload }) =>
        workload.containers.flatMap((container) => {
          const command = list(at(container.value, 'lifecycle', 'preStop', 'exec', 'command'))
          const image = text(container.value['image']) ?? ''
          if (command.length === 0 || !isBare(image)) return []
          const path = [...container.path, 'lifecycle', 'preStop', 'exec']
          return [
            {
              place: workload,
              path,
              saw: `the image ${image} does not contain ${text(command[0]) ?? 'a shell'}`,
            },
          ]
        }),
      ),
  },
]

/** Images that are known to contain only their program: no shell, no sleep. */
const BARE: readonly RegExp[] = [
  /(^|\/)postgrest\/postgrest([:@]|$)/,
  /^gcr\.io\/distroless\/(?!.*:debug)/,
  /^cgr\.dev\/chainguard\/(?!.*-dev)/,
  /(^|\/)lastcall([:@]|$)/,
  /(^|\/)cloud-sql-proxy(:(?!.*(alpine|bookworm|bullseye))|@|$)/,
  /(^|\/)(coredns|kube-state-metrics|metrics-server|prometheus-adapter)([:@]|$)/,
]

function isBare(image: string): boolean {
  return BARE.some((pattern) => pattern.test(image))
}
