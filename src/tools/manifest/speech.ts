/**
 * What inject does with an app that does not speak HTTP: it relays the bytes (--protocol tcp) if that works, and refuses
 * if it does not or if that is unknown. Pure.
 */
import type { App } from './app.ts'
import { spokenOn } from './protocols.ts'
import { settingsIn, type Settings } from './settings.ts'
import { servicesOf } from './services-of.ts'
import { type Place, type Workload } from './workload.ts'

export type Speech =
  /** Inject it with this `protocol`, and print the `remarks`. */
  | { readonly kind: 'goes'; readonly protocol: 'tcp' | undefined; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }

/** Protocols that need more than one connection to one port of one pod, or no connection at all. */
const UNFIT: Readonly<Record<string, string>> = {
  DNS: 'DNS uses UDP, which lastcall does not relay',
  FTP: 'FTP opens separate connections for data, which would bypass lastcall',
}

/** The decision about the protocol of an app. A protocol that the user has set is not questioned. */
export function speechOf(workload: Workload, places: readonly Place[], app: App, given: Settings): Speech {
  const goes: Speech = { kind: 'goes', protocol: undefined, remarks: [] }
  if (given.has('protocol') || settingsIn(workload.sidecar).has('protocol')) return goes
  const spoken = spokenOn(app.container, app.port, workload, servicesOf(places, workload), places)
  if (spoken.kind !== 'stream' || workload.sidecar !== undefined) return goes
  const { what, says, trust } = spoken
  const speaks = `speaks ${what} on port ${app.port} (according to ${says})`
  if (what === 'another protocol')
    return {
      kind: 'refused',
      why: `${speaks}, but lastcall expects HTTP: add --protocol tcp to relay its bytes unchanged, or --protocol auto if it is HTTP after all`,
    }
  const unfit = UNFIT[what]
  if (unfit !== undefined)
    return {
      kind: 'refused',
      why: `${speaks}: ${unfit}. Leave it out, or add --protocol auto if it is HTTP after all`,
    }
  if (trust !== undefined)
    return {
      kind: 'refused',
      why: `${speaks}, and with lastcall in front every connection comes from 127.0.0.1: ${trust}. If yours does not, add --protocol tcp`,
    }
  const counts = 'lastcall gets --protocol tcp, which relays bytes and counts connections'
  return {
    kind: 'goes',
    protocol: 'tcp',
    remarks: [`${speaks}: ${counts}. (If it is HTTP after all, add --protocol auto.)`],
  }
}
