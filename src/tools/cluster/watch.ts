/** `kubectl lastcall rollout` and `kubectl lastcall watch`: their command lines, and how each begins. */
import { parseDuration } from '../../proxy/config/units.ts'
import { at, branch, type Branch, type Tree } from '../manifest/tree.ts'
import { sidecarOf } from '../manifest/workload.ts'
import type { Asked } from './arguments.ts'
import type { Command, Session } from './command.ts'
import { generationOf, TIMES, type Times } from './follow.ts'
import { observe } from './observe.ts'
import { kindOf, titleOf } from './live.ts'
import { replacesOnDelete } from './rollout.ts'

const TIMEOUT_ROW = ['--timeout DURATION', 'the longest time to watch, such as 90s or 10m'] as const
const CODES =
  'nothing was cut; 1 requests were cut, or the rollout failed or was not complete in time; 2 invalid usage; 3 no request is known to be cut, but some pods left no verdict'

export const ROLLOUT: Command = {
  name: 'rollout',
  line: 'restart a workload and report what becomes of its requests',
  more:
    'Runs kubectl rollout restart and follows each pod: the phases of pods that stop, and the readiness of new ones. At the ' +
    'end it prints the verdict of each pod: requests saved (finished after the pod was told to stop; without lastcall they ' +
    'could have been lost), requests cut, and the time it took. Ctrl-C stops watching, but not the rollout.',
  usage: ['TYPE/NAME [options]', 'deploy/web --timeout 5m'],
  targets: 'one',
  several: false,
  flags: new Map([['timeout', 'value']]),
  rows: [[TIMEOUT_ROW[0], `${TIMEOUT_ROW[1]} [10m]`]],
  notes: [`Exit codes: 0 done, and ${CODES}; 130 interrupted.`],
  problems: timeoutProblems,
  endsUnread: true,
  run: (session) => rollout(session, TIMES),
}

export const WATCH: Command = {
  name: 'watch',
  line: 'watch a rollout that somebody else started, or wait for one',
  more:
    'Prints the same as rollout, without starting anything: pods that stop, new pods, and the verdicts after each rollout. ' +
    'Ends with Ctrl-C, after --timeout, or with --once at the end of a rollout.',
  usage: ['TYPE/NAME [options]', 'deploy/web --once --timeout 10m'],
  targets: 'one',
  several: false,
  flags: new Map([
    ['timeout', 'value'],
    ['once', 'switch'],
  ]),
  rows: [
    ['--once', 'end after the current rollout, or after the next one'],
    [TIMEOUT_ROW[0], `${TIMEOUT_ROW[1]} [no limit]`],
  ],
  notes: [`Exit codes: 0 ended as asked, and ${CODES}. With --once, Ctrl-C is 130.`],
  problems: timeoutProblems,
  endsUnread: true,
  run: (session) => watch(session, TIMES),
}

function timeoutProblems({ values }: Asked): string[] {
  const said = values.get('timeout')
  const reading = said === undefined ? undefined : parseDuration(said)
  if (reading?.kind === 'bad') return [`--timeout ${said}: ${reading.why}`]
  return reading?.value === 0 ? ['--timeout 0s: must be more than 0'] : []
}

const ROLLOUT_TIMEOUT_MS = 600_000

function timeoutOf({ values }: Asked, initial: number): number {
  const reading = parseDuration(values.get('timeout') ?? '')
  return reading.kind === 'ok' ? reading.value : initial
}

/** Restarts and watches. `times` are for tests. */
export async function rollout(session: Session, times: Times): Promise<number> {
  const { asked, kubectl, printer, stop } = session
  const target = asked.targets[0]!
  const object = await workloadOf(session, target)
  if (sidecarOf(branch(at(object, 'spec', 'template', 'spec'))) === undefined)
    throw new Error(
      `error: ${titleOf(object)} has no lastcall, and was not restarted: kubectl lastcall add ${target} adds it`,
    )
  if (replacesOnDelete(object))
    throw new Error(
      `error: ${titleOf(object)} has the update strategy OnDelete, and was not restarted: its pods are replaced when you delete them; kubectl lastcall watch ${target} follows that`,
    )
  return observe(session, {
    object,
    target,
    times,
    timeoutMs: timeoutOf(asked, ROLLOUT_TIMEOUT_MS),
    ends: 'with this rollout',
    async start() {
      const said = await kubectl.run(['rollout', 'restart', target], { shielded: true })
      printer.line(said.trim())
      return generationOf(branch(await kubectl.json<Tree>(['get', target], { signal: stop })))
    },
  })
}

/** Watches. `times` are for tests. */
export async function watch(session: Session, times: Times): Promise<number> {
  const { asked } = session
  const target = asked.targets[0]!
  return observe(session, {
    object: await workloadOf(session, target),
    target,
    times,
    timeoutMs: timeoutOf(asked, Infinity),
    ends: asked.values.has('once') ? 'with a rollout' : 'never',
    start: async () => 0,
  })
}

async function workloadOf({ kubectl, stop }: Session, target: string): Promise<Branch> {
  const object = branch(await kubectl.json<Tree>(['get', target], { signal: stop }))
  if (!KINDS.includes(kindOf(object)))
    throw new Error(
      `error: ${titleOf(object)}: only rollouts of ${KINDS.join(', ')} can be watched, not of a ${kindOf(object)}`,
    )
  return object
}

const KINDS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet']
