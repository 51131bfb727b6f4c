/**
 * The kinds of option values: how each is shown in help, how it is read, and its limits. Pure; options.ts says which
 * option is of which kind.
 */
import { parseApp, parseHttpUrl, parseListen, parseListens } from './address.ts'
import type { Cidr, Field, HealthCheck, ListenAddress, Served } from './config.ts'
import { parseCidr } from './ip.ts'
import { parsePorts } from './ports.ts'
import { didYouMean } from './suggest.ts'
import { bad, ok, parseCount, parseDuration, parseSize, printSize, type Reading } from './units.ts'

export interface Kind<T> {
  /** Stands for the value in help. */
  readonly placeholder: string
  /** The flag may be given several times; its values are read as one text, separated by spaces. */
  readonly repeats?: true
  readonly read: (text: string) => Reading<T>
}

/** Where clients connect: one address, all of them, or several in brackets. */
export const listen: Kind<ListenAddress> = { placeholder: '[HOST]:PORT', read: parseListens }

export const admin: Kind<ListenAddress> = { placeholder: '[HOST]:PORT', read: parseListen }

export const app = { placeholder: 'HOST:PORT|unix:/PATH', read: parseApp }

export const ports: Kind<readonly Served[]> = {
  placeholder: '[HOST:]LISTEN=APP[,protocol=tcp]',
  repeats: true,
  read: parsePorts,
}

export const duration: Kind<number> = { placeholder: 'DURATION', read: parseDuration }

/** A duration for which 0s would mean a busy loop, or a request that is always too late. */
export const positiveDuration: Kind<number> = {
  placeholder: 'DURATION',
  read(text) {
    const reading = parseDuration(text)
    return reading.kind === 'ok' && reading.value === 0
      ? bad('must be longer than 0; write it like 1s')
      : reading
  },
}

/** A size in bytes, between `min` and `max` inclusive. */
export function size(min: number, max: number): Kind<number> {
  return {
    placeholder: 'SIZE',
    read(text) {
      const reading = parseSize(text)
      if (reading.kind === 'ok' && reading.value < min) return bad(`too small; at least ${printSize(min)}`)
      if (reading.kind === 'ok' && reading.value > max) return bad(`too large; at most ${printSize(max)}`)
      return reading
    },
  }
}

export function count(min: number): Kind<number> {
  return { placeholder: 'NUMBER', read: (text) => parseCount(text, min) }
}

export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  const list = words.join(', ').replace(/, (?=[^,]*$)/, ' or ')
  return {
    placeholder: words.join('|'),
    read(text) {
      const word = words.find((known) => known === text)
      return word === undefined ? bad(`must be ${list}${didYouMean(text, words)}`) : ok(word)
    },
  }
}

export const health: Kind<HealthCheck> = {
  placeholder: 'tcp|tcp://HOST:PORT|URL',
  read(text) {
    if (text === 'tcp') return ok({ kind: 'tcp' })
    if (text.startsWith('tcp://')) {
      const address = parseApp(text.slice('tcp://'.length))
      return address.kind === 'ok' ? ok({ kind: 'tcp', address: address.value }) : address
    }
    const url = parseHttpUrl(text)
    return url.kind === 'ok'
      ? ok({ kind: 'http', url: url.value })
      : bad(`must be tcp, tcp://HOST:PORT or an http URL: ${url.why}`)
  },
}

/** Fields that frame the request or belong to the HTTP client: a health check cannot set them. */
const OWN_FIELDS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/**
 * Header fields in one text: `Host: a.example; X-Probe: yes`. A semicolon separates two fields only if a name and a
 * colon follow, so that values may contain semicolons (RFC 9110 §5.5 and §5.6.2 define values and names).
 */
export const fields: Kind<readonly Field[]> = {
  placeholder: 'NAME:VALUE[;...]',
  read(text) {
    const found: Field[] = []
    for (const part of text.split(/;\s*(?=[!#$%&'*+.^_`|~\w-]+:)/)) {
      const [, name, value] = /^\s*([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -~]*?)[ \t;]*$/.exec(part) ?? []
      if (name === undefined || value === undefined)
        return bad('not a header field; write it like "Host: www.example.com"')
      if (OWN_FIELDS.has(name.toLowerCase()))
        return bad(`${name} belongs to the connection and cannot be set`)
      found.push([name, value])
    }
    return ok(found)
  },
}

/**
 * A path as it appears in a request line (RFC 9112 §3.2.1). It is compared byte by byte, so without query or fragment.
 */
export const path: Kind<string> = {
  placeholder: '/PATH',
  read(text) {
    if (!text.startsWith('/')) return bad('must begin with a slash, like /lb-health')
    return /^[!-~]+$/.test(text) && !/[?#]/.test(text)
      ? ok(text)
      : bad('only a path, like /lb-health: no query, no spaces')
  },
}

/**
 * Sent as a Bearer token in a header field. RFC 6750 §2.1 allows fewer characters; visible ASCII is what header fields
 * can carry.
 */
export const token: Kind<string> = {
  placeholder: 'TOKEN',
  read: (text) => (/^[!-~]+$/.test(text) ? ok(text) : bad('must be visible ASCII without spaces')),
}

export const cidrs: Kind<readonly Cidr[]> = {
  placeholder: 'CIDR,...',
  read(text) {
    const networks: Cidr[] = []
    const why: string[] = []
    for (const part of text.split(',')) {
      const reading = parseCidr(part.trim())
      if (reading.kind === 'ok') networks.push(reading.value)
      else why.push(reading.why)
    }
    return why.length === 0 ? ok(networks) : bad(why.join('; '))
  },
}
