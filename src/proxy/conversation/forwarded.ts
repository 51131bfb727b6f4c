/** The X-Forwarded-For line, which tells the app the address of its client. Pure. */

/** The end of a head into which nothing is inserted. */
export const EMPTY_LINE = Buffer.from('\r\n')

const NAME = 'X-Forwarded-For: '
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Returns the address in such a line. */
export function forwardedAddress(line: Buffer): string {
  return line.toString('latin1', NAME.length, line.length - '\r\n\r\n'.length)
}

/**
 * Returns `X-Forwarded-For: ADDRESS` and the empty line that ends a head. A second field of that name is equivalent to
 * appending to the client's list (RFC 9110 §5.3). An IPv4-mapped IPv6 address is written as IPv4 (RFC 4291 §2.5.5.2).
 */
export function forwardedLine(address: string): Buffer {
  return Buffer.from(
    `${NAME}${MAPPED.exec(address)?.[1] ?? (address === '' ? 'unknown' : address)}\r\n\r\n`,
    'latin1',
  )
}
