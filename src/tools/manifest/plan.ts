/**
 * The sidecar that a workload shall have, as numbers and options: from what was asked, what is there already and what
 * the pod says; judged by the table of options, as lastcall itself will. Pure.
 */
import { readConfig } from '../../proxy/config/parse.ts'
import { parseDuration, printDuration } from '../../proxy/config/units.ts'
import { variableOf } from '../../proxy/config/option.ts'
import { OPTIONS } from '../../proxy/config/options.ts'
import type { App } from './app.ts'
import { bindingOf } from './bind.ts'
import type { Request } from './request.ts'
import { freePort, portIn, takenPorts } from './ports.ts'
import { probeHealth } from './probe.ts'
import type { Mode, SidecarPlan } from './sidecar.ts'
import { argsOf, argumentsOf, expanded, POD_IPS, podIps, settingsIn } from './settings.ts'
import { at, number, text } from './tree.ts'
import { ownPort, portsOf, type ContainerPort, type Place, type Workload } from './workload.ts'

export type Planned =
  | {
      readonly kind: 'plan'
      readonly plan: SidecarPlan
      readonly graceSeconds: number
      readonly remarks: readonly string[]
    }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** Ports below need a right that lastcall, without root and capabilities, has only from some container runtimes. */
const PRIVILEGED = 1024
/** How long a request may take where nobody says. */
const LONGEST_REQUEST_MS = 30_000
/** Annotation of the pod that says it: `lastcall.dev/longest-request: 90s`. */
export const LONGEST_REQUEST = 'lastcall.dev/longest-request'

/** The longest request of a workload in ms: as its pods' annotation says, else 30 s. */
export function longestRequestMs(workload: Workload): number {
  const reading = parseDuration(text(at(workload.pod, 'metadata', 'annotations', LONGEST_REQUEST)) ?? '')
  return reading.kind === 'ok' ? reading.value : LONGEST_REQUEST_MS
}

/** The plan for a workload, or every reason why these options cannot be given. */
export function planned(workload: Workload, places: readonly Place[], app: App, request: Request): Planned {
  const { sidecar } = workload
  const settings = settingsIn(sidecar)
  const health = sidecar === undefined ? probeHealth(app) : undefined
  if (health?.kind === 'moves') for (const [flag, value] of health.settings) settings.set(flag, value)
  for (const [flag, value] of request.given) settings.set(flag, value)
  const binding = bindingOf(app, request)
  if (binding.kind === 'problem') return { kind: 'problems', problems: [binding.why] }
  if (!settings.has('listen') && binding.kind === 'binding' && canShare(workload, app, request))
    settings.set('listen', `[$(${POD_IPS})]:${app.port}`)
  const samePort = settings.get('listen') === `[$(${POD_IPS})]:${app.port}`
  const token = tokenFor(workload, request, settings)
  const remarks = [...(health?.remarks ?? [])]
  const taken = new Set(takenPorts(workload, places, app.port).keys())
  for (const flag of ['listen', 'admin'] as const) {
    const other = portIn(settings.get(flag === 'listen' ? 'admin' : 'listen'))
    if (!settings.has(flag))
      settings.set(flag, `:${freePort(flag, other === undefined ? taken : new Set([...taken, other]))}`)
  }
  if (!settings.has('app')) settings.set('app', `127.0.0.1:${app.port}`)
  const podSeconds = number(workload.spec['terminationGracePeriodSeconds'])
  if (!request.given.has('grace-period') && podSeconds !== undefined) {
    const short = tooShort(podSeconds * 1000, settings)
    const ms = short ? roomy(workload, settings) : podSeconds * 1000
    settings.set('grace-period', printDuration(ms))
    if (short)
      remarks.push(
        `its terminationGracePeriodSeconds of ${podSeconds} leaves no time for a drain; it is raised to ${ms / 1000}. ` +
          'The stop takes only as long as requests need: at most that long',
      )
  }
  if (!settings.has('grace-period')) settings.set('grace-period', printDuration(roomy(workload, settings)))

  const outcome = readConfig(
    argsOf(settings).map((one) => expanded(one, podIps)),
    {},
  )
  if (outcome.kind === 'problems')
    return {
      kind: 'problems',
      problems: outcome.problems.map((problem) => `cannot be given these options. ${problem}`),
    }
  const { config } = outcome
  const problems = [
    config.gracePeriodMs % 1000 === 0
      ? undefined
      : `has whole seconds of terminationGracePeriodSeconds: --grace-period ${printDuration(config.gracePeriodMs)} is none; round it`,
    config.admin.host === undefined
      ? undefined
      : `needs an --admin port that the kubelet reaches, on all addresses: write --admin :${config.admin.port}`,
    config.listen.host === undefined || samePort
      ? undefined
      : `needs a --listen port that clients reach, on all addresses: write --listen :${config.listen.port}`,
    config.listen.port === 0 || config.admin.port === 0
      ? 'needs ports that the manifest can name: port 0 lets the kernel choose'
      : undefined,
  ].filter((problem) => problem !== undefined)
  if (problems.length > 0) return { kind: 'problems', problems }
  const plan: SidecarPlan = {
    mode: request.mode ?? modeOf(workload),
    image: request.image ?? text(sidecar?.value['image']) ?? request.defaultImage,
    settings,
    args: argsOf(token === 'env' ? new Map([...settings].filter(([flag]) => flag !== 'token')) : settings),
    env: [
      ...(samePort ? [{ name: POD_IPS, valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } }] : []),
      ...(token === 'env' && config.token !== undefined
        ? [{ name: variableOf('token'), value: config.token }]
        : []),
    ],
    samePort,
    binding: binding.kind === 'binding' ? binding.binding : undefined,
    listenPort: config.listen.port,
    adminPort: config.admin.port,
    hostPort: samePort || workload.spec['hostNetwork'] === true ? undefined : portOfApp(app)?.hostPort,
    portName: portName(workload, app, config.listen.port, request.step),
    token: config.token,
    podIsRoot: at(workload.spec, 'securityContext', 'runAsUser') === 0,
  }
  const wish = roomy(workload, settings)
  const lack = wish - config.gracePeriodMs
  const longest = longestRequestMs(workload)
  if (lack > 0)
    remarks.push(
      `with a grace period of ${printDuration(config.gracePeriodMs)}, requests that take longer than ` +
        `${printDuration(Math.max(0, longest - lack))} may be cut; --grace-period ${printDuration(wish)} has ` +
        `room for ${printDuration(longest)}`,
    )
  return { kind: 'plan', plan, graceSeconds: config.gracePeriodMs / 1000, remarks }
}

/**
 * Whether lastcall can have the app's own port, on the addresses of the pod, and the app the same on loopback: then
 * whoever names the port (Services, NetworkPolicies, monitors) finds the pod as ever. A probe that only connects would
 * be answered by lastcall instead of the app: such a pod keeps two ports, unless the user says how to bind.
 */
function canShare(workload: Workload, { container, port }: App, request: Request): boolean {
  if (workload.sidecar !== undefined || workload.spec['hostNetwork'] === true || request.step !== undefined)
    return false
  if (port < PRIVILEGED) return false
  if (request.bindEnv !== undefined || request.bindArg !== undefined) return true
  return !['livenessProbe', 'startupProbe'].some(
    (probe) => ownPort(container, at(container.value, probe, 'tcpSocket', 'port')) === port,
  )
}

/** Where the token is: in the arguments, where somebody has put it, or in a variable; a new sidecar gets a new one. */
function tokenFor({ sidecar }: Workload, request: Request, settings: Map<string, string>): 'args' | 'env' {
  if (sidecar === undefined && !settings.has('token') && request.newToken !== undefined)
    settings.set('token', request.newToken())
  const inArgs = sidecar !== undefined && argumentsOf(sidecar).some((one) => /^--token(=|$)/.test(one))
  return inArgs ? 'args' : 'env'
}

/** Whether no drain fits into a grace period, with none of its parts given up. */
function tooShort(graceMs: number, settings: ReadonlyMap<string, string>): boolean {
  const times = new Map([['grace-period', printDuration(graceMs)]])
  for (const flag of ['settle', 'quiet', 'app-stop']) times.set(flag, printDuration(inMs(settings, flag)))
  return readConfig(argsOf(times), {}).kind === 'problems'
}

function initialOf(flag: string): string {
  const option = Object.values(OPTIONS).find((one) => one.flag === flag)
  return option?.initial.kind === 'text' ? option.initial.text : ''
}

/** A duration of the options, given or by default. */
function inMs(settings: ReadonlyMap<string, string>, flag: string): number {
  const reading = parseDuration(settings.get(flag) ?? initialOf(flag))
  return reading.kind === 'ok' ? reading.value : 0
}

function modeOf({ sidecar }: Workload): Mode {
  return sidecar === undefined || sidecar.native ? 'native' : 'plain'
}

/** A grace period in which the longest request is finished that comes at the last moment, in ms. */
function roomy(workload: Workload, settings: ReadonlyMap<string, string>): number {
  const sum =
    inMs(settings, 'settle') +
    inMs(settings, 'quiet') +
    longestRequestMs(workload) +
    inMs(settings, 'app-stop')
  return Math.ceil(sum / 1000) * 1000
}

function portOfApp(app: App): ContainerPort | undefined {
  return portsOf(app.container).find(({ number: port }) => port === app.port)
}

/** The name of the app's port goes over to lastcall: Services that target the name find it in old and new pods. */
function portName(workload: Workload, app: App, listenPort: number, step: Request['step']): string {
  const { sidecar } = workload
  if (sidecar !== undefined) {
    const own = portsOf(sidecar).find(({ number: port }) => port === listenPort)?.name
    if (own !== undefined) return own
  }
  const name = portOfApp(app)?.name
  const taken = workload.containers.some(
    (one) => one !== sidecar && portsOf(one).some((port) => port.name === 'http'),
  )
  const moves = sidecar === undefined && step === undefined
  return (moves ? name : undefined) ?? (taken ? 'lastcall-http' : 'http')
}
