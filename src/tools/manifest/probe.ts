/**
 * Turns the app's readinessProbe into lastcall's health check, with its timing. Probes that lastcall cannot perform
 * (HTTPS, gRPC, commands) stay with the app: a pod is ready when all of its containers are. Pure.
 */
import { OPTIONS } from '../../proxy/config/options.ts'
import { at, list, number, text, type Tree } from './tree.ts'
import type { App } from './app.ts'
import { ownPort } from './workload.ts'

type Setting = readonly [flag: string, value: string]

export type ProbeReading =
  /** The probe is removed, and lastcall gets these options. */
  | {
      readonly kind: 'moves'
      readonly settings: readonly Setting[]
      readonly remarks: readonly string[]
    }
  /** It stays with the app, or there is none. */
  | { readonly kind: 'stays'; readonly remarks: readonly string[] }

/** The decision about the readinessProbe of the app's container. */
export function probeHealth({ container, port }: App): ProbeReading {
  const probe = container.value['readinessProbe']
  if (probe === undefined) return { kind: 'stays', remarks: [] }
  const get = at(probe, 'httpGet')
  if (get !== undefined) {
    if ((at(get, 'scheme') ?? 'HTTP') !== 'HTTP')
      return stays('its readinessProbe uses HTTPS, which lastcall does not speak: it stays with the app')
    const target = ownPort(container, at(get, 'port'))
    if (target === undefined)
      return stays('its readinessProbe names a port that its container does not have: it stays with the app')
    const path = text(at(get, 'path')) ?? '/'
    const url = `http://${hostOf(get)}:${target}${path.startsWith('/') ? path : `/${path}`}`
    const header = headerOf(get)
    if (header === undefined)
      return stays('its readinessProbe sends a header field that lastcall cannot send: it stays with the app')
    return { kind: 'moves', settings: [['health', url], ...header, ...tuning(probe)], remarks: [] }
  }
  const tcp = at(probe, 'tcpSocket')
  const target = ownPort(container, at(tcp, 'port'))
  if (tcp === undefined || target === undefined)
    return stays('its readinessProbe is of a kind that lastcall does not support: it stays with the app')
  const elsewhere = target !== port || text(at(tcp, 'host')) !== undefined
  const where: Setting[] = elsewhere ? [['health', `tcp://${hostOf(tcp)}:${target}`]] : []
  return { kind: 'moves', settings: [...where, ...tuning(probe)], remarks: [] }
}

function hostOf(how: Tree): string {
  return text(at(how, 'host')) ?? '127.0.0.1'
}

/** The probe's httpHeaders as --health-header; undefined if that cannot hold them. */
function headerOf(get: Tree): Setting[] | undefined {
  const headers = list(at(get, 'httpHeaders'))
  if (headers.length === 0) return []
  const said = headers.map((one) => `${text(at(one, 'name')) ?? ''}: ${text(at(one, 'value')) ?? ''}`)
  const value = said.join('; ')
  const reading = OPTIONS.healthHeaders.kind.read(value)
  const same = reading.kind === 'ok' && reading.value.length === headers.length
  return same ? [['health-header', value]] : undefined
}

/**
 * The timing of the probe. If the probe sets its period or its number of failures, both are copied (a missing one has the
 * API's default), because their product is how long an app may be unhealthy before its pod leaves the endpoints.
 */
function tuning(probe: Tree): Setting[] {
  const said = (key: string) => number(at(probe, key))
  const [period, failures] = [said('periodSeconds'), said('failureThreshold')]
  const patient = period !== undefined || failures !== undefined
  const [timeout, successes] = [said('timeoutSeconds') ?? 1, said('successThreshold') ?? 1]
  return [
    ...(patient ? [['health-interval', `${Math.max(1, period ?? 10)}s`] as const] : []),
    ...(timeout > 1 ? [['health-timeout', `${timeout}s`] as const] : []),
    ...(patient ? [['health-failures', String(Math.max(1, failures ?? 3))] as const] : []),
    ...(successes > 1 ? [['health-successes', String(successes)] as const] : []),
  ]
}

function stays(remark: string): ProbeReading {
  return { kind: 'stays', remarks: [remark] }
}
