/**
 * The command lines of `kubectl lastcall`, in kubectl's own manner: TYPE/NAME or TYPE NAME, `-n`, `--context`, `-l`, `-A`,
 * `-o json`. Pure.
 */
import { readFlags, type FlagKind } from '../../proxy/config/flags.ts'
import { didYouMean } from '../../proxy/config/suggest.ts'
import { readWords, type WordKind } from '../manifest/words.ts'

export interface Asked {
  /** TYPE/NAME, as the user wrote the two. */
  readonly targets: readonly string[]
  /** Flags for each call of kubectl: its context, its namespace, and who calls. */
  readonly kubectlFlags: readonly string[]
  readonly namespace: string | undefined
  readonly selector: string | undefined
  readonly allNamespaces: boolean
  readonly output: 'text' | 'json'
  /** The command's own flags, by name without dashes; a switch that was given has the empty text. */
  readonly values: ReadonlyMap<string, string>
  /** Own flags whose value is missing; `problems` says so already. */
  readonly missing: ReadonlySet<string>
}

export type AskedOutcome =
  | { readonly kind: 'asked'; readonly asked: Asked }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** Whom kubectl talks to, and as whom: handed on as they are. Not `--token`, which is lastcall's. */
const HANDED_ON = [
  'namespace',
  'context',
  'kubeconfig',
  'cluster',
  'user',
  'as',
  'as-group',
  'server',
  'request-timeout',
] as const
const COMMON: ReadonlyMap<string, WordKind> = new Map<string, WordKind>([
  ...HANDED_ON.map((name) => [name, name === 'as-group' ? 'again' : 'value'] as const),
  ['selector', 'value'],
  ['all-namespaces', 'switch'],
  ['output', 'value'],
])
const OTHER_NAMES = { n: 'namespace', l: 'selector', A: 'all-namespaces', o: 'output', s: 'server' }

/** Which of the common arguments a command has. */
export interface Takes {
  /** How many TYPE/NAME. */
  readonly targets: 'one' | 'any'
  /** `-l` and `-A`. */
  readonly several: boolean
  /** The command's own flags. */
  readonly flags: ReadonlyMap<string, WordKind>
}

/** Reads a command line; `problems` has everything that is wrong with it. */
export function readAsked(argv: readonly string[], takes: Takes): AskedOutcome {
  const known = new Map([...takes.flags, ...COMMON])
  const { rest, loose, problems: early } = readWords(argv, known, OTHER_NAMES)
  const flags = new Map<string, FlagKind>()
  for (const [name, kind] of known) flags.set(name, kind === 'again' || kind === 'list' ? 'list' : kind)
  const { values, missing, problems: later } = readFlags(rest, flags)
  const problems = [...early, ...later.map(explained)]
  const { targets, problem } = targetsOf(loose)
  if (problem !== undefined) problems.push(problem)
  const output = values.get('output') ?? 'text'
  if (output !== 'json' && output !== 'text')
    problems.push(`-o ${output}: must be json${didYouMean(output, ['json'])}`)
  if (!takes.several && values.has('selector'))
    problems.push('-l: this command changes one workload; name it, such as deploy/web')
  if (!takes.several && values.has('all-namespaces'))
    problems.push('-A: this command changes one workload; name it, and its namespace with -n')
  if (takes.targets === 'one' && problem === undefined && targets.length !== 1)
    problems.push(
      targets.length === 0
        ? 'name a workload as TYPE/NAME, such as deploy/web'
        : `${targets.join(' ')}: name only one workload`,
    )
  if (targets.length > 0 && (values.has('selector') || values.has('all-namespaces')))
    problems.push(`${targets.join(' ')}: cannot be combined with -l or -A`)
  if (values.has('namespace') && values.has('all-namespaces'))
    problems.push('-n and -A cannot be combined; give one of them')
  for (const name of ['namespace', 'selector', 'context'])
    if (values.get(name) === '') problems.push(`--${name}: is empty`)
  if (problems.length > 0) return { kind: 'problems', problems }
  return {
    kind: 'asked',
    asked: {
      targets,
      kubectlFlags: HANDED_ON.flatMap((name) => {
        const said = values.get(name)
        // A list has its values with blanks between them.
        const each = name === 'as-group' ? said?.split(' ') : said === undefined ? [] : [said]
        return (each ?? []).map((one) => `--${name}=${one}`)
      }),
      namespace: values.get('namespace'),
      selector: values.get('selector'),
      allNamespaces: values.has('all-namespaces'),
      output: output === 'json' ? 'json' : 'text',
      values: new Map([...values].filter(([name]) => takes.flags.has(name))),
      missing,
    },
  }
}

/** Flags of kubectl that people look for here. */
const ABSENT: Readonly<Record<string, string>> = {
  '--dry-run':
    'not supported; each change is tried with a dry run before the first is made; kubectl get -o yaml | lastcall inject shows what would change',
  '--token':
    'only add has this flag, for the token of lastcall; to choose the user of the cluster, use --user, --as or --kubeconfig',
}

function explained(problem: string): string {
  const why = ABSENT[problem.replace(/: unknown flag.*$/s, '')]
  return why === undefined ? problem : `${problem.replace(/: .*$/s, '')}: ${why}`
}

/** `deploy/web sts/db`, or `deploy web db`. */
function targetsOf(loose: readonly string[]): {
  readonly targets: readonly string[]
  readonly problem?: string
} {
  const [first, ...names] = loose
  if (first === undefined) return { targets: [] }
  const odd = loose.find((word) => word.includes('/') && !/^[^/]+\/[^/]+$/.test(word))
  if (odd !== undefined) return { targets: [], problem: `${odd}: must be TYPE/NAME, such as deploy/web` }
  const slashes = loose.filter((word) => word.includes('/')).length
  if (slashes === loose.length) return { targets: loose }
  if (slashes > 0)
    return { targets: [], problem: `${loose.join(' ')}: write each as TYPE/NAME, such as deploy/web` }
  if (names.length === 0)
    return { targets: [], problem: `${first}: must be TYPE/NAME, such as deploy/${first}` }
  return { targets: names.map((name) => `${first}/${name}`) }
}

/**
 * The command as a line for a shell. A token is left out: such lines go to standard error, and from there into logs of CI.
 */
export function shellLine(words: readonly string[]): string {
  return words
    .map((word, i) => {
      if (words[i - 1] === '--token') return TOKEN
      return word.startsWith('--token=') ? `--token=${TOKEN}` : quoted(word)
    })
    .join(' ')
}

const TOKEN = '"$TOKEN"'

function quoted(word: string): string {
  return /^[\w./:=@,%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
