/**
 * Connects the admin server to the rest of the program: what it shows comes from the pieces, what it orders goes to the
 * lifecycle.
 */

import { onceATurn } from './admin/once-a-turn.ts'
import { NONE_REFUSED } from './admin/refusals.ts'
import { type Admin, startAdmin } from './admin/server.ts'
import type { Config } from './config/config.ts'
import type { Listeners } from './listeners.ts'
import type { Runner } from './lifecycle/runner.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Clock } from './process/clock.ts'
import type { LimitKeeper } from './process/limit-keeper.ts'
import type { Log } from './process/log.ts'
import type { Relay } from './relay/relay.ts'
import type { View } from './view.ts'

export interface AdminPortParts {
  readonly config: Pick<Config, 'admin' | 'token' | 'hookAllow'>
  readonly clock: Clock
  readonly log: Log
  readonly limits: LimitKeeper
  readonly relay: Relay
  readonly listeners: Listeners
  readonly runner: Runner
  readonly view: View
}

/** Resolves when it listens; rejects with a sentence for the user if it cannot. */
export async function openAdmin(parts: AdminPortParts): Promise<Admin> {
  const { config, clock, log, limits, relay, listeners, runner, view } = parts
  // The first scrape loads the metrics, so that they do not delay the start.
  let metrics: Metrics | undefined
  const loadMetrics = async (): Promise<Metrics> => {
    const { createMetrics } = await import('./metrics/metrics.ts')
    return (metrics ??= createMetrics({
      ports: () => view.ports,
      phase: () => runner.phase,
      drain: () => view.drainFacts,
      settings: () => view.settings,
      adminRefused: () => admin?.refused ?? NONE_REFUSED,
      sockets: () => relay.counters.clients + relay.counters.apps + (admin?.connections ?? 0),
      listeners: () => (admin === undefined ? 0 : 1) + (listeners.isOpen ? relay.ports.length : 0),
    }))
  }
  const admin: Admin | undefined = await startAdmin({
    listen: config.admin,
    token: config.token,
    hookAllow: config.hookAllow,
    limits: { connections: limits.limit.admin, waitingHooks: Math.floor(limits.limit.admin / 2) },
    view: {
      ready: () => view.ready,
      started: () => view.started,
      status: onceATurn(() => view.status),
      live: () => view.live,
      metrics: onceATurn(async () => (await loadMetrics()).scrape()),
    },
    commands: {
      hook: (call, gone) => runner.hook(call, gone),
      drain() {
        runner.drain()
        return runner.phase
      },
      resume: () => ({ ok: runner.resume(), phase: runner.phase }),
      watched: (on) => relay.watched(on),
    },
    log,
    clock,
  })
  return admin
}
