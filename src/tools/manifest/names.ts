/** What the names of ports mean. Pure. */

/** Whether a port is only for metrics or health checks, where no client loses a request. */
export function onlyMeasures(name: string | undefined): boolean {
  return /metric|prometheus|pprof|healthz|^(prom|health|probes?|liveness|readiness)$/i.test(name ?? '')
}

/** Whether a port is for operators, by its name: metrics, health checks, profiles. Clients send no requests there. */
export function forOperators(name: string | undefined): boolean {
  return /metric|prom|admin|manage|mgmt|health|probe|debug|pprof|profil|monitor|status|telemetry|diag/i.test(
    name ?? '',
  )
}
