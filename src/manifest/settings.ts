/**
 * The options of lastcall as a manifest holds them: in `args` and `env` of its container. The table of options
 * (config/options.ts) is the judge of both. Pure.
 */
import type { Config } from '../config/config.ts'
import { VARIABLE_PREFIX, variableOf } from '../config/option.ts'
import { OPTIONS } from '../config/options.ts'
import { readConfig, type Outcome } from '../config/parse.ts'
import { at, list, text } from './tree.ts'
import { variable, type Container } from './workload.ts'

/** Flags by name, without dashes. */
export type Settings = ReadonlyMap<string, string>

/** What the flags of `args` say. What lastcall would refuse is configOf's to tell. */
function settingsOf(args: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>()
  for (let i = 0; i < args.length; i += 1) {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(args[i]!) ?? []
    if (name === undefined) continue
    settings.set(name, value ?? args[(i += 1)] ?? '')
  }
  return settings
}

/** In the order of the table: one form for one meaning. */
export function argsOf(settings: Settings): string[] {
  return Object.values(OPTIONS).flatMap(({ flag }) => {
    const value = settings.get(flag)
    return value === undefined ? [] : [`--${flag}=${value}`]
  })
}

/** The arguments of a container that is lastcall. */
function argumentsOf(sidecar: Container): string[] {
  return list(sidecar.value['args']).map((one) => text(one) ?? JSON.stringify(one))
}

/** The options of a container that is lastcall, flags and variables: what stands in the manifest itself. Without one, none. */
export function settingsIn(sidecar: Container | undefined): Map<string, string> {
  if (sidecar === undefined) return new Map()
  const said = Object.values(OPTIONS).flatMap(({ flag }) => {
    const value = variable(sidecar, variableOf(flag))
    return value === undefined ? [] : [[flag, value] as const]
  })
  return new Map([...said, ...settingsOf(argumentsOf(sidecar))])
}

/**
 * The configuration that a sidecar will have, or what lastcall will say instead of starting. A variable whose value
 * comes from elsewhere (a Secret) counts as unsaid, unless it is the token: that there is one matters.
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
  return readConfig(argumentsOf(sidecar), env)
}

/** The configuration that a sidecar will have, where it has one. */
export function configIn(sidecar: Container | undefined): Config | undefined {
  if (sidecar === undefined) return undefined
  const outcome = configOf(sidecar)
  return outcome.kind === 'config' ? outcome.config : undefined
}
