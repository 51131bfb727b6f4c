/**
 * What the error of a failed connection attempt says about the app. A host name may stand for several addresses: Node
 * tries them all and reports one AggregateError. `localhost`, for instance, is 127.0.0.1 and ::1 also in a container
 * that has no IPv6, where the second one cannot be reached at all. Pure.
 */

/** Nobody listens: the kernel said so, or the socket file does not exist. */
const REFUSALS = new Set(['ECONNREFUSED', 'ENOENT'])
/** This machine cannot reach such an address, whether or not anybody listens there. */
const UNREACHABLE = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENETUNREACH'])

/** The code of the error; of several errors, a refusal's if there is one, since an app that refuses may be restarting. */
export function dialErrorCode(error: Error): string {
  const said = telling(error)
  return codeOf(said) ?? said.message
}

/** The message of the error; of several errors, that of a refusal if there is one. */
export function dialErrorText(error: Error): string {
  const said = telling(error)
  return said.message || said.name
}

/** Whether nobody listens at any of the addresses that can be reached, and there is at least one. */
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

/** The errors of an AggregateError, which may hold others of its kind; of any other error, itself. */
function partsOf(error: Error): Error[] {
  if (!(error instanceof AggregateError)) return [error]
  return error.errors.flatMap((one) => (one instanceof Error ? partsOf(one) : []))
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
