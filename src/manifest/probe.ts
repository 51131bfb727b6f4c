/**
 * The app's readinessProbe as lastcall's own health check. What lastcall cannot do (HTTPS, gRPC, commands) stays where
 * it is: a pod is ready when all of its containers are. Pure.
 */
import { at, number, text } from './tree.ts'
import type { App } from './app.ts'
import { ownPort } from './workload.ts'

export type ProbeReading =
  /** The probe goes, and lastcall gets these options. */
  | {
      readonly kind: 'moves'
      readonly settings: readonly (readonly [flag: string, value: string])[]
      readonly remarks: readonly string[]
    }
  /** It stays with the app, or there is none. */
  | { readonly kind: 'stays'; readonly remarks: readonly string[] }

/** What becomes of the readinessProbe of the app's container. */
export function probeHealth({ container, port }: App): ProbeReading {
  const probe = container.value['readinessProbe']
  if (probe === undefined) return { kind: 'stays', remarks: [] }
  const get = at(probe, 'httpGet')
  const timeout = number(at(probe, 'timeoutSeconds'))
  const patience = timeout !== undefined && timeout > 1 ? [['health-timeout', `${timeout}s`] as const] : []
  if (get !== undefined) {
    if ((at(get, 'scheme') ?? 'HTTP') !== 'HTTP')
      return stays('its readinessProbe asks over HTTPS, which lastcall does not: it stays with the app')
    const host = text(at(get, 'host')) ?? '127.0.0.1'
    const target = ownPort(container, at(get, 'port'))
    if (target === undefined)
      return stays('its readinessProbe has a port that is not there: it stays with the app')
    const path = text(at(get, 'path')) ?? '/'
    const url = `http://${host}:${target}${path.startsWith('/') ? path : `/${path}`}`
    const headers = at(get, 'httpHeaders')
    const remarks =
      headers === undefined
        ? []
        : [`the httpHeaders of its readinessProbe are not sent by lastcall's health check of ${url}`]
    return { kind: 'moves', settings: [['health', url], ...patience], remarks }
  }
  const tcp = ownPort(container, at(probe, 'tcpSocket', 'port'))
  if (tcp === port) return { kind: 'moves', settings: patience, remarks: [] }
  return stays('its readinessProbe is of a kind that lastcall cannot do itself: it stays with the app')
}

function stays(remark: string): ProbeReading {
  return { kind: 'stays', remarks: [remark] }
}
