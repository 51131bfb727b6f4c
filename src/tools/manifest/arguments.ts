/**
 * The command lines of `lastcall inject` and `lastcall check`. Options of lastcall are read with the proxy's own table;
 * environment variables are ignored, because a manifest must not depend on a shell. Pure.
 */
import { readFlags, type FlagKind } from '../../proxy/config/flags.ts'
import { OPTIONS } from '../../proxy/config/options.ts'
import { didYouMean } from '../../proxy/config/suggest.ts'
import { givenOptions } from './given.ts'
import type { Request } from './request.ts'
import { FORMATS, type Format } from './report.ts'
import { SEVERITIES, type Severity } from './rule.ts'
import { RULES } from './rules/table.ts'
import { readWords, type WordKind } from './words.ts'

/** Which input: the same for both commands. */
export interface Source {
  /** Files, folders, `-`; in the order in which they were given. */
  readonly files: readonly string[]
  /** Also read subfolders. */
  readonly recursive: boolean
  /** The namespace of objects that do not name one; objects of other namespaces are left alone. */
  readonly namespace: string | undefined
}

export interface InjectArguments {
  readonly source: Source
  /** Only these workloads, by name; all if empty. */
  readonly names: readonly string[]
  readonly remove: boolean
  /** A workload that cannot be injected refuses all. */
  readonly strict: boolean
  /** New sidecars get no random token. */
  readonly noToken: boolean
  readonly request: Omit<Request, 'defaultImage' | 'newToken'>
}

export interface CheckArguments {
  readonly source: Source
  readonly format: Format
  /** Only these rules; all if empty. */
  readonly only: readonly string[]
  readonly ignore: readonly string[]
  /** Findings of at least this severity make the exit code 1. */
  readonly failOn: Severity
  /** Rules to explain; nothing is checked then. */
  readonly explain: readonly string[]
}

export type ArgumentsOutcome<T> =
  | { readonly kind: 'arguments'; readonly arguments: T }
  | { readonly kind: 'problems'; readonly problems: string[] }

const SOURCE_FLAGS = {
  file: 'list',
  recursive: 'switch',
  namespace: 'value',
} as const
const OTHER_NAMES = {
  f: 'file',
  filename: 'file',
  R: 'recursive',
  n: 'namespace',
  o: 'output',
  format: 'output',
}
/** Flags of inject itself, besides those of the proxy. */
const INJECT_FLAGS = {
  ...SOURCE_FLAGS,
  name: 'list',
  mode: 'value',
  image: 'value',
  container: 'value',
  'bind-env': 'value',
  'bind-arg': 'value',
  step: 'value',
  'no-token': 'switch',
  remove: 'switch',
  strict: 'switch',
} as const
const CHECK_FLAGS = {
  ...SOURCE_FLAGS,
  output: 'value',
  only: 'list',
  ignore: 'list',
  'fail-on': 'value',
  explain: 'list',
} as const

const NOT_WITH_REMOVE = ['mode', 'image', 'container', 'bind-env', 'bind-arg', 'step', 'no-token']

/** Reads the command line of inject; `problems` lists all errors. */
export function readInjectArguments(argv: readonly string[]): ArgumentsOutcome<InjectArguments> {
  const own = new Map<string, WordKind>(Object.entries(INJECT_FLAGS))
  for (const { flag, kind } of Object.values(OPTIONS))
    own.set(flag, kind.repeats === true ? 'again' : 'value')
  const { values, missing, problems, source, list } = read(argv, own)
  const mode = values.get('mode')
  if (mode !== undefined && mode !== 'native' && mode !== 'plain')
    problems.push(`--mode ${mode}: must be native or plain${didYouMean(mode, ['native', 'plain'])}`)
  const step = values.get('step')
  if (step !== undefined && step !== 'pods' && step !== 'services')
    problems.push(`--step ${step}: must be pods or services${didYouMean(step, ['pods', 'services'])}`)
  for (const flag of ['bind-env', 'bind-arg'])
    if (/^(=|$)/.test(values.get(flag) ?? 'x'))
      problems.push(`--${flag}: needs a name, such as --${flag}=${flag === 'bind-env' ? 'HOST' : '--host'}`)
  if (values.has('bind-env') && values.has('bind-arg'))
    problems.push('--bind-env and --bind-arg cannot be combined; give one of them')
  if (values.has('no-token') && values.has('token'))
    problems.push('--no-token and --token cannot be combined; give one of them')
  const options = givenOptions(values, missing)
  const { given } = options
  problems.push(...options.problems)
  if (values.get('image') === '') problems.push('--image: is empty; name the image of lastcall')
  const remove = values.has('remove')
  if (remove && (given.size > 0 || NOT_WITH_REMOVE.some((flag) => values.has(flag))))
    problems.push('--remove: can be combined with -f, -R, -n and --name only')
  if (problems.length > 0) return { kind: 'problems', problems }
  const request: InjectArguments['request'] = {
    mode: mode === 'native' || mode === 'plain' ? mode : undefined,
    image: values.get('image'),
    container: values.get('container'),
    bindEnv: values.get('bind-env'),
    bindArg: values.get('bind-arg'),
    step: step === 'pods' || step === 'services' ? step : undefined,
    given,
  }
  return {
    kind: 'arguments',
    arguments: {
      source,
      names: list('name'),
      remove,
      strict: values.has('strict'),
      noToken: values.has('no-token'),
      request,
    },
  }
}

/** Reads the command line of check; `problems` lists all errors. */
export function readCheckArguments(argv: readonly string[]): ArgumentsOutcome<CheckArguments> {
  const { values, problems, source, list } = read(argv, new Map(Object.entries(CHECK_FLAGS)))
  const choose = <T extends string>(flag: string, known: readonly T[], initial: T): T => {
    const said = values.get(flag) ?? initial
    const found = known.find((one) => one === said)
    const all = known.join(', ').replace(/, (?=[^,]*$)/, ' or ')
    if (found === undefined) problems.push(`--${flag} ${said}: must be ${all}${didYouMean(said, known)}`)
    return found ?? initial
  }
  const rules = (flag: string): readonly string[] => {
    const ids = RULES.map(({ id }) => id)
    for (const said of list(flag))
      if (!ids.includes(said))
        problems.push(
          `--${flag} ${said}: no such rule${didYouMean(said, ids) || '; docs/rules.md lists all'}`,
        )
    return list(flag)
  }
  const checked: CheckArguments = {
    source,
    format: choose('output', FORMATS, 'text'),
    only: rules('only'),
    ignore: rules('ignore'),
    failOn: choose('fail-on', SEVERITIES, 'error'),
    explain: rules('explain'),
  }
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'arguments', arguments: checked }
}

function read(argv: readonly string[], known: ReadonlyMap<string, WordKind>) {
  const { rest, lists, loose, problems: early } = readWords(argv, known, OTHER_NAMES)
  const flags = new Map<string, FlagKind>()
  for (const [name, kind] of known) if (kind !== 'list') flags.set(name, kind === 'again' ? 'list' : kind)
  const { values, missing, problems: later } = readFlags(rest, flags)
  const problems = [...early, ...later]
  const list = (name: string): string[] =>
    (lists.get(name) ?? []).flatMap((said) => said.split(',').map((part) => part.trim())).filter(Boolean)
  if (values.get('namespace') === '') problems.push('-n: is empty; name a namespace')
  const source: Source = {
    // A file whose name contains a comma is still found: see files.ts.
    files: [...(lists.get('file') ?? []), ...loose],
    recursive: values.has('recursive'),
    namespace: values.get('namespace'),
  }
  return { values, missing, problems, source, list }
}
