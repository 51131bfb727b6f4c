/**
 * The plan for the sidecar of a workload: ports and options, from the request, the existing sidecar and the pod. The
 * table of options validates it, as lastcall itself will at its start. Pure.
 */
import { readConfig } from '../../proxy/config/parse.ts'
import { parseDuration, printDuration } from '../../proxy/config/units.ts'
import { variableOf } from '../../proxy/config/option.ts'
import { OPTIONS } from '../../proxy/config/options.ts'
import { bindingOf } from './bind.ts'
import { canShare, frontsOf, movesAll, ownAddresses, portText, type AppPort } from './fronts.ts'
import type { Request } from './request.ts'
import { freePort, listensIn, portIn, takenPorts } from './ports.ts'
import { probeHealth } from './probe.ts'
import type { Mode, SidecarPlan } from './sidecar.ts'
import { argsOf, argumentsOf, expanded, onPodIps, POD_IPS, podIps, settingsIn } from './settings.ts'
import { at, number, text } from './tree.ts'
import type { Place, Workload } from './workload.ts'

export type Planned =
  | {
      readonly kind: 'plan'
      readonly plan: SidecarPlan
      readonly graceSeconds: number
      readonly remarks: readonly string[]
    }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/**
 * Plain sidecars are for old clusters, and kubelets before 1.26 send hooks without their httpHeaders (feature gate
 * ConsistentHTTPGetHandlers): with a token, lastcall would refuse every hook, and the app would be stopped at once.
 */
const NO_TOKEN =
  'no token was set, because kubelets before Kubernetes 1.26 do not send header fields with hooks; ' +
  'on later versions add --token TOKEN'
/** The longest request that is assumed without an annotation. */
const LONGEST_REQUEST_MS = 30_000
/** The annotation of a pod that states its longest request: `lastcall.dev/longest-request: 90s`. */
export const LONGEST_REQUEST = 'lastcall.dev/longest-request'

/** The longest request of a workload in ms: from the annotation of its pods, or else 30 s. */
export function longestRequestMs(workload: Workload): number {
  const reading = parseDuration(text(at(workload.pod, 'metadata', 'annotations', LONGEST_REQUEST)) ?? '')
  return reading.kind === 'ok' ? reading.value : LONGEST_REQUEST_MS
}

/** The plan for a workload, or every reason why these options cannot be used. */
export function planned(
  workload: Workload,
  places: readonly Place[],
  apps: readonly [AppPort, ...AppPort[]],
  request: Request,
): Planned {
  const { sidecar } = workload
  const [app, ...others] = apps
  const settings = settingsIn(sidecar)
  // --port and --listen/--app exclude each other: the options that were given replace the sidecar's of the other kind.
  if (request.given.has('port')) for (const flag of ['listen', 'app', 'protocol']) settings.delete(flag)
  else if (request.given.has('listen') || request.given.has('app')) settings.delete('port')
  const health = sidecar === undefined ? probeHealth(app) : undefined
  if (health?.kind === 'moves') for (const [flag, value] of health.settings) settings.set(flag, value)
  for (const [flag, value] of request.given) settings.set(flag, value)
  const binding = bindingOf(app, request)
  if (binding.kind === 'problem') return { kind: 'problems', problems: [binding.why] }
  const shared = (one: AppPort): boolean =>
    binding.kind === 'binding' &&
    canShare(workload, one, request) &&
    (one === app || (movesAll(request) && one.container === app.container))
  const bare = request.mode === 'plain' && sidecar === undefined && !settings.has('token')
  const token = tokenFor(workload, bare ? { ...request, newToken: undefined } : request, settings)
  const remarks = [...(health?.remarks ?? [])]
  if (bare && request.newToken !== undefined) remarks.push(NO_TOKEN)
  const taken = new Set(apps.flatMap(({ port }) => [...takenPorts(workload, places, port).keys()]))
  const many = others.length > 0 || settings.has('port')
  if (many) {
    const admin = portIn(settings.get('admin'))
    const used = admin === undefined ? taken : new Set([...taken, admin])
    if (!settings.has('port')) settings.set('port', portText(apps, shared, used))
    if (!request.given.has('port')) settings.delete('protocol')
  } else if (!settings.has('listen') && shared(app)) settings.set('listen', ownAddresses(app.port))
  for (const flag of many ? (['admin'] as const) : (['listen', 'admin'] as const)) {
    if (settings.has(flag)) continue
    const own = many
      ? listensIn(settings.get('port'))
      : [portIn(settings.get(flag === 'listen' ? 'admin' : 'listen'))]
    settings.set(flag, `:${freePort(flag, new Set([...taken, ...own.filter((one) => one !== undefined)]))}`)
  }
  if (!many && !settings.has('app')) settings.set('app', `127.0.0.1:${app.port}`)
  const said = workload.spec['terminationGracePeriodSeconds'] ?? undefined
  const podSeconds = number(said)
  if (said !== undefined && podSeconds === undefined)
    return {
      kind: 'problems',
      problems: [
        `has terminationGracePeriodSeconds: ${JSON.stringify(said)}, which is no number: give inject what the template makes (helm template, kustomize build, envsubst), or correct it`,
      ],
    }
  if (!request.given.has('grace-period') && podSeconds !== undefined) {
    const rest = podSeconds * 1000 - (roomy(workload, settings) - longestRequestMs(workload))
    const short = rest <= 0 || tooShort(podSeconds * 1000, settings)
    const ms = short ? roomy(workload, settings) : podSeconds * 1000
    settings.set('grace-period', printDuration(ms))
    if (short)
      remarks.push(
        `its terminationGracePeriodSeconds of ${podSeconds} leaves no time for a drain; inject raises it to ${ms / 1000}. ` +
          'A stop still takes only as long as requests need',
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
      problems: outcome.problems.map((problem) => `cannot have these options. ${problem}`),
    }
  const { config } = outcome
  const problems = [
    config.gracePeriodMs % 1000 === 0
      ? undefined
      : `needs a grace period in whole seconds, because terminationGracePeriodSeconds is an integer: round --grace-period ${printDuration(config.gracePeriodMs)}`,
    config.admin.host === undefined
      ? undefined
      : `needs an --admin port that the kubelet can reach, on all addresses: write --admin :${config.admin.port}`,
    ...config.ports
      .filter((served) => served.listen.host !== undefined && !onPodIps(served))
      .map(
        ({ listen }) =>
          `needs a --listen port that clients can reach, on all addresses: write ${many ? `--port ${listen.port}=PORT` : `--listen :${listen.port}`}`,
      ),
    [config.admin, ...config.ports.map(({ listen }) => listen)].some(({ port }) => port === 0)
      ? 'needs fixed port numbers: with port 0 the kernel chooses one'
      : undefined,
  ].filter((problem) => problem !== undefined)
  if (problems.length > 0) return { kind: 'problems', problems }
  const fronts = frontsOf(workload, apps, config, request.step)
  const plan: SidecarPlan = {
    mode: request.mode ?? modeOf(workload),
    image: request.image ?? text(sidecar?.value['image']) ?? request.defaultImage,
    settings,
    args: argsOf(token === 'env' ? new Map([...settings].filter(([flag]) => flag !== 'token')) : settings),
    env: [
      ...(fronts.some(({ samePort }) => samePort)
        ? [{ name: POD_IPS, valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } }]
        : []),
      ...(token === 'env' && config.token !== undefined
        ? [{ name: variableOf('token'), value: config.token }]
        : []),
    ],
    fronts,
    binding: binding.kind === 'binding' ? binding.binding : undefined,
    adminPort: config.admin.port,
    token: config.token,
    podIsRoot: at(workload.spec, 'securityContext', 'runAsUser') === 0,
  }
  const wish = roomy(workload, settings)
  const lack = wish - config.gracePeriodMs
  const longest = longestRequestMs(workload)
  if (lack > 0)
    remarks.push(
      `with a grace period of ${printDuration(config.gracePeriodMs)}, requests that take longer than ` +
        `${printDuration(Math.max(0, longest - lack))} may be cut; --grace-period ${printDuration(wish)} is ` +
        `enough for requests of ${printDuration(longest)}`,
    )
  return { kind: 'plan', plan, graceSeconds: config.gracePeriodMs / 1000, remarks }
}

/** Where the token is kept: in the arguments if a user has put it there, or else in a variable. Creates one for a new sidecar. */
function tokenFor({ sidecar }: Workload, request: Request, settings: Map<string, string>): 'args' | 'env' {
  if (sidecar === undefined && !settings.has('token') && request.newToken !== undefined)
    settings.set('token', request.newToken())
  const inArgs = sidecar !== undefined && argumentsOf(sidecar).some((one) => /^--token(=|$)/.test(one))
  return inArgs ? 'args' : 'env'
}

const JUDGED = new Map<string, boolean>()
const MOST_JUDGED = 100

/** Whether a grace period is too short for the configured settle, quiet and app-stop times. */
function tooShort(graceMs: number, settings: ReadonlyMap<string, string>): boolean {
  const times = new Map([['grace-period', printDuration(graceMs)]])
  for (const flag of ['settle', 'quiet', 'app-stop']) times.set(flag, printDuration(inMs(settings, flag)))
  const args = argsOf(times)
  // Most workloads of a bundle have the same times.
  const known = JUDGED.get(args.join(' '))
  if (known !== undefined) return known
  const short = readConfig(args, {}).kind === 'problems'
  if (JUDGED.size < MOST_JUDGED) JUDGED.set(args.join(' '), short)
  return short
}

function initialOf(flag: string): string {
  const option = Object.values(OPTIONS).find((one) => one.flag === flag)
  return option?.initial.kind === 'text' ? option.initial.text : ''
}

/** The value of a duration option in ms, or its default. */
function inMs(settings: ReadonlyMap<string, string>, flag: string): number {
  const reading = parseDuration(settings.get(flag) ?? initialOf(flag))
  return reading.kind === 'ok' ? reading.value : 0
}

function modeOf({ sidecar }: Workload): Mode {
  return sidecar === undefined || sidecar.native ? 'native' : 'plain'
}

/** The grace period in ms that is enough for the longest request, even if it arrives at the last moment. */
function roomy(workload: Workload, settings: ReadonlyMap<string, string>): number {
  const sum =
    inMs(settings, 'settle') +
    inMs(settings, 'quiet') +
    longestRequestMs(workload) +
    inMs(settings, 'app-stop')
  return Math.ceil(sum / 1000) * 1000
}
