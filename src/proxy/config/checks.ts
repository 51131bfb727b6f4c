/**
 * What no option can see alone: options that contradict each other. The sums of the grace period are
 * lifecycle/budget.ts's; here are the addresses and what does not go together. Pure.
 */
import { printAddress, sameDoor } from './address.ts'
import type { Given } from './option.ts'

/** Names an option as the user gave it: `--app`, `LASTCALL_APP`, or `--app` by its default. */
export type SourceOf = (key: keyof Given) => string

/** Sentences about options that do not go together; only those that were read (`undefined` ones were bad already). */
export function contradictions(given: Partial<Given>, sourceOf: SourceOf): string[] {
  const { listen, admin, app, health } = given
  const problems: string[] = []
  if (listen !== undefined && admin !== undefined && sameDoor(listen, admin))
    problems.push(
      `${sourceOf('listen')} and ${sourceOf('admin')}: both are port ${listen.port}; choose two ports`,
    )
  const doors = [
    { key: 'listen', at: listen },
    { key: 'admin', at: admin },
  ] as const
  for (const { key, at } of doors) {
    if (at === undefined) continue
    if (app?.kind === 'tcp' && sameDoor(app, at))
      problems.push(
        `${sourceOf('app')} ${printAddress(app)}: this is ${sourceOf(key)}, which is lastcall itself; give the address of the app`,
      )
    if (health?.kind === 'http' && sameDoor(placeOf(health.url), at))
      problems.push(
        `${sourceOf('health')} ${health.url}: this is ${sourceOf(key)}, which is lastcall itself; give a URL of the app`,
      )
    if (health?.kind === 'tcp' && health.address?.kind === 'tcp' && sameDoor(health.address, at))
      problems.push(
        `${sourceOf('health')} tcp://${printAddress(health.address)}: this is ${sourceOf(key)}, which is lastcall itself; give a port of the app`,
      )
  }
  if (given.protocol === 'tcp' && given.lbHealthPath !== undefined)
    problems.push(
      `${sourceOf('lbHealthPath')}: ${sourceOf('protocol')} tcp does not read requests; remove one of the two`,
    )
  if (health?.kind === 'tcp' && given.healthHeaders !== undefined && given.healthHeaders.length > 0)
    problems.push(
      `${sourceOf('healthHeaders')}: ${sourceOf('health')} tcp sends no request; set --health to an http URL, or remove the header`,
    )
  return problems
}

/** Where an http URL leads. */
function placeOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) }
}
