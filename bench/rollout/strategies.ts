/** The ways to stop a pod that are compared: what people do without a proxy, with other proxies, and lastcall. */

import { bare, lastcall, sleepHook, type Strategy } from '../../src/rehearsal/strategies.ts'
import { haproxySidecar, httpProxySidecar, nginxSidecar } from './rivals.ts'

/** All that this machine can run. */
export function strategies(): Strategy[] {
  const rivals = [nginxSidecar(), haproxySidecar(), httpProxySidecar()].filter((one) => one !== undefined)
  return [
    bare,
    sleepHook(5000),
    sleepHook(15_000),
    sleepHook(30_000),
    ...rivals,
    lastcall('plain'),
    lastcall('native'),
  ]
}
