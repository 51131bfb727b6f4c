/** Names that people give to ports. Pure. */

/** Whether a port is scraped, or asked for health, and nothing else: there is nothing to lose on it. */
export function onlyMeasures(name: string | undefined): boolean {
  return /metric|prometheus|pprof|healthz|^(prom|health|probes?|liveness|readiness)$/i.test(name ?? '')
}

/** Whether a port is for operators, by its name: metrics, health checks, profiles. No requests of clients come there. */
export function forOperators(name: string | undefined): boolean {
  return /metric|prom|admin|manage|mgmt|health|probe|debug|pprof|profil|monitor|status|telemetry|diag/i.test(
    name ?? '',
  )
}
