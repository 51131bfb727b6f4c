/**
 * Sidecars that a user would otherwise put in front of the app, each with its best graceful stop: a sleep hook while the
 * endpoints propagate, then its own soft stop, and a longer sleep for the app, so that it outlives its proxy by the
 * slowest request. Nobody tells them when that is enough: the sleeps are sums of guesses.
 */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ContainerSpec, PodSpec } from '../../src/tools/rehearsal/pod-spec.ts'
import { appContainer, type PodContext, podOf, type Strategy } from '../../src/tools/rehearsal/strategies.ts'
import { type Command, findProgram } from '../child.ts'
import { haproxyCommand, nginxCommand } from '../peers/commands.ts'

const HOST = '127.0.0.1'
const NODE = process.execPath
const PROBE = { periodMs: 1000, timeoutMs: 1000, failures: 3 }
/** The longest that an endpoint lags, rounded up as one would; and the slowest request after that. */
const PROPAGATION_MS = 5000
const SLOWEST_MS = 7000

function programPath(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}`, import.meta.url))
}

/** nginx: SIGQUIT finishes what is in flight; new connections are refused. */
export function nginxSidecar(): Strategy | undefined {
  const program = findProgram('nginx')
  if (program === undefined) return undefined
  return sidecar('nginx', (context) => [
    ...stopSignal('SIGQUIT'),
    ...nginxCommand(program, placesOf(context)),
  ])
}

/** HAProxy: SIGUSR1 stops listening, says `Connection: close`, and ends when the last connection has. */
export function haproxySidecar(): Strategy | undefined {
  const program = findProgram('haproxy')
  if (program === undefined) return undefined
  return sidecar('haproxy', (context) => [
    ...stopSignal('SIGUSR1'),
    ...haproxyCommand(program, placesOf(context)),
  ])
}

/** http-proxy in a Node server that stops the way of terminus; the delay is its own, there is no hook. */
export function httpProxySidecar(): Strategy {
  return sidecar(
    'http-proxy',
    ({ ports }) => [
      NODE,
      programPath('http-proxy.ts'),
      String(ports.traffic),
      String(ports.app),
      String(PROPAGATION_MS),
    ],
    'own delay',
  )
}

function stopSignal(signal: NodeJS.Signals): Command {
  return [NODE, programPath('stop-signal.ts'), signal]
}

function placesOf({ ports, name }: PodContext) {
  const folder = mkdtempSync(join(tmpdir(), `lastcall-bench-${name}-`))
  const { traffic: listen, admin, app } = ports
  // These have no admin server: what the configurations keep for HTTP/2 may have its port.
  return { listen, admin, app, http2: admin, folder, files: 1024, connections: 400 }
}

function sidecar(
  name: string,
  command: (context: PodContext) => Command,
  delay: 'hook' | 'own delay' = 'hook',
): Strategy {
  return {
    name,
    pod(context): PodSpec {
      const { ports, app } = context
      const url = `http://${HOST}:${ports.traffic}${app.healthPath ?? '/'}`
      const proxy: ContainerSpec = {
        name,
        role: 'main',
        command: command(context),
        env: {},
        readiness: { target: { kind: 'httpGet', url }, ...PROBE },
        ...(delay === 'hook' ? { preStop: { kind: 'sleep', ms: PROPAGATION_MS } as const } : {}),
      }
      const behind: ContainerSpec = {
        ...appContainer(context, ports.app),
        preStop: { kind: 'sleep', ms: PROPAGATION_MS + SLOWEST_MS },
      }
      return podOf(context, [proxy, behind])
    },
  }
}
