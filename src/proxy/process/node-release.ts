/** Known problems of the Node release that runs lastcall. Pure. */

/** The first major release whose sockets always distinguish a reset from an end. */
const LEAST_MAJOR = 24

/** Returns a sentence for the log, or undefined if no problem is known. `version` is that of process.versions.node. */
export function releaseProblem(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= LEAST_MAJOR) return undefined
  return (
    `Node ${version} can report a connection that was reset right after data as a clean end, so that a request or ` +
    `response that was cut can look complete; run lastcall with Node ${LEAST_MAJOR} or later, as its image does`
  )
}
