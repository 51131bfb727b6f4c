/**
 * The changes of the app's container and of the pod: the hook, the readinessProbe (which becomes lastcall's health
 * check), the name of the port, the grace period, ports that a mesh must exclude. The earlier state of each is recorded.
 * Pure.
 */
import { isPostgrest, type App } from './app.ts'
import { pointer } from './before.ts'
import type { Binding } from './bind.ts'
import { addItem, appendWords, setKey, setWord, type Edits } from './edits.ts'
import type { Front } from './fronts.ts'
import type { Request } from './request.ts'
import { daprStopsFirst, restartsAlone, unheldHelpers } from './companions.ts'
import { wasOf } from './rewrite.ts'
import { meshesOf, portListWith } from './mesh.ts'
import { probeHealth } from './probe.ts'
import { APP_HOOK_NOTES, hook, type SidecarPlan } from './sidecar.ts'
import { at, list, text, type Path, type Tree } from './tree.ts'
import { ownPort, portsOf, variable, type Container, type Workload } from './workload.ts'

/** The keys of a container after which `lifecycle` is written. */
const BEFORE_LIFECYCLE = [
  'name',
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'workingDir',
  'ports',
  'env',
  'envFrom',
]

/** Adds the changes to `edits`; returns remarks for the user. */
export function adapted(
  workload: Workload,
  plan: SidecarPlan,
  graceSeconds: number,
  request: Request,
  edits: Edits,
): string[] {
  const { fronts } = plan
  const { app, samePort } = fronts[0]
  const { podPath } = workload
  setKey(workload, edits, {
    kind: 'set',
    path: [...podPath, 'spec', 'terminationGracePeriodSeconds'],
    value: graceSeconds,
    after: [],
    notes: { '': 'Must equal --grace-period.' },
  })
  for (const { annotation } of meshesOf(workload)) {
    const path = [...podPath, 'metadata', 'annotations', annotation]
    const value = portListWith(text(at(workload.item.value, ...path)), plan.adminPort)
    const notes = { '': "The mesh must not intercept the kubelet's hooks and probes." }
    setKey(workload, edits, { kind: 'set', path, value, after: [], notes })
  }
  const apps = new Set(fronts.map((front) => front.app.container))
  const helpers = unheldHelpers(workload, apps)
  for (const container of [...apps, ...helpers.filter((one) => !restartsAlone(one))])
    setKey(workload, edits, {
      kind: 'set',
      path: [...container.path, 'lifecycle', 'preStop'],
      value: hook('app', plan.adminPort, plan.token),
      after: BEFORE_LIFECYCLE,
      notes: APP_HOOK_NOTES,
    })
  takeProbe(workload, app, edits)
  const names = new Set(workload.containers.flatMap(portsOf).flatMap(({ name }) => name ?? []))
  for (const front of fronts) {
    if (front.hostPort !== undefined) takeHostPort(workload, front.app, edits)
    if (workload.sidecar === undefined && !front.samePort && request.step === undefined)
      giveName(workload, front, app, names, edits)
  }
  const { container } = app
  const asked = request.bindEnv !== undefined || request.bindArg !== undefined
  const unprobed = isPostgrest(container) && couldBeLoopback(container)
  if (plan.binding !== undefined && (samePort || (request.step !== 'pods' && (asked || unprobed))))
    bind(workload, app, plan.binding, edits)
  return [...helpers.filter(restartsAlone).map(unheld), ...(daprStopsFirst(workload) ? [DAPRD] : [])]
}

const DAPRD =
  'daprd, which Dapr adds to the pod, is stopped while the app still answers requests. If those need it, give the pod the ' +
  'annotation dapr.io/block-shutdown-duration, as long as a drain may take'

function unheld({ name }: Container): string {
  return (
    `container ${name} gets no hook, because a failed probe of it would drain the whole pod: it is stopped while the app ` +
    'still answers requests. If the app needs it, make it a native sidecar (initContainers, restartPolicy: Always), or remove ' +
    'its livenessProbe and startupProbe'
  )
}

/** Makes the app listen on loopback, so that clients cannot bypass lastcall. */
function bind(workload: Workload, { container }: App, binding: Binding, edits: Edits): void {
  const note = 'The app is reachable through lastcall only.'
  const set = (path: Path, value: Tree) =>
    setKey(workload, edits, { kind: 'set', path: [...container.path, ...path], value, notes: { '': note } })
  switch (binding.kind) {
    case 'there':
      return
    case 'variable': {
      const { name, value, index } = binding
      if (index !== -1) return set(['env', index, 'value'], value)
      return addItem(workload, edits, {
        kind: 'set',
        path: [...container.path, 'env'],
        value: { name, value },
        after: BEFORE_LIFECYCLE,
        notes: { value: note },
      })
    }
    case 'word':
      return setWord(workload, edits, [...container.path, binding.list, binding.index], binding.value)
    case 'append':
      return appendWords(workload, edits, [...container.path, 'args'], binding.words)
    default:
      return binding satisfies never
  }
}

/** Removes the readinessProbe: the kubelet probes lastcall, and lastcall checks the app. */
function takeProbe(workload: Workload, app: App, edits: Edits): void {
  if (probeHealth(app).kind === 'stays') return
  const path = [...app.container.path, 'readinessProbe']
  edits.before[pointer(workload.item.value, path)] = wasOf(workload.input, workload.item, path)
  edits.changes.push({ kind: 'delete', path })
}

/** Moves the hostPort from the app's container to lastcall's. */
function takeHostPort(workload: Workload, app: App, edits: Edits): void {
  const port = portsOf(app.container).find(({ number }) => number === app.port)
  if (port === undefined) return
  const path = [...app.container.path, 'ports', port.index, 'hostPort']
  edits.before[pointer(workload.item.value, path)] = wasOf(workload.input, workload.item, path)
  edits.changes.push({ kind: 'delete', path })
}

/** Gives the app's port another name, also in the probes and hooks of its container that use the old one. */
function giveName(
  workload: Workload,
  { app, portName }: Front,
  main: App,
  names: Set<string>,
  edits: Edits,
): void {
  const port = portsOf(app.container).find(({ number }) => number === app.port)
  if (port?.name === undefined || port.name !== portName) return
  const free = ['app', 'app-http', 'lastcall-app'].find((one) => !names.has(one))
  const name = (app.port === main.port ? free : undefined) ?? `app-${app.port}`
  names.add(name)
  const paths: Path[] = [['ports', port.index, 'name']]
  for (const key of ['livenessProbe', 'startupProbe', 'readinessProbe'])
    for (const how of ['httpGet', 'tcpSocket']) paths.push([key, how, 'port'])
  paths.push(['lifecycle', 'postStart', 'httpGet', 'port'])
  for (const path of paths) {
    if (at(app.container.value, ...path) !== port.name) continue
    // The main app's readinessProbe is deleted, whichever port it uses: lastcall takes it over.
    const gone = app.container === main.container && probeHealth(main).kind === 'moves'
    if (path[0] === 'readinessProbe' && gone) continue
    setKey(workload, edits, { kind: 'set', path: [...app.container.path, ...path], value: name })
  }
}

/** Whether PostgREST may listen on loopback: no variable sets its host, and no probe of the kubelet needs its ports. */
export function couldBeLoopback(container: Container): boolean {
  const said = list(container.value['env']).some((row) => at(row, 'name') === 'PGRST_SERVER_HOST')
  const probed = ['livenessProbe', 'startupProbe'].some((key) =>
    ['httpGet', 'tcpSocket', 'grpc'].some(
      (how) => ownPort(container, at(container.value, key, how, 'port')) !== undefined,
    ),
  )
  return !said && !probed && variable(container, 'PGRST_SERVER_UNIX_SOCKET') === undefined
}
