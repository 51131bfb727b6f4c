/**
 * Options of lastcall for inject: from its command line, or from annotations of a workload, which take precedence. Pure.
 */
import { readFlags, type FlagKind } from '../../proxy/config/flags.ts'
import type { Option } from '../../proxy/config/option.ts'
import { OPTIONS } from '../../proxy/config/options.ts'
import type { Request } from './request.ts'
import { at, text } from './tree.ts'
import type { Settings } from './settings.ts'
import type { Workload } from './workload.ts'

/** `"false"`: inject leaves the object alone, as the Kustomize component does. */
export const INJECT = 'lastcall.dev/inject'
/**
 * Options of lastcall, written as flags and separated by spaces or newlines: `--app=127.0.0.1:8000 --settle=5s`; also
 * --bind-env and --bind-arg.
 */
const CONFIG = 'lastcall.dev/config'
/** The name of the container that is the app. */
const CONTAINER = 'lastcall.dev/container'

/** The options of lastcall among the flags that were read, each validated by its kind. */
export function givenOptions(
  values: ReadonlyMap<string, string>,
  missing: ReadonlySet<string>,
): { readonly given: Map<string, string>; readonly problems: string[] } {
  const given = new Map<string, string>()
  const problems: string[] = []
  for (const option of Object.values(OPTIONS) as Option<unknown>[]) {
    const said = values.get(option.flag)
    if (said === undefined || missing.has(option.flag)) continue
    const reading = option.kind.read(said)
    if (reading.kind === 'bad')
      problems.push(`--${option.flag}${option.secret === true ? '' : ` ${said}`}: ${reading.why}`)
    given.set(option.flag, said)
  }
  return { given, problems }
}

export type RequestReading =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'bad'; readonly why: readonly string[] }

/** The request for one workload: its own annotations override the command line. */
export function requestFor(workload: Workload, request: Request): RequestReading {
  const container = annotationOf(workload, CONTAINER) ?? request.container
  const config = annotationOf(workload, CONFIG)
  if (config === undefined) return { kind: 'request', request: { ...request, container } }
  const { given, bindEnv, bindArg, problems } = optionsIn(config)
  if (problems.length > 0)
    return {
      kind: 'bad',
      why: problems.map((problem) => `${workload.title} has an invalid annotation ${CONFIG}. ${problem}`),
    }
  const bind = bindEnv === undefined && bindArg === undefined ? {} : { bindEnv, bindArg }
  return {
    kind: 'request',
    request: { ...request, ...bind, container, given: new Map([...request.given, ...given]) },
  }
}

/** Whether an annotation of an object says that inject must not change it. */
export function optsOut(value: Workload['item']['value'], podPath: Workload['podPath'] = []): boolean {
  const said = (path: Workload['podPath']) => at(value, ...path, 'metadata', 'annotations', INJECT)
  return [said([]), said(podPath)].some((one) => one === 'false' || one === false)
}

/** An annotation of the workload, or of its pods. */
function annotationOf({ item, pod }: Workload, name: string): string | undefined {
  return (
    text(at(item.value, 'metadata', 'annotations', name)) ?? text(at(pod, 'metadata', 'annotations', name))
  )
}

const KNOWN = new Map<string, FlagKind>(['bind-env', 'bind-arg'].map((flag) => [flag, 'value']))
for (const { flag, kind } of Object.values(OPTIONS)) KNOWN.set(flag, kind.repeats === true ? 'list' : 'value')

interface InAnnotation {
  readonly given: Settings
  readonly bindEnv: string | undefined
  readonly bindArg: string | undefined
  readonly problems: readonly string[]
}

function optionsIn(config: string): InAnnotation {
  // A value may contain spaces: the next option begins at two dashes, or on the next line.
  const words = config
    .split(/\n|\s(?=--)/)
    .map((word) => word.trim().replace(/^(--[\w-]+)\s+/, '$1='))
    .filter(Boolean)
  const { values, missing, problems } = readFlags(words, KNOWN)
  const read = givenOptions(values, missing)
  return {
    given: read.given,
    bindEnv: values.get('bind-env'),
    bindArg: values.get('bind-arg'),
    problems: [...problems, ...read.problems],
  }
}
