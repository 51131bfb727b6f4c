/**
 * The options of lastcall in a manifest: in `args` and `env` of its container, both read with the table of options
 * (config/options.ts). Pure.
 */
import { parseApp } from '../../proxy/config/address.ts'
import type { Config } from '../../proxy/config/config.ts'
import { VARIABLE_PREFIX, variableOf } from '../../proxy/config/option.ts'
import { OPTIONS } from '../../proxy/config/options.ts'
import { readConfig, type Outcome } from '../../proxy/config/parse.ts'
import { parsePorts } from '../../proxy/config/ports.ts'
import { at, list, text } from './tree.ts'
import { variable, type Container } from './workload.ts'

/** Flags by name, without dashes. */
export type Settings = ReadonlyMap<string, string>

/** Repeatable flags; their values are joined with spaces. */
const REPEATED: ReadonlySet<string> = new Set(
  Object.values(OPTIONS).flatMap(({ flag, kind }) => (kind.repeats === true ? [flag] : [])),
)

/** The flags of `args`. configOf reports what lastcall would refuse. */
function settingsOf(args: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>()
  for (let i = 0; i < args.length; i += 1) {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(args[i]!) ?? []
    if (name === undefined) continue
    const said = value ?? args[(i += 1)] ?? ''
    const before = REPEATED.has(name) ? settings.get(name) : undefined
    settings.set(name, before === undefined ? said : `${before} ${said}`)
  }
  return settings
}

/** In the order of the table, so that equal settings give equal arguments. */
export function argsOf(settings: Settings): string[] {
  return Object.values(OPTIONS).flatMap(({ flag }) => {
    const value = settings.get(flag)
    if (value === undefined) return []
    const values = REPEATED.has(flag) ? value.split(/\s+/).filter((one) => one !== '') : [value]
    return values.map((one) => `--${flag}=${one}`)
  })
}

/** The variable of the sidecar that holds the pod's addresses, for `--listen=[$(POD_IPS)]:3000`. */
export const POD_IPS = 'POD_IPS'
/** Stand-ins for the addresses of a pod, which a manifest does not know (RFC 5737, RFC 3849). */
const STAND_INS: Readonly<Record<string, string>> = {
  'status.podIP': '192.0.2.1',
  'status.podIPs': '192.0.2.1,2001:db8::1',
}

/** Expands `$(NAME)` in arguments as the kubelet does: unknown names stay, and `$$` is a dollar sign. */
export function expanded(argument: string, lookup: (name: string) => string | undefined): string {
  return argument.replaceAll(/\$(?:\$|\(([^()]+)\))/g, (all, name?: string) =>
    name === undefined ? '$' : (lookup(name) ?? all),
  )
}

/** The stand-in for POD_IPS; undefined for other variables. */
export function podIps(name: string): string | undefined {
  return name === POD_IPS ? STAND_INS['status.podIPs'] : undefined
}

/** The value of a variable of a container, if the manifest contains it or it is an address of the pod. */
function valueOf(container: Container, name: string): string | undefined {
  const row = list(container.value['env']).find((one) => at(one, 'name') === name)
  const field = text(at(row, 'valueFrom', 'fieldRef', 'fieldPath')) ?? ''
  return text(at(row, 'value')) ?? STAND_INS[field]
}

/** The arguments of a container that is lastcall. */
export function argumentsOf(sidecar: Container): string[] {
  return list(sidecar.value['args']).map((one) => text(one) ?? JSON.stringify(one))
}

/** The options of lastcall's container in the manifest, flags and variables; empty without a container. */
export function settingsIn(sidecar: Container | undefined): Map<string, string> {
  if (sidecar === undefined) return new Map()
  const said = Object.values(OPTIONS).flatMap(({ flag }) => {
    const value = variable(sidecar, variableOf(flag))
    return value === undefined ? [] : [[flag, value] as const]
  })
  return new Map([...said, ...settingsOf(argumentsOf(sidecar))])
}

/**
 * The configuration that a sidecar will have, or the errors with which lastcall will refuse to start. A variable from
 * valueFrom (a Secret) is ignored, except for the token: that there is one matters.
 */
export function configOf(sidecar: Container): Outcome {
  const env: Record<string, string> = {}
  for (const row of list(sidecar.value['env'])) {
    const name = text(at(row, 'name')) ?? ''
    const value = text(at(row, 'value'))
    if (!name.startsWith(VARIABLE_PREFIX)) continue
    if (value !== undefined) env[name] = value
    else if (name === `${VARIABLE_PREFIX}TOKEN`) env[name] = 'unknown'
  }
  const args = argumentsOf(sidecar).map((one) => expanded(one, (name) => valueOf(sidecar, name)))
  return readConfig(args, env)
}

/** The configuration that a sidecar will have; undefined if there is no sidecar or its options are invalid. */
export function configIn(sidecar: Container | undefined): Config | undefined {
  if (sidecar === undefined) return undefined
  const outcome = configOf(sidecar)
  return outcome.kind === 'config' ? outcome.config : undefined
}

/** The app's ports in the arguments and variables of a sidecar, even if other options are invalid. */
export function appPortsIn(sidecar: Container | undefined): readonly number[] {
  const said = settingsIn(sidecar)
  const several = parsePorts(expanded(said.get('port') ?? '', podIps))
  const one = parseApp(said.get('app') ?? '127.0.0.1:3000')
  const apps =
    several.kind === 'ok' ? several.value.map(({ app }) => app) : one.kind === 'ok' ? [one.value] : []
  return apps.flatMap((app) => (app.kind === 'tcp' ? [app.port] : []))
}

/** Whether lastcall listens on the app's own port on specific addresses, so that the app can have it on loopback. */
export function sharesPort({ listen, app }: Pick<Config, 'listen' | 'app'>): boolean {
  return app.kind === 'tcp' && app.port === listen.port && listen.host !== undefined
}

/** Whether lastcall listens on the addresses of the pod, as inject writes it. */
export function onPodIps(served: Pick<Config, 'listen' | 'app'>): boolean {
  return sharesPort(served) && served.listen.host === STAND_INS['status.podIP']
}
