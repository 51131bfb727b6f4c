/**
 * The verdict of a pod that was stopped, from the first available source: the termination message in the pod's object, the
 * same line in its log (kubelets do not always report a container that ended before its pod is gone), the exit code, or
 * the last `/status`. Pure.
 */
import type { Answered } from './answer.ts'
import { plain } from './plain.ts'
import type { SidecarState } from './pod.ts'

/** Unknown values are undefined; nothing is guessed. */
export interface PodVerdict {
  /** The source of the verdict. */
  readonly source: 'termination message' | 'log' | 'exit code' | 'last status' | 'nothing'
  /** Requests that finished after the pod was told to stop. */
  readonly saved: number | undefined
  /**
   * Requests that lastcall cut at the deadline, and requests that failed because the app ended; the latter are known only
   * from the verdict line.
   */
  readonly cut: number | undefined
  /** From the first trigger to the end of lastcall. */
  readonly drainMs: number | undefined
  /** The line itself, or a sentence that says what is unknown. */
  readonly text: string
}

/** The sources of a pod's verdict. */
export interface Remains {
  /** The last known state of the sidecar's container. */
  readonly state: SidecarState | undefined
  /** The verdict line from its log. */
  readonly logged: string | undefined
  readonly answer: Answered | undefined
}

/** Derives the verdict of a pod. */
export function verdictOf({ state, logged, answer: last }: Remains): PodVerdict {
  const nothing = { saved: undefined, cut: undefined, drainMs: undefined }
  const message = state?.kind === 'ended' ? state.message : ''
  for (const [source, line] of [
    ['termination message', message],
    ['log', logged ?? ''],
  ] as const) {
    const read = readLine(line)
    if (read !== undefined) return { source, ...read, text: line }
  }
  if (state?.kind === 'ended') {
    if (state.message !== '' || state.exitCode > 1)
      return {
        source: 'nothing',
        ...nothing,
        text: `unknown: lastcall exited with code ${state.exitCode}${because(state.message || state.why)}`,
      }
    // Exit codes of lastcall: 0 nothing was cut, 1 something was.
    const cut = state.exitCode === 0 ? 0 : undefined
    return {
      source: 'exit code',
      ...nothing,
      cut,
      text:
        cut === 0 ? 'nothing was cut (exit code 0)' : 'exit code 1: requests were cut, or lastcall failed',
    }
  }
  if (last?.kind !== 'status' || last.drainMs === undefined)
    return { source: 'nothing', ...nothing, text: 'unknown: the pod left no verdict' }
  const { phase, inFlight, saved, drainMs } = last
  // Once drained with proof, no more requests can arrive, so there was nothing left to cut.
  const over = inFlight === 0 && last.proof && (phase === 'drained' || phase === 'exiting')
  return {
    source: 'last status',
    saved: over ? saved : undefined,
    cut: over ? 0 : undefined,
    drainMs: undefined,
    text: `${over ? 'nothing was cut' : 'unknown'}: the pod left no verdict; last seen ${phase} with ${inFlight} in flight after ${(drainMs / 1000).toFixed(1)} s`,
  }
}

function because(why: string): string {
  return why === '' ? '' : ` (${why.split('\n', 1)[0]!.slice(0, 200)})`
}

/** The figures of the verdict line, which proxy/lifecycle/verdict.ts writes. */
function readLine(line: string): Pick<PodVerdict, 'saved' | 'cut' | 'drainMs'> | undefined {
  const cut = /\b(\d+) cut\b/.exec(line)?.[1]
  const finished = /\b(\d+) finished\b/.exec(line)?.[1]
  const seconds = /^(?:drained in|ended by .* after) (\d+(?:\.\d+)?) s/.exec(line)?.[1]
  if (cut === undefined || finished === undefined || seconds === undefined) return undefined
  // Versions before 0.2.0 do not say what was saved: it is the number that finished after the stop began, except for
  // requests that a client gave up.
  const [, inFlight, arrived] = /\bsaved (\d+) in flight and (\d+) that arrived later/.exec(line) ?? []
  const saved = inFlight === undefined ? Number(finished) : Number(inFlight) + Number(arrived)
  const failed = /; (\d+) failed\b/.exec(line)?.[1] ?? 0
  return { saved, cut: Number(cut) + Number(failed), drainMs: Math.round(Number(seconds) * 1000) }
}

/** The last verdict of a process that ended in a log of lastcall, which is lines of JSON; undefined if there is none. */
export function verdictIn(log: string): string | undefined {
  const line = log.split('\n').findLast((one) => one.includes('"outcome":"exited"'))
  try {
    const { msg } = JSON.parse(line ?? '{}') as { msg?: unknown }
    return typeof msg === 'string' ? plain(msg) : undefined
  } catch {
    return undefined
  }
}
