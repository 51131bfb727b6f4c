/**
 * IP addresses and networks as text: IPv4 and IPv6 (RFC 4291 §2.2), turned into 16 bytes with IPv4 mapped (§2.5.5.2),
 * so that one comparison serves both. Pure, and therefore without node:net. Never throws.
 */
import type { Cidr } from './config.ts'
import { bad, ok, type Reading } from './units.ts'

const V4_MAPPED_BITS = 96

/**
 * Returns the 16 bytes of an address, IPv4 as ::ffff:a.b.c.d; undefined if the text is not an address. A zone (`%eth0`)
 * is ignored.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const v4 = parseV4(text)
  if (v4 !== undefined) return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...v4)
  const groups = parseV6(text.replace(/%[\w.-]+$/, ''))
  return groups === undefined
    ? undefined
    : Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

/** `10.0.0.0/8`, `fd00::/8`, or a plain address, which stands for itself alone. Bits after the prefix are ignored. */
export function parseCidr(text: string): Reading<Cidr> {
  const [address = '', length, ...more] = text.split('/')
  const bytes = address.includes('%') ? undefined : parseIp(address)
  if (bytes === undefined || more.length > 0)
    return bad(`${text} is not a network; write it like 10.0.0.0/8, 192.0.2.7 or fd00::/8`)
  const before = address.includes(':') ? 0 : V4_MAPPED_BITS
  if (length === undefined) return ok({ text, bytes, prefix: 128 })
  if (!/^\d{1,3}$/.test(length) || Number(length) > 128 - before)
    return bad(`${text} has no such prefix length; at most /${128 - before}`)
  return ok({ text, bytes, prefix: before + Number(length) })
}

/**
 * Whether the network contains `address`, in any form that a socket reports (IPv4, IPv6, IPv4-mapped); false if it is
 * not an address.
 */
export function cidrContains(cidr: Cidr, address: string): boolean {
  const bytes = parseIp(address)
  if (bytes === undefined) return false
  const whole = cidr.prefix >> 3
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== cidr.bytes[i]) return false
  const mask = (0xff00 >> (cidr.prefix & 7)) & 0xff
  return mask === 0 || (bytes[whole]! & mask) === (cidr.bytes[whole]! & mask)
}

/** Four decimal bytes. A leading zero is refused, because some parsers read 010 as eight. */
function parseV4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

/** Eight groups of 16 bits; `::` stands for the missing zeros, at least one group. */
function parseV6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return undefined
  const [head, tail] = [parseGroups(halves[0]!, halves.length === 1), parseGroups(halves[1] ?? '', true)]
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1) return missing === 0 ? head : undefined
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail]
}

/** Groups of hex digits. If the text may end the address, its last part may be IPv4 (RFC 4291 §2.2, point 3). */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const v4 = endsAddress && i === parts.length - 1 ? parseV4(part) : undefined
    if (v4 !== undefined) groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}
