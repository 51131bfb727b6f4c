/**
 * Addresses to listen on and to connect to, as text: `host:port`, `:port`, `[::1]:8080`, `unix:/path`, an http URL; and
 * whether two of them can be the same. Pure: resolves no name, opens nothing, never throws.
 */
import type { Address, ListenAddress } from './config.ts'
import { parseIp } from './ip.ts'
import { bad, ok, type Reading } from './units.ts'

/** The kernel's `sun_path` holds 108 bytes with the final NUL. */
const MAX_UNIX_PATH_BYTES = 107

/**
 * Reads what `parseListen` reads, and several addresses in brackets: `[10.0.0.7,fd00::7]:8080`. In Kubernetes,
 * `[$(POD_IPS)]:8080` with status.podIPs of the downward API gives a pod's own addresses, one or two, of either family.
 */
export function parseListens(text: string): Reading<ListenAddress> {
  const [, inside, digits] = /^\[([^\]]*,[^\]]*)\]:(\d{1,5})$/.exec(text) ?? []
  if (inside === undefined) return parseListen(text)
  const hosts = [...new Set(inside.split(','))]
  const wrong = hosts.find((host) => parseIp(host) === undefined)
  if (wrong !== undefined)
    return bad(
      `${wrong === '' ? 'an empty entry' : wrong} is not an address; write it like [10.0.0.7,fd00::7]:8080`,
    )
  const first = parseListen(`[${hosts[0]}]:${digits}`)
  if (first.kind === 'bad') return first
  if (first.value.port === 0) return bad('port 0 would choose a different port for each address; give a port')
  return ok({ ...first.value, ...(hosts.length > 1 ? { also: hosts.slice(1) } : {}) })
}

/** `host:port`, or `:port` (all addresses). Port 0 lets the kernel choose. */
export function parseListen(text: string): Reading<ListenAddress> {
  if (text.startsWith('unix:'))
    return bad('Unix sockets are not supported here; write it like :8080 or 127.0.0.1:8080')
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  if (digits === undefined || Number(digits) > 65_535) return bad(listenHint(text))
  const port = Number(digits)
  if (bracketed === undefined && plain === '') return ok({ host: undefined, port })
  const host = bracketed ?? plain
  const valid = bracketed === undefined ? isName(host) : parseIp(host) !== undefined
  return valid
    ? ok({ host, port })
    : bad(`${host || '[]'} is not a host; write it like 127.0.0.1:8080 or [::1]:8080`)
}

/** `host:port` or `unix:/path`: an address to connect to, so host and port are required. */
export function parseApp(text: string): Reading<Address> {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length))
  const address = parseListen(text)
  if (address.kind === 'bad')
    return bad(`not an address; write it like 127.0.0.1:3000, [::1]:3000 or unix:/run/app.sock`)
  const { host, port } = address.value
  if (host === undefined) return bad(`the host is missing; write it like 127.0.0.1:${port}`)
  return port === 0
    ? bad('port 0 cannot be connected to; write it like 127.0.0.1:3000')
    : ok({ kind: 'tcp', host, port })
}

function parseUnix(path: string): Reading<Address> {
  if (!path.startsWith('/'))
    return bad('a Unix socket needs an absolute path; write it like unix:/run/app.sock')
  if (path.includes('\0') || new TextEncoder().encode(path).length > MAX_UNIX_PATH_BYTES)
    return bad(`the socket path is too long; at most ${MAX_UNIX_PATH_BYTES} bytes`)
  return ok({ kind: 'unix', path })
}

/** An http URL, normalized. Without https (the app is on this machine), user or fragment. */
export function parseHttpUrl(text: string): Reading<string> {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') return bad('not a URL; write it like http://127.0.0.1:3001/ready')
  if (url.protocol !== 'http:')
    return bad(`${url.protocol}// is not supported; write it like http://127.0.0.1:3001/ready`)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return bad('a user, password or fragment is not allowed; write it like http://127.0.0.1:3001/ready')
  return url.port === '0'
    ? bad('port 0 cannot be connected to; write it like http://127.0.0.1:3001/ready')
    : ok(url.href)
}

/** Returns text that `parseListen` or `parseApp` reads. */
export function printAddress(address: Address | ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`
  const host = [address.host ?? '', ...('also' in address ? address.also : [])].join(',')
  return `${/[:,]/.test(host) ? `[${host}]` : host}:${address.port}`
}

/**
 * Whether listening on both would conflict, or connecting to one would reach the other: the same port, and hosts that
 * overlap.
 */
export function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port === 0 || a.port !== b.port) return false
  return placesOf(a).some((one) => placesOf(b).some((other) => meet(one, other)))
}

function placesOf({ host, also = [] }: ListenAddress): string[] {
  return [host, ...also].map(placeOf)
}

function meet(one: string, other: string): boolean {
  return one === other || (one === 'any' && isOwn(other)) || (other === 'any' && isOwn(one))
}

/** What a host means on this machine: every address, or a particular one. */
function placeOf(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0') return 'any'
  if (host.toLowerCase() === 'localhost') return 'loopback'
  const bytes = parseIp(host)
  if (bytes === undefined) return host.toLowerCase()
  const text = bytes.join('.')
  if (/^(0\.){15}0$/.test(text)) return 'any'
  return /^(0\.){15}1$/.test(text) || text.endsWith('.255.255.127.0.0.1') ? 'loopback' : text
}

/** Whether it certainly is an address of this machine; for others, only the kernel could tell. */
function isOwn(place: string): boolean {
  return place === 'any' || place === 'loopback' || place.includes('.255.255.127.')
}

function isName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return parseIp(host) !== undefined
  return host.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(host)
}

function listenHint(text: string): string {
  if (Number(/(?:^|:)(\d+)$/.exec(text)?.[1] ?? 0) > 65_535) return 'the port is above 65535'
  if (/^\d{1,5}$/.test(text)) return `a port alone needs a colon: :${text}`
  if (parseIp(text) !== undefined && text.includes(':'))
    return `an IPv6 address needs brackets and a port: [${text}]:8080`
  if (/^\[?[^:]*\]?$/.test(text)) return 'the port is missing; write it like 127.0.0.1:8080'
  return 'not an address; write it like :8080, 127.0.0.1:8080 or [::1]:8080'
}
