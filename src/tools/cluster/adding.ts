/** `kubectl lastcall add` and `kubectl lastcall remove`: their flags, and the work that carry-out.ts does for each. */
import { randomBytes } from 'node:crypto'
import { OPTIONS } from '../../proxy/config/options.ts'
import { didYouMean } from '../../proxy/config/suggest.ts'
import { parseDuration } from '../../proxy/config/units.ts'
import { givenOptions } from '../manifest/given.ts'
import type { Request } from '../manifest/request.ts'
import type { WordKind } from '../manifest/words.ts'
import { shellLine, type Asked } from './arguments.ts'
import { carryOut, type Work } from './carry-out.ts'
import type { Command } from './command.ts'
import { readWorkload, serverMinor, titleOf } from './live.ts'
import { isIn, planToAdd, planToRemove } from './planning.ts'

/** Native sidecars are enabled by default since Kubernetes 1.29. */
const NATIVE_MINOR = 29
const TIMEOUT = '10m'
/** 128 bits, which cannot be guessed. */
const TOKEN_BYTES = 16

const COMMON = new Map<string, WordKind>([
  ['force', 'switch'],
  ['timeout', 'value'],
])
const COMMON_ROWS = [
  [
    '--timeout DURATION',
    `time for each rollout; a step whose pods are not ready by then is reverted [${TIMEOUT}]`,
  ],
  ['--force', 'also change what Argo CD, Flux or another GitOps tool manages'],
] as const

export const ADD: Command = {
  name: 'add',
  line: 'put lastcall in front of a running app',
  more:
    'Changes the workload and its Services as lastcall inject would. At each moment, every Service targets a port that all ' +
    "pods serve: if lastcall can take over the app's port or its name, one step is enough; otherwise the pods change " +
    'first, and then the Services. Waits for each rollout, and reverts a step whose pods do not become ready. After ' +
    'Ctrl-C requests are still answered; run the command again to continue.',
  usage: ['deploy/web [options] [options of lastcall]', 'sts/db --container db --grace-period 60s -n shop'],
  targets: 'one',
  several: false,
  flags: new Map<string, WordKind>([
    ...COMMON,
    ...['mode', 'image', 'container', 'bind-env', 'bind-arg'].map((name) => [name, 'value'] as const),
    ['no-token', 'switch'],
    ...Object.values(OPTIONS).map(
      ({ flag, kind }) => [flag, kind.repeats === true ? 'again' : 'value'] as const,
    ),
  ]),
  rows: [
    ...COMMON_ROWS,
    ['--mode native|plain', 'a native sidecar, or a second container [native from Kubernetes 1.29 on]'],
    ['--image IMAGE', 'the image of lastcall [ghcr.io/lastcall/lastcall:VERSION]'],
    ['--container NAME', 'the container of the app, if it is ambiguous'],
    ['--bind-env NAME', 'the variable that sets the address on which the app listens'],
    ['--bind-arg FLAG', 'the argument that does the same'],
    ['--no-token', 'no random token for hooks, /drain and /resume'],
  ],
  notes: [
    'Options of lastcall (lastcall --help) become options of the sidecar. Annotations of the workload override the ' +
      'command line, as with lastcall inject.',
    'Exit codes: 0 the workload has lastcall; 1 not done, or reverted; 2 invalid usage; 130 interrupted.',
  ],
  problems: (asked) => [...commonProblems(asked), ...requestOf(asked, '', undefined).problems],
  run: async (session) => {
    const { asked, kubectl, version, stop } = session
    const there = isIn(await readWorkload(kubectl, asked.targets[0]!, stop))
    const native =
      there || asked.values.has('mode') ? undefined : (await serverMinor(kubectl, stop)) >= NATIVE_MINOR
    const mode = native === undefined ? undefined : native ? 'native' : 'plain'
    const { request } = requestOf(asked, version, mode)
    return carryOut(session, {
      doing: 'adding lastcall',
      done: (workload) =>
        `${titleOf(workload)} has lastcall in all of its pods, and its Services send to lastcall.`,
      nothing: (workload) => `${titleOf(workload)} already has lastcall: nothing was changed.`,
      result: 'added',
      plan: (objects) => planToAdd(objects, request),
      servicesAfterPods: true,
      timeoutMs: timeoutOf(asked),
      opposite: opposite('remove', asked),
    } satisfies Work)
  },
}

export const REMOVE: Command = {
  name: 'remove',
  line: 'take lastcall out again, and restore what add or inject changed',
  more:
    'Performs the steps of add in reverse: Services send to the app again before the pods lose lastcall. Waits for each ' +
    'rollout, and reverts a step whose pods do not become ready.',
  usage: ['deploy/web [options]'],
  targets: 'one',
  several: false,
  flags: COMMON,
  rows: COMMON_ROWS,
  notes: [
    'Exit codes: 0 the workload no longer has lastcall; 1 not done, or reverted; 2 invalid usage; 130 interrupted.',
  ],
  problems: commonProblems,
  run: async (session) =>
    carryOut(session, {
      doing: 'removing lastcall',
      done: (workload) => `${titleOf(workload)} no longer has lastcall; everything else is as it was before.`,
      nothing: (workload) => `${titleOf(workload)} does not have lastcall: nothing was changed.`,
      result: 'removed',
      plan: planToRemove,
      servicesAfterPods: false,
      timeoutMs: timeoutOf(session.asked),
      opposite: opposite('add', session.asked),
    } satisfies Work),
}

function opposite(command: string, { targets, kubectlFlags }: Asked): string {
  return shellLine(['kubectl', 'lastcall', command, ...targets, ...kubectlFlags])
}

function timeoutOf({ values }: Asked): number {
  const reading = parseDuration(values.get('timeout') ?? TIMEOUT)
  return reading.kind === 'ok' ? reading.value : 0
}

function commonProblems({ values }: Asked): string[] {
  const said = values.get('timeout')
  const reading = said === undefined ? undefined : parseDuration(said)
  if (reading?.kind === 'bad') return [`--timeout ${said}: ${reading.why}`]
  return reading?.value === 0 ? ['--timeout 0s: must be more than 0'] : []
}

function requestOf(
  { values, missing }: Asked,
  version: string,
  byServer: 'native' | 'plain' | undefined,
): { readonly request: Omit<Request, 'step'>; readonly problems: readonly string[] } {
  const { given, problems } = givenOptions(values, missing)
  const mode = values.get('mode')
  if (mode !== undefined && mode !== 'native' && mode !== 'plain')
    problems.push(`--mode ${mode}: must be native or plain${didYouMean(mode, ['native', 'plain'])}`)
  for (const name of ['image', 'container', 'bind-env', 'bind-arg'])
    if (values.get(name) === '') problems.push(`--${name}: is empty`)
  if (values.has('bind-env') && values.has('bind-arg'))
    problems.push('--bind-env and --bind-arg cannot be combined; give one of them')
  if (values.has('no-token') && values.has('token'))
    problems.push('--no-token and --token cannot be combined; give one of them')
  if (/^eyJ[\w-]+\.eyJ/.test(values.get('token') ?? ''))
    problems.push(
      '--token: this looks like a token for the Kubernetes API, which must not be put into a pod; --token sets the token of lastcall. To choose the user, use --user, --as or --kubeconfig',
    )
  const request = {
    mode: mode === 'native' || mode === 'plain' ? mode : byServer,
    image: values.get('image'),
    defaultImage: `ghcr.io/lastcall/lastcall:${version}`,
    container: values.get('container'),
    bindEnv: values.get('bind-env'),
    bindArg: values.get('bind-arg'),
    newToken: values.has('no-token') ? undefined : () => randomBytes(TOKEN_BYTES).toString('base64url'),
    given,
  }
  return { request, problems }
}
