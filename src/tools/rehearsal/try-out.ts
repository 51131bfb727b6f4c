/**
 * The app of a user, tried out once before it is rehearsed with: does it come up where it is told to, and does it
 * answer? What would otherwise be a rehearsal full of failures becomes one sentence. Knows no pods.
 */

import { openClient } from './client.ts'
import { Container } from './container.ts'
import { pause, within } from './pause.ts'
import type { Probe } from './pod-spec.ts'
import { probeOnce } from './probe.ts'
import { type AppSpec, appEnv } from './strategies.ts'

export type TriedOut =
  | { readonly kind: 'up'; readonly startMs: number; readonly status: number }
  /** `lines`: the last that the app said. */
  | { readonly kind: 'unusable'; readonly why: string; readonly lines: readonly string[] }

const HOST = '127.0.0.1'
const LOOK_MS = 50
const SHOWN_LINES = 20
const END_MS = 5000

/** Starts the app on a port, asks it for `path`, and ends it again. Never rejects. */
export async function tryOut(
  app: AppSpec,
  port: number,
  path: string,
  withinMs: number,
  others: readonly number[] = [],
): Promise<TriedOut> {
  const lines: string[] = []
  const env = appEnv(app, 'try-out', port, others)
  const run = new Container({ name: 'app', role: 'main', command: app.command(port, others), env }, lines)
  try {
    const beganAt = performance.now()
    const down = await waitUntilUp(app, run, port, withinMs)
    if (down !== undefined) return { kind: 'unusable', why: down, lines: lines.slice(-SHOWN_LINES) }
    const startMs = performance.now() - beganAt
    const client = openClient('fresh', `http://${HOST}:${port}`)
    const outcome = await client.send({ method: 'GET', path })
    const why = outcome.kind === 'failed' ? outcome.why : `status ${outcome.status}`
    if (outcome.kind === 'answered' && outcome.status < 500)
      return { kind: 'up', startMs, status: outcome.status }
    return {
      kind: 'unusable',
      why: `the app listens, but fails at GET ${path} (${why}); name a path that works with --path`,
      lines: lines.slice(-SHOWN_LINES),
    }
  } finally {
    run.kill()
    await within(END_MS, run.exited)
  }
}

/** Waits until the readiness probe succeeds; answers why it did not. */
async function waitUntilUp(
  app: AppSpec,
  run: Container,
  port: number,
  withinMs: number,
): Promise<string | undefined> {
  const deadline = performance.now() + withinMs
  const listening = tcp(HOST, port)
  const ready: Probe =
    app.healthPath === undefined
      ? listening
      : { ...listening, target: { kind: 'httpGet', url: `http://${HOST}:${port}${app.healthPath}` } }
  const [file] = app.command(port, [])
  while (!(await probeOnce(ready))) {
    await pause(LOOK_MS, run.over)
    if (!run.running) {
      const how = await run.exited
      if (how === 'ENOENT') return `${file}: no such program`
      if (how === 'EACCES') return `${file}: may not be run`
      return `the app ended by itself (${how}) before it listened on ${HOST}:${port}`
    }
    if (performance.now() < deadline) continue
    const after = `after ${withinMs / 1000} s`
    if (await probeOnce(listening)) return `the app listens, but ${app.healthPath} is not healthy ${after}`
    if (await probeOnce(tcp('::1', port)))
      return `the app listens on ::1 alone; have it listen on ${HOST} or on all addresses`
    return (
      `the app does not listen on ${HOST}:${port} ${after}; ` +
      'it gets its port in $PORT, or in the place of {port} in any of its arguments'
    )
  }
  return undefined
}

function tcp(host: string, port: number): Probe {
  return { target: { kind: 'tcpSocket', host, port }, periodMs: LOOK_MS, timeoutMs: 1000, failures: 1 }
}
