/**
 * The kubelet's own requests: probes (a fresh connection each, 200 to 399 is success) and preStop hooks (no timeout of
 * their own, status ignored, only a transport error is a failure: FIELD.md section 3.2). Knows no pod.
 */

import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import type { Probe } from './pod-spec.ts'

const KUBELET = '1.36'

/** Probes once; never rejects. A probe that takes longer than its timeout has failed. */
export function probeOnce(probe: Probe): Promise<boolean> {
  const { target, timeoutMs } = probe
  return new Promise((resolve) => {
    if (target.kind === 'tcpSocket') {
      const socket = connect({ host: target.host, port: target.port, timeout: timeoutMs })
      const done = (ok: boolean) => {
        socket.destroy()
        resolve(ok)
      }
      socket.once('connect', () => done(true))
      socket.once('timeout', () => done(false))
      socket.on('error', () => done(false))
      return
    }
    const headers = { 'user-agent': `kube-probe/${KUBELET}`, connection: 'close' }
    const signal = AbortSignal.timeout(timeoutMs)
    const request = get(target.url, { agent: false, headers, signal }, (response) => {
      const status = response.statusCode ?? 0
      response.on('error', () => resolve(false))
      response.on('end', () => resolve(status >= 200 && status < 400))
      response.resume()
    })
    request.on('error', () => resolve(false))
  })
}

/** Calls the hooks of one kubelet. It keeps their connections open afterwards, as the real one does. */
export class HookCaller {
  readonly #agent = new Agent({ keepAlive: true })

  /** Answers the status once the hook has answered; rejects on a transport error, and only then. */
  call(url: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { 'user-agent': `kube-lifecycle/${KUBELET}`, connection: 'keep-alive' }
      const request = get(url, { agent: this.#agent, headers }, (response) => {
        // runHTTPHandler looks at the error only: the head is enough, the body is thrown away.
        response.on('error', () => {})
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      request.on('error', reject)
    })
  }

  /** Ends every connection, also of hooks that are still waiting. */
  close(): void {
    this.#agent.destroy()
  }
}
