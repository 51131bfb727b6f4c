/**
 * What the error of a failed connection attempt says about the app. A host name may stand for several addresses: Node
 * tries all of them and reports one AggregateError. `localhost`, for example, is 127.0.0.1 and ::1 even in a container
 * without IPv6, where ::1 cannot be reached at all. Pure.
 */

/** Nothing listens: the kernel refused, or the socket file does not exist. */
const REFUSALS = new Set(['ECONNREFUSED', 'ENOENT'])
/** This machine cannot reach such an address, whether or not anything listens there. */
const UNREACHABLE = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENETUNREACH'])

/**
 * The code of the error. If there are several, that of a refusal if possible, because an app that refuses may be
 * restarting.
 */
export function dialErrorCode(error: Error): string {
  const said = telling(error)
  return codeOf(said) ?? said.message
}

/** The message of the error. If there are several, that of a refusal if possible. */
export function dialErrorText(error: Error): string {
  const said = telling(error)
  return said.message || said.name
}

/** Whether nothing listens at any of the addresses that can be reached, and at least one can be. */
export function nobodyListens(error: Error): boolean {
  const codes = partsOf(error).map((part) => codeOf(part) ?? '')
  return (
    codes.some((code) => REFUSALS.has(code)) &&
    codes.every((code) => REFUSALS.has(code) || UNREACHABLE.has(code))
  )
}

function telling(error: Error): Error {
  const parts = partsOf(error)
  return parts.find((part) => REFUSALS.has(codeOf(part) ?? '')) ?? parts[0] ?? error
}

/** The errors of an AggregateError, which may contain other AggregateErrors; any other error is its own only part. */
function partsOf(error: Error): Error[] {
  if (!(error instanceof AggregateError)) return [error]
  return error.errors.flatMap((one) => (one instanceof Error ? partsOf(one) : []))
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
