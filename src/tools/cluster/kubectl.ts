/**
 * kubectl as the commands see it: an interface, so that tests can answer in its place, and what its failures mean.
 * The program itself is run in own-kubectl.ts. Pure.
 */

export interface Call {
  /** For its standard input. */
  readonly input?: string
  /** Ends the call when aborted. */
  readonly signal?: AbortSignal
  /** Ctrl-C in the terminal does not reach it: a change is made or not made, never cut. */
  readonly shielded?: boolean
  /** Of its stdout, no more than so many characters are kept: the last ones. For what pods write. [all] */
  readonly last?: number
}

export interface Kubectl {
  /** Runs kubectl and returns its stdout. Rejects with a failure: see `reasonOf`. */
  run(args: readonly string[], call?: Call): Promise<string>
  /** The same with `-o json`, parsed. */
  json<T>(args: readonly string[], call?: Call): Promise<T>
  /**
   * GETs `/status` of a pod, by its path at the API server, and returns the body. Follows no redirect. Rejects with a
   * failure also for an answer that is longer than `last`.
   */
  ask(path: string, call?: Pick<Call, 'signal' | 'last'>): Promise<string>
  /** The JSON documents that it prints until it ends, such as those of `get pods --watch -o json`; ended by the signal. */
  follow(args: readonly string[], signal: AbortSignal): AsyncIterable<unknown>
}

/** What stood in the way, as far as a program must know. */
export type Reason =
  | 'no-kubectl'
  | 'no-connection'
  | 'not-found'
  | 'no-namespace'
  | 'forbidden'
  | 'conflict'
  | 'interrupted'
  /** Not kubectl's: what was begun has been undone. */
  | 'taken-back'
  | 'other'

interface Failure {
  readonly reason: Reason
}

/** An error that `reasonOf` knows. */
export function failure(reason: Reason, message: string): Error {
  return new Error(message, { cause: { reason } satisfies Failure })
}

/** Why a call of kubectl failed; undefined for errors that have nothing to do with it. */
export function reasonOf(error: unknown): Reason | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return typeof cause === 'object' && cause !== null && 'reason' in cause
    ? (cause as Failure).reason
    : undefined
}

const SIGNS: readonly (readonly [RegExp, Reason, string | undefined])[] = [
  [/namespaces "[^"]*" not found/, 'no-namespace', 'Name an existing namespace with -n.'],
  [/\(NotFound\)/, 'not-found', undefined],
  [
    /\(Forbidden\)/,
    'forbidden',
    'Ask the administrator of the cluster for this permission, or use --context or --as of a user who has it.',
  ],
  [/\(Conflict\)|the object has been modified/, 'conflict', undefined],
  [
    /Unable to connect to the server|connection to the server .* was refused|couldn't get current server API|i\/o timeout|no such host/,
    'no-connection',
    'Check the cluster and the context (kubectl config current-context); --context and --kubeconfig select others.',
  ],
]

/** The failure that kubectl's stderr tells of, in its own words, with what to do. */
export function failureOf(stderr: string): Error {
  // The API server's warnings come first, and say nothing about the failure.
  const said = stderr
    .split('\n')
    .filter((line) => !line.startsWith('Warning: ') && !/^[IWE]\d{4} /.test(line))
    .join('\n')
    .trim()
  const words = said === '' ? stderr.trim() || 'kubectl failed without a message' : said
  const [, reason, advice] = SIGNS.find(([sign]) => sign.test(words)) ?? [
    undefined,
    'other' as const,
    undefined,
  ]
  return failure(reason, advice === undefined ? words : `${words}\n${advice}`)
}
