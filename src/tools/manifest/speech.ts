/**
 * What inject does about an app that does not speak HTTP: relays its bytes (--protocol tcp) where that is right, and
 * refuses where it is not, or where nobody can know. Pure.
 */
import type { App } from './app.ts'
import { spokenOn } from './protocols.ts'
import { settingsIn, type Settings } from './settings.ts'
import { servicesOf, type Place, type Workload } from './workload.ts'

export type Speech =
  /** `protocol` is to be set, and `remarks` are to be told. */
  | { readonly kind: 'goes'; readonly protocol: 'tcp' | undefined; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }

/** Protocols that need more than one connection to one port of one pod, or no connection at all. */
const UNFIT: Readonly<Record<string, string>> = {
  DNS: 'DNS is asked by UDP, which lastcall does not relay',
  FTP: 'FTP opens connections of its own for data, which would go past lastcall',
}

/** What becomes of the protocol of an app; what the user says, or has said, is not questioned. */
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
      why: `${speaks}, and lastcall reads HTTP: give --protocol tcp if its bytes may be relayed as they are, or --protocol auto if it is HTTP after all`,
    }
  const unfit = UNFIT[what]
  if (unfit !== undefined)
    return {
      kind: 'refused',
      why: `${speaks}: ${unfit}. Leave it out, or give --protocol auto if it is HTTP after all`,
    }
  if (trust !== undefined)
    return {
      kind: 'refused',
      why: `${speaks}, and with lastcall in front every connection comes from 127.0.0.1: ${trust}. Where yours does not, give --protocol tcp`,
    }
  const counts = 'lastcall gets --protocol tcp, which relays bytes and counts connections'
  return {
    kind: 'goes',
    protocol: 'tcp',
    remarks: [`${speaks}: ${counts}. (If it is HTTP after all, give --protocol auto.)`],
  }
}
