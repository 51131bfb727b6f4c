/** The line that tells the app who asked. Pure. */

/** The end of a head, where nothing is put in before it. */
export const EMPTY_LINE = Buffer.from('\r\n')

const NAME = 'X-Forwarded-For: '
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** The address in such a line. */
export function forwardedAddress(line: Buffer): string {
  return line.toString('latin1', NAME.length, line.length - '\r\n\r\n'.length)
}

/**
 * `X-Forwarded-For: ADDRESS` and the empty line that ends a head. A second line of that name is, by RFC 9110 §5.3, the
 * same as appending to the client's list. An IPv4-mapped IPv6 address is written as IPv4 (RFC 4291 §2.5.5.2).
 */
export function forwardedLine(address: string): Buffer {
  return Buffer.from(
    `${NAME}${MAPPED.exec(address)?.[1] ?? (address === '' ? 'unknown' : address)}\r\n\r\n`,
    'latin1',
  )
}
