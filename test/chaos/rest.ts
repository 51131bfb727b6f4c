/** Everybody has left: what lastcall says it holds, and what the kernel says, is what it was before anybody came. */
import { type Gauges, gauges } from '../fixtures/gauges.ts'
import type { Sidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'
import type { Ledger } from './ledger.ts'

const BALANCE_MS = 15_000
/** A health check may be under way: it has a socket for a moment. */
const SPARE = 1

function balanced(now: Gauges, before: Gauges): boolean {
  const { inFlight, inFlightMetric, clients, apps } = now
  const holds = now.fds <= before.fds + SPARE && now.sockets <= before.sockets + SPARE
  return holds && inFlight + inFlightMetric + clients + apps === 0
}

/** Everybody has left: what lastcall counts, and what the kernel counts for it, is what it was before anybody came. */
export async function balance(sidecar: Sidecar, before: Gauges, ledger: Ledger): Promise<void> {
  let now = before
  try {
    await until(
      'the gauges to balance',
      async () => balanced((now = await gauges(sidecar)), before),
      BALANCE_MS,
    )
    await sidecar.ready()
  } catch {
    ledger.breach(
      `not as before: ${JSON.stringify(now)}, before: ${JSON.stringify(before)}; ` +
        `in flight: ${JSON.stringify((await sidecar.status())['inFlight'])}`,
    )
  }
}
