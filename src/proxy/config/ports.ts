/**
 * Several ports as text: `8080=3000`, `:8443=127.0.0.1:3001,protocol=tcp`, separated by spaces. Pure: opens nothing,
 * never throws. Contradictions between them are found in checks.ts.
 */
import { parseApp, parseListens, printAddress } from './address.ts'
import type { Served } from './config.ts'
import { bad, ok, type Reading } from './units.ts'

/** Each port costs a listener, a health check and a watch; no known pod has more ports than this. */
const MOST_PORTS = 32
const EXAMPLE = 'write it like 8080=3000 or :8443=127.0.0.1:3001,protocol=tcp'

/** Returns all ports, or what is wrong with each that cannot be read. */
export function parsePorts(text: string): Reading<readonly Served[]> {
  const found: Served[] = []
  const why: string[] = []
  for (const part of text.split(/\s+/).filter((one) => one !== '')) {
    const reading = parsePort(part)
    if (reading.kind === 'ok') found.push(reading.value)
    else why.push(`${part}: ${reading.why}`)
  }
  if (why.length > 0) return bad(why.join('; '))
  if (found.length === 0) return bad(`no port; ${EXAMPLE}`)
  return found.length > MOST_PORTS ? bad(`${found.length} ports; at most ${MOST_PORTS}`) : ok(found)
}

/** `[HOST:]LISTEN=APP[,protocol=tcp]`. An app that is only a number is a port of 127.0.0.1. */
function parsePort(text: string): Reading<Served> {
  const [, before, after, , protocol = 'auto'] = /^([^=]*)=(.*?)(,protocol=([^,]*))?$/.exec(text) ?? []
  if (before === undefined || after === undefined) return bad(`the app is missing; ${EXAMPLE}`)
  const listen = parseListens(/^\d+$/.test(before) ? `:${before}` : before)
  if (listen.kind === 'bad') return bad(`${before || 'the left side'}: ${listen.why}`)
  const app = parseApp(/^\d+$/.test(after) ? `127.0.0.1:${after}` : after)
  if (app.kind === 'bad') return bad(`${after || 'the right side'}: ${app.why}`)
  if (protocol !== 'auto' && protocol !== 'tcp') return bad('protocol must be auto or tcp')
  return ok({ listen: listen.value, app: app.value, protocol })
}

/** Returns text that `parsePorts` reads. */
export function printPort({ listen, app, protocol }: Served): string {
  return `${printAddress(listen)}=${printAddress(app)}${protocol === 'auto' ? '' : `,protocol=${protocol}`}`
}

/** The name of each port for users and metrics: its number, or host and number if two ports have the same number. */
export function portNames(listens: readonly Served['listen'][]): readonly string[] {
  return listens.map((listen) => {
    const alike = listens.filter(({ port }) => port === listen.port)
    return alike.length === 1 ? String(listen.port) : printAddress(listen)
  })
}
