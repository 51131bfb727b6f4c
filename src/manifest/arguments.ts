/**
 * The command lines of `lastcall inject` and `lastcall check`. Options of lastcall are read by the table that the
 * proxy has; environment variables do not count: what a manifest gets must not depend on a shell. Pure.
 */
import { readFlags, type FlagKind } from '../config/flags.ts'
import { OPTIONS } from '../config/options.ts'
import type { Option } from '../config/option.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Request } from './inject.ts'
import { FORMATS, type Format } from './report.ts'

export interface InjectArguments {
  readonly files: readonly string[]
  /** Only these workloads, by name; all if empty. */
  readonly names: readonly string[]
  readonly remove: boolean
  /** One workload that cannot be injected refuses all. */
  readonly strict: boolean
  readonly request: Omit<Request, 'defaultImage'>
}

export interface CheckArguments {
  readonly files: readonly string[]
  readonly format: Format
}

export type ArgumentsOutcome<T> =
  | { readonly kind: 'arguments'; readonly arguments: T }
  | { readonly kind: 'problems'; readonly problems: string[] }

export function readInjectArguments(argv: readonly string[]): ArgumentsOutcome<InjectArguments> {
  const { rest, values: repeated, problems: early } = takeRepeated(argv)
  const known = new Map<string, FlagKind>(Object.values(OPTIONS).map(({ flag }) => [flag, 'value']))
  for (const flag of ['mode', 'image', 'container']) known.set(flag, 'value')
  for (const flag of ['remove', 'strict']) known.set(flag, 'switch')
  const { values, missing, problems: mistakes } = readFlags(rest, known)
  const problems = [...early, ...mistakes]
  const mode = values.get('mode')
  if (mode !== undefined && mode !== 'native' && mode !== 'plain')
    problems.push(`--mode ${mode}: must be native or plain${didYouMean(mode, ['native', 'plain'])}`)
  const given = new Map<string, string>()
  for (const option of Object.values(OPTIONS) as Option<unknown>[]) {
    const text = values.get(option.flag)
    if (text === undefined || missing.has(option.flag)) continue
    const reading = option.kind.read(text)
    if (reading.kind === 'bad')
      problems.push(`--${option.flag}${option.secret === true ? '' : ` ${text}`}: ${reading.why}`)
    given.set(option.flag, text)
  }
  if (values.get('image') === '') problems.push('--image: is empty; name the image of lastcall')
  const remove = values.has('remove')
  if (remove && (given.size > 0 || ['mode', 'image', 'container'].some((flag) => values.has(flag))))
    problems.push('--remove: takes lastcall out, so no other options go with it but -f and --name')
  if (problems.length > 0) return { kind: 'problems', problems }
  const request: InjectArguments['request'] = {
    mode: mode === 'native' || mode === 'plain' ? mode : undefined,
    image: values.get('image'),
    container: values.get('container'),
    given,
  }
  const strict = values.has('strict')
  return {
    kind: 'arguments',
    arguments: { files: repeated.file, names: repeated.name, remove, strict, request },
  }
}

export function readCheckArguments(argv: readonly string[]): ArgumentsOutcome<CheckArguments> {
  const { rest, values: repeated, problems: early } = takeRepeated(argv)
  const { values, problems: mistakes } = readFlags(rest, new Map([['format', 'value']]))
  const problems = [...early, ...mistakes]
  const format = values.get('format') ?? 'text'
  const known = FORMATS.find((one) => one === format)
  if (known === undefined)
    problems.push(`--format ${format}: must be text, json or github${didYouMean(format, FORMATS)}`)
  if (repeated.name.length > 0) problems.push('--name: is for inject; check judges all of its input')
  if (problems.length > 0 || known === undefined) return { kind: 'problems', problems }
  return { kind: 'arguments', arguments: { files: repeated.file, format: known } }
}

const REPEATED = { f: 'file', file: 'file', filename: 'file', name: 'name' } as const

/** Flags that may be given several times, taken out: -f FILE, -fFILE, --file=FILE, --name NAME. */
function takeRepeated(argv: readonly string[]) {
  const values = { file: [] as string[], name: [] as string[] }
  const rest: string[] = []
  const problems: string[] = []
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i]!
    const [, short, glued, long, value] =
      /^(?:-(f)=?(.*)|--(file|filename|name)(?:=(.*))?)$/s.exec(word) ?? []
    const flag = short ?? long
    if (flag === undefined) {
      rest.push(word)
      continue
    }
    const said = (glued === '' ? undefined : glued) ?? value ?? argv[(i += 1)]
    const dashed = flag === 'f' ? '-f' : `--${flag}`
    if (said === undefined || said === '' || (said.startsWith('-') && said !== '-'))
      problems.push(`${dashed}: needs a value`)
    else values[REPEATED[flag as keyof typeof REPEATED]].push(said)
  }
  return { rest, values, problems }
}
