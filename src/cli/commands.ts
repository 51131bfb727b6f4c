/**
 * `lastcall drain`, `resume`, `status`: what they ask of a running lastcall and what they print. Exit codes: 0 done,
 * 1 not done or not reached. Flags are read in target.ts, texts made in show.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../proxy/admin/status.ts'
import { call, type Called } from './call.ts'
import type { Command } from './help.ts'
import { progressLine, statusTable } from './show.ts'
import type { Target } from './target.ts'

const POLL_MS = 200
/** While nothing but numbers changes, a line so often. */
const REPORT_MS = 1000

/** Runs one command to its end; resolves to the exit code. */
export async function runCommand(command: Command, target: Target): Promise<number> {
  return RUN[command](target)
}

const RUN: Record<Command, (target: Target) => Promise<number>> = { drain, resume, status }

async function status(target: Target): Promise<number> {
  const called = await call(target, 'GET', '/status')
  const found = statusOf(called)
  if (found === undefined) return failed(called)
  console.log(target.json ? JSON.stringify(found) : statusTable(found))
  return 0
}

async function resume(target: Target): Promise<number> {
  const called = await call(target, 'POST', '/resume')
  if (called.kind !== 'answer') return failed(called)
  if (called.status === 409)
    return fail(
      'the pod is stopping (a signal has arrived, or the exit has begun): the drain cannot be undone',
    )
  if (called.status !== 200) return failed(called)
  console.log(target.json ? JSON.stringify(called.body) : `resumed: ${String(called.body['phase'])}`)
  return 0
}

async function drain(target: Target): Promise<number> {
  const begun = await call(target, 'POST', '/drain')
  if (begun.kind !== 'answer' || begun.status !== 202) return failed(begun)
  let phase = String(begun.body['phase'])
  let reportedAt = 0
  let line = ''
  for (;;) {
    const called = await call(target, 'GET', '/status')
    if (called.kind === 'unreachable')
      return fail(`lastcall exited while ${phase}: see its log for the verdict`)
    const found = statusOf(called)
    if (found === undefined) return failed(called)
    const now = performance.now()
    const next = target.json ? JSON.stringify(found) : progressLine(found)
    if (
      found.phase !== phase ||
      line === '' ||
      (!target.json && now - reportedAt >= REPORT_MS && next !== line)
    ) {
      console.log(next)
      reportedAt = now
      line = next
    }
    phase = found.phase
    if (phase === 'drained' || phase === 'exiting') return 0
    // It began with the answer to /drain, so whoever serves now was told to.
    if (phase === 'serving' || phase === 'starting')
      return fail('the drain was undone: lastcall serves again')
    await sleep(POLL_MS)
  }
}

function statusOf(called: Called): Status | undefined {
  if (called.kind !== 'answer' || called.status !== 200) return undefined
  return typeof called.body['phase'] === 'string' ? (called.body as unknown as Status) : undefined
}

function failed(called: Called): number {
  return fail(
    called.kind === 'answer' ? `it answered ${called.status}: ${JSON.stringify(called.body)}` : called.why,
  )
}

function fail(why: string): number {
  console.error(`lastcall: ${why}`)
  return 1
}
