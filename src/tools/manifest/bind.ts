/**
 * How to make an app listen on loopback only, so that lastcall can have its port on the pod's addresses: by a setting
 * from the table (bindings.ts), or one that the user names. Only settings that are certain are used. Pure.
 */
import type { App } from './app.ts'
import {
  flagIn,
  isScript,
  LOOPBACK,
  namesIn,
  onLoopback,
  scriptOnLoopback,
  wordsOf,
  type Word,
  type WordBinding,
} from './bind-words.ts'
import { SERVERS, type Server } from './bindings.ts'
import { at, list, text } from './tree.ts'
import { ownPort, portsOf, type Container } from './workload.ts'

/** The change to the app's container. */
export type Binding =
  | WordBinding
  /** A variable; `index` is its entry in env, or -1. */
  | { readonly kind: 'variable'; readonly name: string; readonly value: string; readonly index: number }
  /** Words at the end of the command line. */
  | { readonly kind: 'append'; readonly words: readonly string[] }

export type BindingReading =
  | { readonly kind: 'binding'; readonly binding: Binding }
  | { readonly kind: 'unknown' }
  /** The setting that the user has named cannot be made. */
  | { readonly kind: 'problem'; readonly why: string }

/** The setting that the user names: `NAME`, or `NAME=VALUE` if the server expects something other than 127.0.0.1. */
export interface Named {
  readonly bindEnv: string | undefined
  readonly bindArg: string | undefined
}

/** How to make this app listen on loopback; `named` takes precedence over the table. */
export function bindingOf(app: App, named: Named): BindingReading {
  if (named.bindEnv !== undefined) return namedVariable(app, named.bindEnv)
  if (named.bindArg !== undefined) return namedFlag(app, named.bindArg)
  const words = wordsOf(app.container)
  const line: CommandLine = { words, programs: words.flatMap(namesIn), image: repositoryOf(app.container) }
  for (const server of SERVERS) {
    const binding = mayMove(server, app) ? tableBinding(server, app, line) : undefined
    if (binding !== undefined) return { kind: 'binding', binding }
  }
  return { kind: 'unknown' }
}

/** A setting that moves all ports of the app may be used only if nothing uses the others. */
function mayMove(server: Server, { container, port }: App): boolean {
  if (server.all !== true) return true
  const declared = portsOf(container).map(({ number }) => number)
  const probed = ['livenessProbe', 'startupProbe'].flatMap((probe) =>
    ['httpGet', 'tcpSocket', 'grpc'].map((how) =>
      ownPort(container, at(container.value, probe, how, 'port')),
    ),
  )
  return [...declared, ...probed].every((one) => one === undefined || one === port)
}

/** What a container runs, according to the manifest. */
interface CommandLine {
  readonly words: readonly Word[]
  readonly programs: readonly string[]
  readonly image: string
}

function tableBinding(
  server: Server,
  { container, port }: App,
  { words, programs, image }: CommandLine,
): Binding | undefined {
  const shown = server.image?.test(image) === true
  const runs = programs.some((name) => server.program?.test(name) === true)
  if (server.flags !== undefined && (runs || shown)) {
    const flag = flagIn(words, server.flags, port)
    if (flag !== 'absent') return flag
  }
  // A command in the manifest may start something other than the image's own program.
  const own = shown && (runs || words.every(({ list: where }) => where === 'args'))
  for (const name of server.variables ?? []) {
    const index = rowOf(container, name)
    const value = text(at(list(container.value['env'])[index], 'value'))
    if (index === -1) {
      if (own && server.unsaid === true) return { kind: 'variable', name, value: LOOPBACK, index }
      continue
    }
    const moved =
      value === undefined
        ? undefined
        : server.holdsFlags === true
          ? scriptOnLoopback(value, server.flags ?? [], port)
          : onLoopback(value, port)
    if (moved === undefined) return undefined
    return moved === value ? { kind: 'there' } : { kind: 'variable', name, value: moved, index }
  }
  return undefined
}

function namedVariable({ container, port }: App, said: string): BindingReading {
  const [name = '', ...rest] = said.split('=')
  const index = rowOf(container, name)
  const row = list(container.value['env'])[index]
  if (at(row, 'valueFrom') !== undefined)
    return problem(
      `takes ${name} from valueFrom, but --bind-env must set it: write the value into the manifest`,
    )
  const there = text(at(row, 'value'))
  const wanted = rest.length > 0 ? rest.join('=') : ((there && onLoopback(there, port)) ?? LOOPBACK)
  return found(there === wanted ? { kind: 'there' } : { kind: 'variable', name, value: wanted, index })
}

function namedFlag({ container, port }: App, said: string): BindingReading {
  const [flag = '', ...rest] = said.split('=')
  const words = wordsOf(container)
  const wanted = rest.length > 0 ? rest.join('=') : undefined
  const there = flagIn(words, [flag], port, wanted)
  if (there === undefined)
    return problem(
      `has ${flag} with a value in which --bind-arg cannot find the address: use --bind-arg ${flag}=VALUE`,
    )
  if (there !== 'absent') return found(there)
  if (words.length === 0 || words.some(isScript))
    return problem(
      `has no command line in the manifest to which ${flag} could be added (it would replace the image's own): write command and args into the manifest, or use --bind-env NAME`,
    )
  const value = wanted ?? LOOPBACK
  return found({ kind: 'append', words: flag.startsWith('--') ? [`${flag}=${value}`] : [flag, value] })
}

function found(binding: Binding): BindingReading {
  return { kind: 'binding', binding }
}

function problem(why: string): BindingReading {
  return { kind: 'problem', why }
}

function rowOf({ value }: Container, name: string): number {
  return list(value['env']).findIndex((row) => at(row, 'name') === name)
}

/** The name of an image without its tag and digest. */
function repositoryOf({ value }: Container): string {
  return (text(value['image']) ?? '').replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}
