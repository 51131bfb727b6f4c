/** The ways to stop a pod that are compared: what people do without a proxy, with other proxies, and lastcall. */

import type * as sources from '../../src/tools/rehearsal/strategies.ts'
import { haproxySidecar, httpProxySidecar, nginxSidecar } from './rivals.ts'

/** As built: what starts there is dist/cli.js. */
const BUILT = new URL('../../dist/tools/rehearsal/strategies.js', import.meta.url)

/** All that this machine can run. Rejects if the program has not been built. */
export async function strategies(): Promise<sources.Strategy[]> {
  const { bare, lastcall, sleepHook } = (await import(BUILT.href)) as typeof sources
  const rivals = [nginxSidecar(), haproxySidecar(), httpProxySidecar()].filter((one) => one !== undefined)
  const sleeps = [5000, 15_000, 30_000].map(sleepHook)
  return [bare, ...sleeps, ...rivals, lastcall('plain'), lastcall('native')]
}
