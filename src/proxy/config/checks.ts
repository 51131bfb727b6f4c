/**
 * Contradictions between options. The arithmetic of the grace period is in lifecycle/budget.ts; here are addresses and
 * options that cannot be combined. Pure.
 */
import { printAddress, overlap } from './address.ts'
import type { ListenAddress, Served } from './config.ts'
import type { Given } from './option.ts'
import { printPort } from './ports.ts'

/** Names an option as the user gave it: `--app`, `LASTCALL_APP`, or `--app` for a default. */
export type SourceOf = (key: keyof Given) => string

/** One port to be served, and the options that gave its two sides. */
interface Said {
  readonly served: Partial<Served>
  readonly listenBy: string
  readonly appBy: string
}

/**
 * Returns a sentence for each combination of options that cannot work. Options that could not be read are `undefined`
 * and are skipped: their errors have been reported.
 */
export function contradictions(given: Partial<Given>, sourceOf: SourceOf): string[] {
  const ports = saidPorts(given, sourceOf)
  const problems: string[] = []
  for (const [index, one] of ports.entries())
    for (const other of ports.slice(index + 1))
      if (one.served.listen !== undefined && other.served.listen !== undefined)
        if (overlap(one.served.listen, other.served.listen))
          problems.push(
            `${one.listenBy} and ${other.listenBy}: both listen on the same port; choose two ports`,
          )
  const listens = ports.map(({ served, listenBy }) => ({ at: served.listen, by: listenBy }))
  for (const { at, by } of listens)
    if (at !== undefined && given.admin !== undefined && overlap(at, given.admin))
      problems.push(`${by} and ${sourceOf('admin')}: both are port ${at.port}; choose two ports`)
  for (const { at, by } of [...listens, { at: given.admin, by: sourceOf('admin') }])
    if (at !== undefined) problems.push(...selfReferences(at, by, ports, given.health, sourceOf))
  return [...problems, ...unread(given, ports, sourceOf)]
}

function saidPorts(given: Partial<Given>, sourceOf: SourceOf): Said[] {
  const { listen, app, protocol, ports = [] } = given
  if (ports.length > 0)
    return ports.map((served) => {
      const by = `${sourceOf('ports')} ${printPort(served)}`
      return { served, listenBy: by, appBy: by }
    })
  const served = {
    ...(listen !== undefined && { listen }),
    ...(app !== undefined && { app }),
    ...(protocol !== undefined && { protocol }),
  }
  const appBy = `${sourceOf('app')} ${app === undefined ? '' : printAddress(app)}`
  return [{ served, listenBy: sourceOf('listen'), appBy }]
}

/** Addresses that lead to lastcall's own listener. */
function selfReferences(
  at: ListenAddress,
  by: string,
  ports: readonly Said[],
  health: Given['health'] | undefined,
  sourceOf: SourceOf,
): string[] {
  const problems: string[] = []
  for (const { served, appBy } of ports)
    if (served.app?.kind === 'tcp' && overlap(served.app, at))
      problems.push(`${appBy}: this is ${by}, which is lastcall itself; give the address of the app`)
  if (health?.kind === 'http' && overlap(placeOf(health.url), at))
    problems.push(
      `${sourceOf('health')} ${health.url}: this is ${by}, which is lastcall itself; give a URL of the app`,
    )
  if (health?.kind === 'tcp' && health.address?.kind === 'tcp' && overlap(health.address, at))
    problems.push(
      `${sourceOf('health')} tcp://${printAddress(health.address)}: this is ${by}, which is lastcall itself; give a port of the app`,
    )
  return problems
}

/** Options about requests, on ports where no requests are read. */
function unread(given: Partial<Given>, ports: readonly Said[], sourceOf: SourceOf): string[] {
  const problems: string[] = []
  const { health } = given
  const allTcp = ports.every(({ served }) => served.protocol === 'tcp')
  if (allTcp && given.lbHealthPath !== undefined)
    problems.push(
      `${sourceOf('lbHealthPath')}: ${ports.length > 1 ? 'protocol=' : `${sourceOf('protocol')} `}tcp does not read requests; remove one of the two`,
    )
  if (health?.kind === 'tcp' && given.healthHeaders !== undefined && given.healthHeaders.length > 0)
    problems.push(
      `${sourceOf('healthHeaders')}: ${sourceOf('health')} tcp sends no request; set --health to an http URL, or remove the header`,
    )
  return problems
}

/** The host and port of an http URL. */
function placeOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) }
}
